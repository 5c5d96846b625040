//! What the browser keeps while somebody is at the provider: a cookie for ten minutes, under a key of ours.
//!
//! Nothing of it is in the store, so that nobody who has not signed in can write there. The texts that go to the provider
//! follow from the cookie's random bytes by the key, so that the browser never holds the PKCE verifier, and no text of one
//! purpose can be used for another. A second use of the same return fails at the provider, whose codes work once.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use seatkeeper_policy::Instant;
use seatkeeper_web::cookie;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The cookie's name.
pub const NAME: &str = "__Host-seatkeeper-sign-on";

/// How long somebody may take at the provider.
pub const LIFE: TimeDelta = TimeDelta::minutes(10);

/// The longest page to come back to; browsers keep cookies of 4096 bytes.
const LONGEST: usize = 1_500;

/// Our key for these cookies.
#[derive(Clone)]
pub struct Key(Box<Hmac<Sha256>>);

impl Key {
    /// From a secret that nobody but us and the provider has.
    pub fn new(secret: &str) -> Option<Self> {
        Hmac::new_from_slice(secret.as_bytes()).ok().map(|mac| Self(Box::new(mac)))
    }

    fn mac(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        let mut mac = self.0.as_ref().clone();
        for part in ["seatkeeper sign-on ", purpose, "\0", text] {
            mac.update(part.as_bytes());
        }
        mac
    }

    fn text(&self, purpose: &str, text: &str) -> String {
        hex::encode(self.mac(purpose, text).finalize().into_bytes())
    }
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    random: String,
    until: i64,
    next: String,
}

impl Ticket {
    /// A new one. `next` is the page to come back to.
    pub fn new(random: [u8; 32], next: &str, now: Instant) -> Self {
        let next = if next.len() <= LONGEST { next } else { "" };
        Self { random: hex::encode(random), until: (now + LIFE).timestamp(), next: next.to_owned() }
    }

    /// The page to come back to; it has to be checked again.
    pub fn next(&self) -> &str {
        &self.next
    }

    /// The cookie that keeps it.
    pub fn cookie(&self, key: &Key) -> HeaderValue {
        let body = format!("{}.{}.{}", self.random, self.until, BASE64_URL_SAFE_NO_PAD.encode(&self.next));
        let mac = key.text("cookie", &body);
        let age = LIFE.num_seconds();
        cookie::set(NAME, &format!("{body}.{mac}"), age)
    }

    /// The one that a browser keeps, unless its time is over.
    pub fn read(headers: &HeaderMap, key: &Key, now: Instant) -> Option<Self> {
        let (body, mac) = cookie::find(headers, NAME)?.rsplit_once('.')?;
        key.mac("cookie", body).verify_slice(&hex::decode(mac).ok()?).ok()?;
        let mut parts = body.split('.');
        let (random, until, next) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        let next = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(next).ok()?).ok()?;
        let left = until - now.timestamp();
        // One of the future was made by a wrong clock; it would hold for ever.
        let holds = parts.next().is_none() && left > 0 && left <= LIFE.num_seconds() + 300;
        holds.then(|| Self { random: random.to_owned(), until, next })
    }

    /// What the provider sends back with the browser.
    pub fn state(&self, key: &Key) -> CsrfToken {
        CsrfToken::new(key.text("state", &self.random))
    }

    /// Whether a return is this one's, in a time that does not tell how close it came.
    pub fn is_answered_by(&self, key: &Key, state: &str) -> bool {
        bool::from(self.state(key).secret().as_bytes().ct_eq(state.as_bytes()))
    }

    /// What the provider puts into the ID token.
    pub fn nonce(&self, key: &Key) -> Nonce {
        Nonce::new(key.text("nonce", &self.random))
    }

    /// What proves to the provider that the code was asked for by us.
    pub fn verifier(&self, key: &Key) -> PkceCodeVerifier {
        PkceCodeVerifier::new(key.text("verifier", &self.random))
    }
}

/// Takes the cookie away.
pub fn clear() -> HeaderValue {
    cookie::clear(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    fn key() -> Key {
        Key::new("a secret of the client").unwrap()
    }

    fn now() -> Instant {
        "2026-11-23T08:00:00Z".parse().unwrap()
    }

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().unwrap());
        }
        headers
    }

    fn kept(ticket: &Ticket) -> String {
        ticket.cookie(&key()).to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    #[test]
    fn what_the_browser_keeps_is_read_back_until_its_time_is_over() {
        let ticket = Ticket::new([7; 32], "/report/accounts?text=ü", now());
        let pair = kept(&ticket);
        let read = |at| Ticket::read(&headers(&[&format!("a=b; {pair}")]), &key(), at);
        assert_eq!(read(now()), Some(ticket.clone()));
        assert_eq!(read(now() + LIFE - TimeDelta::seconds(1)), Some(ticket));
        assert_eq!(read(now() + LIFE), None);
        assert_eq!(read(now() - TimeDelta::minutes(6)), None, "the clock went backwards");
    }

    #[test]
    fn a_changed_doubled_or_foreign_cookie_is_none() {
        let pair = kept(&Ticket::new([7; 32], "/report", now()));
        let other = kept(&Ticket::new([8; 32], "/report", now()));
        let read = |cookies: &[&str], key: &Key| Ticket::read(&headers(cookies), key, now());
        assert!(read(&[&pair], &key()).is_some());
        assert!(read(&[&pair, &other], &key()).is_none());
        assert!(read(&[&pair], &Key::new("another secret").unwrap()).is_none());
        for at in [NAME.len() + 1, NAME.len() + 70, pair.len() - 1] {
            let mut bytes = pair.clone().into_bytes();
            bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
            assert!(read(&[&String::from_utf8(bytes).unwrap()], &key()).is_none(), "byte {at}");
        }
        for text in [String::new(), format!("{NAME}="), format!("{NAME}=a.1.b.c"), format!("x{pair}")] {
            assert!(read(&[&text], &key()).is_none(), "{text}");
        }
    }

    #[test]
    fn each_text_has_one_purpose_and_the_browser_holds_none_of_those_that_prove_something() {
        let ticket = Ticket::new([7; 32], "/report", now());
        let (state, nonce, verifier) = (ticket.state(&key()), ticket.nonce(&key()), ticket.verifier(&key()));
        let texts = [state.secret().as_str(), nonce.secret(), verifier.secret()];
        let cookie = ticket.cookie(&key());
        for (number, text) in texts.iter().enumerate() {
            assert!(!cookie.to_str().unwrap().contains(text) && text.len() == 64);
            assert!(texts.iter().skip(number + 1).all(|other| other != text));
        }
        assert!(ticket.is_answered_by(&key(), state.secret()));
        assert!(!ticket.is_answered_by(&key(), "") && !ticket.is_answered_by(&key(), nonce.secret()));
        assert_ne!(Ticket::new([8; 32], "/report", now()).state(&key()).secret(), state.secret());
    }

    #[test]
    fn the_cookie_is_bound_to_this_host_and_never_too_long_for_a_browser() {
        let long = Ticket::new([7; 32], &"x".repeat(LONGEST), now()).cookie(&key());
        assert!(long.len() < 4_096);
        assert_eq!(Ticket::new([7; 32], &"x".repeat(LONGEST + 1), now()).next(), "");
        for cookie in [long, clear()] {
            let text = cookie.to_str().unwrap();
            assert!(text.starts_with("__Host-") && !text.contains("Domain"), "{text}");
            for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
                assert!(text.contains(part), "{text}");
            }
        }
    }
}
