//! Query strings, read strictly: a parameter that is given twice, unknown or not text is an error that names it,
//! never a silent choice.

use crate::Problem;
use http::StatusCode;
use percent_encoding::percent_decode_str;
use std::{collections::BTreeMap, str::FromStr};

/// The parameters of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    parameters: BTreeMap<String, String>,
}

/// What is wrong with a query string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It is not clear which of the two values was meant.
    #[error("parameter `{name}` is given more than once; give it once")]
    Duplicate {
        /// The parameter.
        name: String,
    },
    /// A misspelt filter would otherwise show more than was asked for.
    #[error("parameter `{name}` is not known here; known are: {known}")]
    Unknown {
        /// The parameter.
        name: String,
        /// The known ones, separated by commas.
        known: String,
    },
    /// The percent-encoded bytes are not UTF-8.
    #[error("parameter `{name}` is not valid UTF-8 after decoding")]
    NotText {
        /// The parameter as it was written.
        name: String,
    },
    /// The value is of the wrong kind.
    #[error("parameter `{name}` has the value `{value}`, but must be {expected}")]
    Invalid {
        /// The parameter.
        name: String,
        /// Its value.
        value: String,
        /// What it has to be.
        expected: String,
    },
}

impl QueryError {
    /// The answer to send: 400 with the parameter as its field.
    pub fn into_response(self) -> http::Response<Vec<u8>> {
        let text = self.to_string();
        let (name, value) = match self {
            Self::Duplicate { name } | Self::Unknown { name, known: _ } | Self::NotText { name } => {
                (name, String::new())
            }
            Self::Invalid { name, value, expected: _ } => (name, value),
        };
        Problem::new(StatusCode::BAD_REQUEST, "query-invalid", "The query is not valid")
            .detail(text.clone())
            .next_step("Correct the parameter and try again.")
            .field(name, value, text)
            .into_response()
    }
}

impl Query {
    /// Reads the part of a URL behind the question mark. `known` are all parameters of the route.
    pub fn parse(raw: &str, known: &[&str]) -> Result<Self, QueryError> {
        let mut parameters = BTreeMap::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let not_text = || QueryError::NotText { name: name.to_owned() };
            let (name, value) = (decode(name).ok_or_else(not_text)?, decode(value).ok_or_else(not_text)?);
            if !known.contains(&name.as_str()) {
                return Err(QueryError::Unknown { name, known: known.join(", ") });
            }
            if parameters.insert(name.clone(), value).is_some() {
                return Err(QueryError::Duplicate { name });
            }
        }
        Ok(Self { parameters })
    }

    /// The value of a parameter. A form sends fields that were left blank, so an empty value counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of a parameter, parsed. `expected` completes the sentence "must be …" of the error.
    pub fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, QueryError> {
        let parse = |value: &str| {
            value.parse().map_err(|_| QueryError::Invalid {
                name: name.to_owned(),
                value: value.to_owned(),
                expected: expected.to_owned(),
            })
        };
        self.get(name).map(parse).transpose()
    }
}

fn decode(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [&str; 3] = ["days", "group", "text"];

    #[test]
    fn parameters_are_decoded() {
        let query = Query::parse("text=J%C3%BCrgen+%26+Co&group=a%2Bb&&days=90", &KNOWN).unwrap();
        assert_eq!(query.get("text"), Some("Jürgen & Co"));
        assert_eq!(query.get("group"), Some("a+b"));
        assert_eq!(query.parsed::<u32>("days", "a number"), Ok(Some(90)));
    }

    #[test]
    fn absent_and_blank_parameters_are_the_same() {
        for raw in ["", "days=", "days", "&"] {
            assert_eq!(Query::parse(raw, &KNOWN).unwrap().get("days"), None, "{raw:?}");
        }
    }

    #[test]
    fn a_repeated_parameter_is_named_even_when_it_is_written_differently() {
        let error = Query::parse("days=1&d%61ys=2", &KNOWN).unwrap_err();
        assert_eq!(error, QueryError::Duplicate { name: "days".into() });
    }

    #[test]
    fn an_unknown_parameter_is_named_with_the_known_ones() {
        let error = Query::parse("dasy=1", &KNOWN).unwrap_err().to_string();
        assert_eq!(error, "parameter `dasy` is not known here; known are: days, group, text");
    }

    #[test]
    fn bytes_that_are_not_text_and_values_of_the_wrong_kind_are_errors() {
        assert_eq!(Query::parse("text=%ff", &KNOWN), Err(QueryError::NotText { name: "text".into() }));
        let query = Query::parse("days=-1", &KNOWN).unwrap();
        let error = query.parsed::<u32>("days", "a whole number of days").unwrap_err();
        assert_eq!(error.to_string(), "parameter `days` has the value `-1`, but must be a whole number of days");
        let response = error.into_response();
        assert_eq!(response.status(), 400);
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["problems"][0]["field"], "days");
        assert_eq!(body["problems"][0]["value"], "-1");
    }

    proptest! {
        #[test]
        fn any_text_survives_encoding_and_decoding(text in "\\PC{1,40}") {
            let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
            let query = Query::parse(&format!("text={encoded}"), &KNOWN).unwrap();
            prop_assert_eq!(query.get("text"), Some(text.as_str()));
        }

        #[test]
        fn no_query_string_makes_the_parser_panic(raw: String) {
            let _ = Query::parse(&raw, &KNOWN);
        }
    }
}
