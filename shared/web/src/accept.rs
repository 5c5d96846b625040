//! Content negotiation between the three forms that a report has.

use http::{HeaderMap, header};

/// A form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Html,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

impl Format {
    fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Html => ("text", "html"),
            Self::Json => ("application", "json"),
            Self::Csv => ("text", "csv"),
        }
    }
}

/// The offered form that the client likes best, or nothing when it accepts none of them (answer 406, or send the
/// first one anyway). Without an `Accept` header, and among equals, the first offered form wins.
pub fn negotiate(headers: &HeaderMap, offered: &[Format]) -> Option<Format> {
    let ranges: Vec<Range> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse)
        .collect();
    if ranges.is_empty() {
        return offered.first().copied();
    }
    let quality = |format: Format| {
        // The most specific range decides, even when it is less generous than a wider one.
        ranges.iter().filter_map(|range| range.rank(format)).max().map_or(0, |(_specific, quality)| quality)
    };
    offered
        .iter()
        .map(|format| (quality(*format), *format))
        .filter(|(quality, _)| *quality > 0)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, format)| format)
}

/// One element of an `Accept` header.
struct Range {
    kind: String,
    subtype: String,
    /// In thousandths.
    quality: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality = match weight {
            None => 1000,
            Some(weight) => thousandths(weight)?,
        };
        Some(Self { kind: kind.to_ascii_lowercase(), subtype: subtype.to_ascii_lowercase(), quality })
    }

    /// How specific the match is, and its quality.
    fn rank(&self, format: Format) -> Option<(u8, u16)> {
        let (kind, subtype) = format.media_type();
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", "*") => Some((0, self.quality)),
            (own, "*") if own == kind => Some((1, self.quality)),
            (own, other) if own == kind && other == subtype => Some((2, self.quality)),
            (_, _) => None,
        }
    }
}

/// A weight such as `0.8`, in thousandths.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = format!("{whole}{fraction:0<3}").parse().ok()?;
    (value <= 1000).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Format::{Csv, Html, Json};

    fn choose(accept: &[&str]) -> Option<Format> {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, value.parse().unwrap());
        }
        negotiate(&headers, &[Html, Json, Csv])
    }

    #[test]
    fn a_browser_gets_the_page_and_a_program_what_it_asks_for() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
        assert_eq!(choose(&[browser]), Some(Html));
        assert_eq!(choose(&["application/json"]), Some(Json));
        assert_eq!(choose(&["TEXT/CSV; charset=utf-8"]), Some(Csv));
        assert_eq!(choose(&["application/*"]), Some(Json));
    }

    #[test]
    fn without_wishes_the_first_offer_is_taken() {
        assert_eq!(choose(&[]), Some(Html));
        assert_eq!(choose(&["*/*"]), Some(Html));
        assert_eq!(choose(&["nonsense"]), Some(Html));
    }

    #[test]
    fn weights_decide_and_the_more_specific_range_decides_over_the_wider_one() {
        assert_eq!(choose(&["text/html;q=0.5, application/json;q=0.75"]), Some(Json));
        assert_eq!(choose(&["*/*, text/html;q=0"]), Some(Json));
        assert_eq!(choose(&["text/*;q=0.3, text/csv;q=0.9, application/json;q=0.5"]), Some(Csv));
    }

    #[test]
    fn several_headers_count_as_one_list() {
        assert_eq!(choose(&["application/xml", "text/csv"]), Some(Csv));
    }

    #[test]
    fn a_client_that_accepts_none_of_them_gets_nothing() {
        assert_eq!(choose(&["image/png"]), None);
        assert_eq!(choose(&["*/*;q=0"]), None);
    }

    #[test]
    fn broken_weights_are_ignored_with_their_element() {
        for broken in ["text/csv;q=2", "text/csv;q=0.1234", "text/csv;q=-1", "text/csv;q=x", "text/csv;q="] {
            assert_eq!(choose(&[broken, "application/json;q=0.1"]), Some(Json), "{broken}");
        }
    }
}
