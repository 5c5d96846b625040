//! Cookies with the prefix `__Host-`, which makes browsers refuse them from other hosts, paths and plain connections
//! (RFC 6265bis, section 4.1.3.2); a connection to this machine counts as safe.

use http::{HeaderMap, HeaderValue, header};

/// What a browser keeps under a name. Two of them are none: a page of a neighbouring host may have added one.
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    let first = ours.next()?;
    if ours.next().is_some() { None } else { Some(first) }
}

/// Gives one to the browser for so many seconds; for none, it is taken away. `Lax` rather than `Strict`: a link in a chat
/// message, and a provider that sends people back, have to find it. Name and value are ASCII.
pub fn set(name: &str, value: &str, seconds: i64) -> HeaderValue {
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    // All of it is ASCII without control characters.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Takes one away.
pub fn clear(name: &str) -> HeaderValue {
    set(name, "", 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_found_among_others_and_two_of_a_name_are_none() {
        let set = set("__Host-a", "x.y", 60);
        assert_eq!(set, "__Host-a=x.y; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60");
        assert_eq!(clear("__Host-a"), "__Host-a=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("b=1; __Host-a=x.y;c=2"));
        assert_eq!((find(&headers, "__Host-a"), find(&headers, "a")), (Some("x.y"), None));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-a=z"));
        assert_eq!(find(&headers, "__Host-a"), None);
    }
}
