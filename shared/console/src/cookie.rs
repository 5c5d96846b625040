//! The cookie of a session. The prefix `__Host-` makes browsers refuse it from other hosts, paths and plain connections
//! (RFC 6265bis, section 4.1.3.2); a connection to this machine counts as safe.

use http::{HeaderMap, HeaderValue, header};
use seatkeeper_engine::session::SessionId;

/// Its name.
pub const NAME: &str = "__Host-seatkeeper";

/// The session that a browser claims. Two of them are none: a page of a neighbouring host may have added one.
pub fn read(headers: &HeaderMap) -> Option<SessionId> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value);
    let first = ours.next()?;
    if ours.next().is_some() { None } else { SessionId::parse(first) }
}

/// Gives a session to the browser. `Lax` rather than `Strict`: a link in a chat message has to find it.
pub fn set(id: &SessionId) -> HeaderValue {
    let age = seatkeeper_engine::session::LENGTH.num_seconds();
    value(&format!("{NAME}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}", id.expose()))
}

/// Takes it away.
pub fn clear() -> HeaderValue {
    value(&format!("{NAME}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))
}

fn value(text: &str) -> HeaderValue {
    // All of it is ASCII without control characters.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

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
