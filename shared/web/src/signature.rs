//! HMAC-SHA256 over the raw body: verification of what we receive, signatures for what we send.
//!
//! Nothing is parsed before it is verified: parsers take a [`Verified`], and only [`verify`] can make one.

use crate::{Problem, Secret};
use hmac::Mac;
use http::{HeaderMap, Response, StatusCode};

/// The header with the signature of an incoming event, as Confluence sends it.
pub const HEADER: &str = "X-Hub-Signature";

/// The prefix of a signature; it names the algorithm.
pub const PREFIX: &str = "sha256=";

/// A SHA-256 tag in hexadecimal digits.
const HEX_LENGTH: usize = 64;

/// A body whose signature was right.
// INVARIANT (verified): the field is private and set by `verify` alone.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'a> {
    body: &'a [u8],
}

impl<'a> Verified<'a> {
    /// The bytes that were signed.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

/// Why an event is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No signature header.
    #[error("the request carries no {HEADER} header")]
    Missing,
    /// Two signature headers: it is not clear which one the sender meant.
    #[error("the request carries more than one {HEADER} header")]
    Duplicate,
    /// Not `sha256=` and 64 hexadecimal digits.
    #[error("the {HEADER} header is not `{PREFIX}` followed by {HEX_LENGTH} hexadecimal digits")]
    Malformed,
    /// The signature belongs to another body or another secret.
    #[error("the signature does not belong to this body and our secret")]
    Refused,
}

impl SignatureError {
    /// The answer to send: always 401, so a sender sees in its log that the secret is wrong.
    pub fn into_response(self) -> Response<Vec<u8>> {
        Problem::new(StatusCode::UNAUTHORIZED, "signature-invalid", "The signature is not valid")
            .detail(self.to_string())
            .next_step(
                "Sign the exact bytes of the body with HMAC-SHA256 and the secret of variable `hook_secret`, and send \
                 the result as `X-Hub-Signature: sha256=<hexadecimal digits>`.",
            )
            .into_response()
    }
}

/// Verifies the signature of the raw body against every given secret: during a change-over the old and the new one
/// are both valid. With no secret nothing is accepted.
///
/// The prefix may be missing because not every sender writes it; another algorithm's prefix is refused, and so is
/// anything that is not exactly one SHA-256 tag. Hexadecimal digits may be in either case.
pub fn verify<'a, 's>(
    headers: &HeaderMap,
    body: &'a [u8],
    secrets: impl IntoIterator<Item = &'s Secret>,
) -> Result<Verified<'a>, SignatureError> {
    let tag = presented(headers)?;
    // Every secret is tried, so that the time does not tell which one was right.
    let matched = secrets.into_iter().fold(false, |matched, secret| {
        let mut mac = secret.mac();
        mac.update(body);
        mac.verify_slice(&tag).is_ok() | matched
    });
    if matched { Ok(Verified { body }) } else { Err(SignatureError::Refused) }
}

fn presented(headers: &HeaderMap) -> Result<[u8; 32], SignatureError> {
    let mut values = headers.get_all(HEADER).iter();
    let value = values.next().ok_or(SignatureError::Missing)?;
    if values.next().is_some() {
        return Err(SignatureError::Duplicate);
    }
    let value = value.as_bytes();
    let digits = value.strip_prefix(PREFIX.as_bytes()).unwrap_or(value);
    let mut tag = [0; HEX_LENGTH / 2];
    hex::decode_to_slice(digits, &mut tag).map_err(|_| SignatureError::Malformed)?;
    Ok(tag)
}

/// The signature of a body, in the form that [`verify`] accepts.
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    let mut mac = secret.mac();
    mac.update(body);
    encode(mac)
}

/// The signature of `{timestamp}.{body}`, so that a receiver can refuse an old message that somebody sends again.
/// The timestamp is in seconds since 1970.
pub fn sign_at(secret: &Secret, timestamp: i64, body: &[u8]) -> String {
    let mut mac = secret.mac();
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    encode(mac)
}

fn encode(mac: hmac::Hmac<sha2::Sha256>) -> String {
    format!("{PREFIX}{}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODY: &[u8] = br#"{"event":"login","user":"anna"}"#;

    fn secret(value: &str) -> Secret {
        Secret::new("hook_secret", value).unwrap()
    }

    fn current() -> Secret {
        secret("the-current-hook-secret")
    }

    fn check(signatures: &[&str], body: &[u8], secrets: &[Secret]) -> Result<(), SignatureError> {
        let mut headers = HeaderMap::new();
        for signature in signatures {
            headers.append(HEADER, signature.parse().unwrap());
        }
        verify(&headers, body, secrets).map(|verified| assert_eq!(verified.body(), body))
    }

    #[test]
    fn signatures_are_what_openssl_computes() {
        // printf %s "$body" | openssl dgst -sha256 -hmac "$secret"
        let short = sign(&secret("sixteen-byte-key"), b"what do ya want for nothing?");
        assert_eq!(short, "sha256=15b074e49395a049940dd48f8b3e3474570be5b32a7eb80672be210e42195bca");
        // Longer than the block of SHA-256, so the key is hashed first.
        let long = sign(&secret(&"a".repeat(131)), b"abc");
        assert_eq!(long, "sha256=e7fbbca2b3e1510fb612e531513bd20fbc678d1a899bb922dcf5572eb50925d4");
    }

    #[test]
    fn w1_a_body_without_signature_is_refused() {
        assert_eq!(check(&[], BODY, &[current()]), Err(SignatureError::Missing));
    }

    #[test]
    fn w2_a_signature_by_another_secret_is_refused() {
        let forged = sign(&secret("some-other-hook-secret"), BODY);
        assert_eq!(check(&[&forged], BODY, &[current()]), Err(SignatureError::Refused));
    }

    #[test]
    fn w3_one_changed_byte_in_the_body_is_refused() {
        let signature = sign(&current(), BODY);
        for index in 0..BODY.len() {
            let mut changed = BODY.to_vec();
            changed[index] ^= 1;
            assert_eq!(check(&[&signature], &changed, &[current()]), Err(SignatureError::Refused), "byte {index}");
        }
    }

    #[test]
    fn w4_the_same_json_written_differently_is_refused() {
        let signature = sign(&current(), BODY);
        let spaced = br#"{"event": "login","user":"anna"}"#;
        assert_eq!(check(&[&signature], spaced, &[current()]), Err(SignatureError::Refused));
    }

    #[test]
    fn w5_a_missing_prefix_and_upper_case_digits_are_accepted() {
        let signature = sign(&current(), BODY);
        let digits = signature.strip_prefix(PREFIX).unwrap();
        for variant in [digits.to_owned(), digits.to_uppercase(), format!("sha256={}", digits.to_uppercase())] {
            assert_eq!(check(&[&variant], BODY, &[current()]), Ok(()), "{variant}");
        }
    }

    #[test]
    fn w5_everything_that_is_not_one_tag_is_malformed() {
        let signature = sign(&current(), BODY);
        let digits = signature.strip_prefix(PREFIX).unwrap();
        let variants = [
            String::new(),
            "sha256=".to_owned(),
            format!("sha1={digits}"),
            format!("SHA256={digits}"),
            format!("sha256:{digits}"),
            format!("sha256=sha256={digits}"),
            format!("{signature}00"),
            signature[..signature.len() - 2].to_owned(),
            signature[..signature.len() - 1].to_owned(),
            format!("sha256={}", "z".repeat(HEX_LENGTH)),
            format!("sha256= {digits}"),
            format!("{signature}, {signature}"),
            "a".repeat(10_000),
        ];
        for variant in variants {
            assert_eq!(check(&[&variant], BODY, &[current()]), Err(SignatureError::Malformed), "{variant}");
        }
    }

    #[test]
    fn w5_bytes_that_are_not_text_are_malformed() {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, http::HeaderValue::from_bytes(&[0xff; HEX_LENGTH]).unwrap());
        assert_eq!(verify(&headers, BODY, &[current()]).unwrap_err(), SignatureError::Malformed);
    }

    #[test]
    fn w6_two_signature_headers_are_refused_even_when_both_are_right() {
        let signature = sign(&current(), BODY);
        assert_eq!(check(&[&signature, &signature], BODY, &[current()]), Err(SignatureError::Duplicate));
    }

    #[test]
    fn w7_no_tag_is_compared_with_an_equals_sign() {
        let code = include_str!("signature.rs").split("#[cfg(test)]").next().unwrap();
        assert!(code.contains(".verify_slice("), "the comparison of the library is not used");
        assert!(!code.contains("=="), "a comparison that stops at the first difference tells where it is");
    }

    #[test]
    fn w8_old_and_new_secret_are_valid_during_the_change_over_and_the_old_one_not_after_it() {
        let old = secret("the-previous-hook-secret");
        let by_old = sign(&old, BODY);
        let by_new = sign(&current(), BODY);
        let both = [current(), old];
        assert_eq!(check(&[&by_old], BODY, &both), Ok(()));
        assert_eq!(check(&[&by_new], BODY, &both), Ok(()));
        assert_eq!(check(&[&by_old], BODY, &[current()]), Err(SignatureError::Refused));
    }

    #[test]
    fn w9_an_empty_secret_cannot_be_configured_and_no_secret_accepts_nothing() {
        assert!(Secret::new("hook_secret", "").is_err());
        assert_eq!(check(&[&sign(&current(), BODY)], BODY, &[]), Err(SignatureError::Refused));
    }

    #[test]
    fn w10_the_same_body_verifies_again_so_that_repeats_can_be_recognised_later() {
        let signature = sign(&current(), BODY);
        assert_eq!(check(&[&signature], BODY, &[current()]), Ok(()));
        assert_eq!(check(&[&signature], BODY, &[current()]), Ok(()));
    }

    #[test]
    fn a_signature_with_timestamp_covers_timestamp_dot_body() {
        let signature = sign_at(&current(), 1_790_000_000, BODY);
        assert_eq!(signature, sign(&current(), &[b"1790000000.", BODY].concat()));
        assert_ne!(signature, sign_at(&current(), 1_790_000_001, BODY));
    }

    #[test]
    fn the_answer_says_how_to_sign() {
        let response = SignatureError::Refused.into_response();
        assert_eq!(response.status(), 401);
        assert!(String::from_utf8(response.into_body()).unwrap().contains("hook_secret"));
    }

    proptest! {
        #[test]
        fn what_we_sign_verifies_and_any_other_body_does_not(body: Vec<u8>, other: Vec<u8>, key in "[ -~]{14}") {
            let key = secret(&format!("k{key}k"));
            let signature = sign(&key, &body);
            prop_assert_eq!(check(&[&signature], &body, std::slice::from_ref(&key)), Ok(()));
            let expected = if other == body { Ok(()) } else { Err(SignatureError::Refused) };
            prop_assert_eq!(check(&[&signature], &other, std::slice::from_ref(&key)), expected);
        }

        #[test]
        fn arbitrary_header_values_are_never_accepted(value in "[\\x20-\\x7e]{0,100}") {
            prop_assert!(check(&[&value], BODY, &[current()]).is_err());
        }
    }
}
