//! Who may call a route: a token as `Bearer`, or as the password of `Basic` so that a browser can open the pages.
//!
//! Tokens are never accepted in the URL, where they would end up in logs and browser histories.

use crate::{Problem, Secret};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

/// Why a request is not let in. All of them answer 401; the difference helps the honest caller only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No `Authorization` header.
    #[error("the request carries no token")]
    Missing,
    /// Proxies and servers disagree on which of two headers counts, so neither does.
    #[error("the request carries more than one Authorization header")]
    Duplicate,
    /// Neither `Bearer <token>` nor `Basic <base64>`.
    #[error("the Authorization header is neither `Bearer <token>` nor `Basic <base64 of any:token>`")]
    Malformed,
    /// A well-formed token that is not one of ours.
    #[error("the token is not valid for this route")]
    Refused,
}

impl AuthError {
    /// The answer to send: 401 with the challenge that makes a browser ask for the token.
    pub fn into_response(self) -> Response<Vec<u8>> {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is required")
            .detail(self.to_string())
            .next_step(
                "Send `Authorization: Bearer <token>`; in a browser leave the user name as it is and enter the token \
                 as the password.",
            )
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="Seatkeeper", charset="UTF-8""#))
            .into_response()
    }
}

/// Lets a request in when it carries one of the accepted tokens. With no accepted token nobody gets in.
pub fn authorize<'a>(headers: &HeaderMap, accepted: impl IntoIterator<Item = &'a Secret>) -> Result<(), AuthError> {
    let token = presented(headers)?;
    // Every token is compared, so that the time does not tell which one came close.
    let matched = accepted.into_iter().fold(false, |matched, secret| secret.matches(&token) | matched);
    if matched { Ok(()) } else { Err(AuthError::Refused) }
}

/// The token that a request carries.
pub fn presented(headers: &HeaderMap) -> Result<String, AuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::Missing)?;
    if values.next().is_some() {
        return Err(AuthError::Duplicate);
    }
    let value = value.to_str().map_err(|_| AuthError::Malformed)?;
    let (scheme, credentials) = value.trim().split_once(' ').ok_or(AuthError::Malformed)?;
    let credentials = credentials.trim_start();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(credentials.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(AuthError::Malformed);
    }
    let decoded = BASE64_STANDARD.decode(credentials).map_err(|_| AuthError::Malformed)?;
    let decoded = String::from_utf8(decoded).map_err(|_| AuthError::Malformed)?;
    // A user name cannot contain a colon, the token may.
    let (_user, token) = decoded.split_once(':').ok_or(AuthError::Malformed)?;
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "report:token-with-colon";

    fn accepted() -> Vec<Secret> {
        ["an-entirely-different-token", TOKEN]
            .into_iter()
            .flat_map(|token| Secret::new("report_token", token))
            .collect()
    }

    fn check(values: &[&str]) -> Result<(), AuthError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        authorize(&headers, &accepted())
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(text))
    }

    #[test]
    fn a_bearer_token_is_let_in_whatever_the_case_of_the_scheme() {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(check(&[&format!("{scheme} {TOKEN}")]), Ok(()));
        }
    }

    #[test]
    fn a_browser_is_let_in_with_the_token_as_password_and_any_user_name() {
        for user in ["", "admin", "Jürgen"] {
            assert_eq!(check(&[&basic(&format!("{user}:{TOKEN}"))]), Ok(()), "user {user:?}");
        }
    }

    #[test]
    fn wrong_tokens_are_refused() {
        for wrong in ["Bearer nope", "Bearer report:token-with-colo", &basic(&format!("{TOKEN}:")), &basic("x:nope")] {
            assert_eq!(check(&[wrong]), Err(AuthError::Refused), "{wrong}");
        }
    }

    #[test]
    fn missing_malformed_and_duplicated_headers_are_told_apart() {
        assert_eq!(check(&[]), Err(AuthError::Missing));
        for malformed in ["", "Bearer", TOKEN, "Digest abc", "Basic %%%", "Basic /w==", &basic("no colon here")] {
            assert_eq!(check(&[malformed]), Err(AuthError::Malformed), "{malformed:?}");
        }
        let right = format!("Bearer {TOKEN}");
        assert_eq!(check(&[&right, &right]), Err(AuthError::Duplicate));
    }

    #[test]
    fn without_accepted_tokens_nobody_gets_in_not_even_with_an_empty_token() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, basic("admin:").parse().unwrap());
        assert_eq!(authorize(&headers, &[]), Err(AuthError::Refused));
        assert_eq!(authorize(&headers, &accepted()), Err(AuthError::Refused));
    }

    #[test]
    fn the_answer_challenges_the_browser_and_is_not_cached() {
        let response = AuthError::Refused.into_response();
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], r#"Basic realm="Seatkeeper", charset="UTF-8""#);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}
