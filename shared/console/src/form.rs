//! Forms that a browser sends: `application/x-www-form-urlencoded`, read as strictly as a query string.

use http::{HeaderMap, StatusCode, header};
use seatkeeper_web::{Problem, Query};

/// The field that holds the session's form token.
pub const TOKEN: &str = "form-token";

/// Whether a request is a form rather than a program's.
pub fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Reads a form with these fields, besides the token.
pub fn parse(body: &[u8], fields: &[&str]) -> Result<Query, Box<Problem>> {
    let malformed = |detail: String| {
        Problem::new(StatusCode::BAD_REQUEST, "form-malformed", "The form cannot be read")
            .detail(detail)
            .next_step("Open the page again and repeat the change there; nothing was changed.")
    };
    let text = std::str::from_utf8(body).map_err(|_| malformed("it is not UTF-8".into()))?;
    let known: Vec<&str> = std::iter::once(TOKEN).chain(fields.iter().copied()).collect();
    Query::parse(text, &known).map_err(|error| malformed(error.to_string()).into())
}

/// The path that a form names to come back to: one of our pages, or the first one. Anything else would send people
/// elsewhere in our name.
pub fn back_to(path: Option<&str>) -> &str {
    let ours = |path: &&str| {
        let page = path.split(['?', '#']).next().unwrap_or_default();
        (page == "/report" || page.starts_with("/report/"))
            && !path.contains("//")
            && !path.contains("..")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    path.filter(ours).unwrap_or("/report")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_media_type_of_forms_is_a_form() {
        let kind = |text: &str| is_form(&HeaderMap::from_iter([(header::CONTENT_TYPE, text.parse().unwrap())]));
        assert!(kind("application/x-www-form-urlencoded") && kind("Application/X-WWW-Form-Urlencoded; charset=utf-8"));
        assert!(!kind("application/json") && !kind("text/plain") && !is_form(&HeaderMap::new()));
    }

    #[test]
    fn fields_are_decoded_and_unknown_or_repeated_ones_refused() {
        let form = parse(b"form-token=a&why=J%C3%BCrgen+%26+Co", &["why"]).unwrap();
        assert_eq!((form.get(TOKEN), form.get("why")), (Some("a"), Some("Jürgen & Co")));
        for wrong in [b"why=1&why=2".as_slice(), b"other=1", b"why=%ff", b"\xff"] {
            assert_eq!(parse(wrong, &["why"]).unwrap_err().code, "form-malformed");
        }
    }

    #[test]
    fn a_form_leads_back_to_our_own_pages_only() {
        for ours in ["/report", "/report/plans/1", "/report/accounts?text=a%20b", "/report?x=1"] {
            assert_eq!(back_to(Some(ours)), ours);
        }
        for other in [
            "",
            "https://evil.example/report/",
            "//evil.example/report/",
            "/report//evil.example",
            "/reports",
            "/admin/sign-in",
            "/report/../admin",
            "/report/\\evil",
            "/report/a\r\nSet-Cookie: x=1",
            "/report/ä",
        ] {
            assert_eq!(back_to(Some(other)), "/report", "{other}");
        }
        assert_eq!(back_to(None), "/report");
    }
}
