//! The cookie of a session.

use http::{HeaderMap, HeaderValue};
use seatkeeper_engine::session::SessionId;
use seatkeeper_web::cookie;

/// Its name.
pub const NAME: &str = "__Host-seatkeeper";

/// The session that a browser claims.
pub fn read(headers: &HeaderMap) -> Option<SessionId> {
    cookie::find(headers, NAME).and_then(SessionId::parse)
}

/// Gives a session to the browser.
pub fn set(id: &SessionId) -> HeaderValue {
    cookie::set(NAME, id.expose(), seatkeeper_engine::session::LENGTH.num_seconds())
}

/// Takes it away.
pub fn clear() -> HeaderValue {
    cookie::clear(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    fn id() -> SessionId {
        SessionId::new([5; 32])
    }

    fn found(lines: &[&str]) -> Option<SessionId> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, line.parse().unwrap());
        }
        read(&headers)
    }

    #[test]
    fn what_is_set_is_read_back_whatever_stands_around_it() {
        let set = set(&id()).to_str().unwrap().to_owned();
        let pair = set.split(';').next().unwrap();
        assert_eq!(found(&[pair]), Some(id()));
        assert_eq!(found(&[&format!("a=b;  {pair}; c=d")]), Some(id()));
        assert_eq!(found(&["a=b", pair]), Some(id()));
    }

    #[test]
    fn two_of_them_or_another_text_are_none() {
        let pair = format!("{NAME}={}", id().expose());
        let other = format!("{NAME}={}", SessionId::new([6; 32]).expose());
        assert_eq!(found(&[&format!("{pair}; {other}")]), None);
        assert_eq!(found(&[&pair, &other]), None);
        for text in ["", "seatkeeper=1", &format!("{NAME}=abc"), &format!("{NAME}="), &format!("x{pair}")] {
            assert_eq!(found(&[text]), None, "{text}");
        }
    }

    #[test]
    fn the_cookie_is_bound_to_this_host_and_hidden_from_scripts() {
        for cookie in [set(&id()), clear()] {
            let text = cookie.to_str().unwrap();
            assert!(text.starts_with("__Host-") && !text.contains("Domain"), "{text}");
            for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
                assert!(text.contains(part), "{text}");
            }
        }
        assert!(clear().to_str().unwrap().contains("Max-Age=0"));
    }
}
