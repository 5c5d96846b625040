//! A request that was let in: by a program with a token, or by a form of somebody who signed in.

use http::{HeaderMap, Method, header};
use seatkeeper_console::{Banner, Caller, Denied, Nav, form};
use seatkeeper_engine::ports::{Clock, Store};
use seatkeeper_spin::SpinClock;

/// A request that was let in.
pub struct Call {
    pub method: Method,
    pub headers: HeaderMap,
    pub query: String,
    /// Of a form, its own fields only.
    pub body: Vec<u8>,
    pub caller: Caller,
    /// A browser sent it.
    pub form: bool,
    /// Where the browser goes afterwards.
    pub back: String,
}

impl Call {
    /// Refuses a form that somebody else made the browser send.
    pub fn new(
        method: Method,
        headers: HeaderMap,
        query: String,
        body: Vec<u8>,
        caller: Caller,
    ) -> Result<Self, Denied> {
        let form = form::is_form(&headers);
        let (token, back, body) = if form { take_apart(&body) } else { (None, None, body) };
        caller.wrote_it(&method, &headers, token.as_deref())?;
        let back = form::back_to(back.as_deref()).to_owned();
        Ok(Self { method, headers, query, body, caller, form, back })
    }

    /// The frame of a page that answers it.
    pub async fn nav(&self, store: &impl Store) -> Nav {
        Nav::new("", Some(self.caller.clone()), Banner::load(store).await, SpinClock.now())
    }

    /// A script of our pages asks for JSON although it sends a form.
    pub fn wants_json(&self) -> bool {
        self.headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json")
    }
}

/// The form token, where to go afterwards, and the other fields.
fn take_apart(body: &[u8]) -> (Option<String>, Option<String>, Vec<u8>) {
    let (mut token, mut back, mut rest) = (None, None, Vec::new());
    for pair in body.split(|byte| *byte == b'&') {
        let value = |prefix: &[u8]| {
            let value = pair.strip_prefix(prefix)?;
            let text = String::from_utf8(value.to_vec()).ok()?.replace('+', " ");
            percent_encoding::percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
        };
        if let Some(value) = value(b"form-token=") {
            // Given twice it is none: it is not clear which one was meant.
            token = Some(if token.is_some() { String::new() } else { value });
        } else if let Some(value) = value(b"back=") {
            back = Some(value);
        } else {
            if !rest.is_empty() {
                rest.push(b'&');
            }
            rest.extend_from_slice(pair);
        }
    }
    (token, back, rest)
}

/// A request of a program with the administrators' token, for tests.
#[cfg(test)]
pub fn by_program(method: Method, headers: HeaderMap, query: &str, body: &[u8]) -> Call {
    use seatkeeper_engine::session::{Person, Role};
    let person = Person { name: "admin_token".into(), credential: "token:admin_token".into(), role: Role::Admin };
    let caller = Caller { person, session: None, named: false };
    let bearer = (header::AUTHORIZATION, http::HeaderValue::from_static("Bearer token-of-administrators"));
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name?, value))).chain([bearer]).collect();
    Call::new(method, headers, query.to_owned(), body.to_vec(), caller).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_taken_apart_and_its_own_fields_stay_as_they_were_sent() {
        let (token, back, rest) = take_apart(b"form-token=abc&hash=5e%20d&back=%2Freport%2Fplan&accept-over-cap=true");
        assert_eq!((token.as_deref(), back.as_deref()), (Some("abc"), Some("/report/plan")));
        assert_eq!(rest, b"hash=5e%20d&accept-over-cap=true");
        assert_eq!(take_apart(b"form-token=a&form-token=a").0.as_deref(), Some(""));
        assert_eq!(take_apart(b"").2, b"");
    }
}
