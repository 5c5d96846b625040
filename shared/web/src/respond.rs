//! Answers with the headers that every answer of ours carries.
//!
//! Nothing we answer may be cached, sniffed, framed or told to other sites as a referrer: pages and exports contain
//! personal data. Transport security (HSTS) belongs to whatever terminates TLS, because only that knows whether the
//! host name is ours alone.

use crate::Problem;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Scripts and styles from files of our own origin only, none in the page; forms only to our own origin; no frame.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                           form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// For what is not a page: a browser that shows it as one anyway may load and run nothing.
const DATA_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// What may stand unencoded in the extended file name of RFC 8187.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A page. `inline_css` is the exact text between `<style>` and `</style>` of the page, if it has one: it is allowed
/// by its hash, so that markup which somebody smuggles into a name cannot bring its own style.
pub fn html(status: StatusCode, page: impl Into<Vec<u8>>, inline_css: Option<&str>) -> Response<Vec<u8>> {
    let policy = match inline_css {
        None => HeaderValue::from_static(PAGE_POLICY),
        Some(css) => {
            let hash = BASE64_STANDARD.encode(Sha256::digest(css));
            let policy = PAGE_POLICY.replace("style-src 'self'", &format!("style-src 'self' 'sha256-{hash}'"));
            // Base64 is always a valid header value; if it were not, the page would only lose its style.
            HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static(PAGE_POLICY))
        }
    };
    let mut response = with_type(status, "text/html; charset=utf-8", page);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// A style sheet, for pages that link to one of their own.
pub fn css(sheet: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    with_type(StatusCode::OK, "text/css; charset=utf-8", sheet)
}

/// A script, for pages that link to one of their own.
pub fn script(source: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    with_type(StatusCode::OK, "text/javascript; charset=utf-8", source)
}

/// The answer to a form: the browser opens a page of ours next, and opening it again does not send the form again.
pub fn see_other(path: &str) -> Response<Vec<u8>> {
    let mut response = empty(StatusCode::SEE_OTHER);
    // A path that cannot be a header leads to the first page.
    let location = HeaderValue::try_from(path).unwrap_or_else(|_| HeaderValue::from_static("/report"));
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// JSON from any serialisable view.
pub fn json(status: StatusCode, view: &impl Serialize) -> Response<Vec<u8>> {
    match serde_json::to_vec(view) {
        Ok(body) => with_type(status, "application/json", body),
        Err(error) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The answer could not be written")
            .detail(format!("the view cannot be expressed as JSON: {error}"))
            .next_step("Report this as a defect of Seatkeeper.")
            .into_response(),
    }
}

/// Plain text, such as metrics.
pub fn text(status: StatusCode, text: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    with_type(status, "text/plain; charset=utf-8", text)
}

/// An answer without body.
pub fn empty(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    secure(response.headers_mut());
    response
}

/// The headers of a CSV download. The body is streamed by the caller.
pub fn csv_headers(file_name: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, attachment(file_name));
    secure(&mut headers);
    headers
}

/// The headers of JSON whose body is streamed by the caller.
pub fn json_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    secure(&mut headers);
    headers
}

/// Adds the protective headers, and the strictest content policy where none is set yet.
pub fn secure(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // `no-referrer` would make browsers say that a form of ours comes from nowhere.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("Cross-Origin-Opener-Policy", HeaderValue::from_static("same-origin"));
    headers.insert("Cross-Origin-Resource-Policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(DATA_POLICY));
}

/// `Content-Disposition` for a download. Old programs get an ASCII form of the name, new ones the exact one; neither
/// form can break out of the header or name another folder.
pub fn attachment(file_name: &str) -> HeaderValue {
    let name: String =
        file_name.chars().map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c }).collect();
    let ascii: String = name.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    let exact = utf8_percent_encode(&name, ATTR_CHAR);
    HeaderValue::try_from(format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{exact}"))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

pub(crate) fn with_type(status: StatusCode, content_type: &'static str, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    secure(response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_answer_is_protected() {
        let mut csv = Response::new(Vec::new());
        *csv.headers_mut() = csv_headers("accounts.csv");
        let answers = [
            html(StatusCode::OK, "<p>", None),
            html(StatusCode::OK, "<p>", Some("p{}")),
            css("p{}"),
            json(StatusCode::OK, &1),
            text(StatusCode::OK, "up 1"),
            empty(StatusCode::NO_CONTENT),
            Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found").into_response(),
            csv,
        ];
        for answer in answers {
            let headers = answer.headers();
            assert_eq!(headers["cache-control"], "no-store");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["referrer-policy"], "same-origin");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; "), "{policy}");
            assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("unsafe") && !policy.contains("script-src 'self' '"), "{policy}");
        }
    }

    #[test]
    fn an_inline_style_is_allowed_by_its_hash_only() {
        let answer = html(StatusCode::OK, "<style>body{}</style>", Some("body{}"));
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        // printf %s 'body{}' | openssl dgst -sha256 -binary | base64
        assert!(policy.contains("style-src 'self' 'sha256-fJgEClQWV1hGkK4qHMO0KotTsVnMYMXTq7/suurGyUo=';"), "{policy}");
    }

    #[test]
    fn a_file_name_cannot_leave_its_header_or_its_folder() {
        let value = attachment("a\"; x=\r\n../übersicht 50%.csv");
        assert_eq!(
            value.to_str().unwrap(),
            "attachment; filename=\"a_; x=__.._\u{5f}bersicht 50_.csv\"; \
             filename*=UTF-8''a_%3B%20x%3D__.._%C3%BCbersicht%2050%25.csv"
        );
    }

    #[test]
    fn a_view_that_json_cannot_express_is_an_error_and_not_an_empty_answer() {
        let keys_are_not_text = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert_eq!(json(StatusCode::OK, &keys_are_not_text).status(), 500);
    }
}
