//! What a component sees of a request: Spin's own headers, and never a client's imitation of them.

use std::net::SocketAddr;

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};

use super::router::Match;

/// Why a request cannot be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoAuthority;

/// Makes the URI absolute, from the Host header or from the URI itself.
pub(crate) fn absolute_uri<B>(request: &mut Request<B>) -> Result<(), NoAuthority> {
    let host = request
        .headers()
        .get(header::HOST)
        .map(|host| host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()).ok_or(NoAuthority));
    let from_header = host.transpose()?;
    let mut parts = request.uri().clone().into_parts();
    let authority = match (from_header, parts.authority) {
        // Two answers to the question whose site this is are one too many.
        (Some(header), Some(uri)) if header != uri => return Err(NoAuthority),
        (Some(authority), _) | (None, Some(authority)) => authority,
        (None, None) => return Err(NoAuthority),
    };
    parts.authority = Some(authority);
    parts.scheme = Some(Scheme::HTTP);
    if parts.path_and_query.is_none() {
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
    }
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| NoAuthority)?;
    Ok(())
}

/// Removes what describes the connection or pretends to come from the host, and adds what does come from it.
pub(crate) fn prepare<T>(headers: &mut HeaderMap, uri: &Uri, found: &Match<'_, T>, client: SocketAddr) {
    let imitated: Vec<HeaderName> = headers.keys().filter(|name| name.as_str().starts_with("spin-")).cloned().collect();
    for name in imitated {
        headers.remove(name);
    }
    headers.remove(header::CONNECTION);
    let mut set = |name: &str, value: &str| {
        // A value with bytes that no header may hold is left out; components treat these headers as optional.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    };
    set("spin-path-info", found.path_info());
    set("spin-full-url", &uri.to_string());
    set("spin-matched-route", &found.matched_route());
    set("spin-base-path", "/");
    set("spin-raw-component-route", found.raw_route());
    set("spin-component-route", found.route_prefix());
    set("spin-client-addr", &client.to_string());
    for (name, value) in found.named() {
        set(&format!("spin-path-match-{}", name.to_ascii_lowercase()), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::router::Router;

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request<()> {
        headers.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value)).body(()).unwrap()
    }

    #[test]
    fn the_uri_takes_its_host_from_the_header() {
        let mut request = request("/a?b=c", &[("host", "wiki.example.com:3000")]);
        absolute_uri(&mut request).unwrap();
        assert_eq!(request.uri().to_string(), "http://wiki.example.com:3000/a?b=c");
    }

    #[test]
    fn a_request_without_a_host_or_with_two_is_refused() {
        assert_eq!(absolute_uri(&mut request("/a", &[])), Err(NoAuthority));
        assert_eq!(absolute_uri(&mut request("http://a/", &[("host", "b")])), Err(NoAuthority));
        assert_eq!(absolute_uri(&mut request("/a", &[("host", "not a host")])), Err(NoAuthority));
        assert_eq!(absolute_uri(&mut request("http://a/", &[("host", "a")])), Ok(()));
    }

    #[test]
    fn the_host_adds_its_headers_and_removes_imitations() {
        let router = Router::build([("/users/:id/...".to_owned(), ())]).unwrap();
        let found = router.find("/users/42/a").unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("spin-client-addr", "1.1.1.1:1"),
            ("spin-path-match-other", "x"),
            ("connection", "close"),
            ("accept", "*"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let uri = "http://h:1/users/42/a?q=1".parse().unwrap();
        prepare(&mut headers, &uri, &found, "127.0.0.1:5000".parse().unwrap());
        let mut got: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect();
        got.sort();
        assert_eq!(
            got,
            [
                "accept=*",
                "spin-base-path=/",
                "spin-client-addr=127.0.0.1:5000",
                "spin-component-route=/users/:id",
                "spin-full-url=http://h:1/users/42/a?q=1",
                "spin-matched-route=/users/:id/...",
                "spin-path-info=/a",
                "spin-path-match-id=42",
                "spin-raw-component-route=/users/:id/...",
            ]
        );
    }
}
