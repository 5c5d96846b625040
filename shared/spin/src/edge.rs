//! What the functions have in common at their edge: who runs, who may call, and how trouble is answered.

use crate::{VariablesError, log};
use ::http::{HeaderMap, Method, Response, StatusCode};
use seatkeeper_engine::trouble::{CODES, Trouble};
use seatkeeper_web::{Problem, Secret, authorize};
use spin_sdk::wasip3::random::random::get_random_u64;

/// A text that no other runner of a flow uses, for leases.
pub fn runner() -> String {
    format!("{:016x}", get_random_u64())
}

/// What to answer instead, when a request has not one of the allowed methods or none of the tokens.
pub fn refusal<'a>(
    method: &Method,
    headers: &HeaderMap,
    allowed: &'static str,
    tokens: impl IntoIterator<Item = &'a Secret>,
) -> Option<Response<Vec<u8>>> {
    if !allowed.split(", ").any(|name| name == method.as_str()) {
        return Some(Problem::method_not_allowed(allowed).into_response());
    }
    authorize(headers, tokens).err().map(seatkeeper_web::AuthError::into_response)
}

/// Variables that cannot be used: all problems go to the log, and the caller learns that there are some.
pub fn unconfigured(error: VariablesError) -> Response<Vec<u8>> {
    log("the component is not configured", &[("error.problems", error.problems.clone().into())]);
    error.into_response()
}

/// Trouble as an answer: the caller should try again later, or somebody has to do what the text says.
pub fn trouble(trouble: &Trouble) -> Problem {
    let code = CODES.iter().find(|code| **code == trouble.code).copied().unwrap_or("trouble");
    let problem =
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, "Seatkeeper cannot go on").detail(&trouble.message);
    problem.next_step(if trouble.may_pass() {
        "Try again in a minute; if it stays so, see docs/errors.md for this code."
    } else {
        "Somebody has to act; see docs/errors.md for this code."
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::http::header;

    #[test]
    fn only_the_right_method_with_the_right_token_is_let_in() {
        let token = Secret::new("trigger_token", "a-token-for-the-trigger").unwrap();
        let refused = |method: Method, presented: &str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, presented.parse().unwrap())]);
            refusal(&method, &headers, "GET, POST", [&token]).map(|answer| answer.status().as_u16())
        };
        assert_eq!(refused(Method::POST, "Bearer a-token-for-the-trigger"), None);
        assert_eq!(refused(Method::GET, "Bearer a-token-for-the-trigger"), None);
        assert_eq!(refused(Method::DELETE, "Bearer a-token-for-the-trigger"), Some(405));
        assert_eq!(refused(Method::POST, "Bearer another-token-altogether"), Some(401));
    }

    #[test]
    fn every_code_of_the_engine_keeps_its_name_in_the_answer() {
        for code in CODES {
            assert_eq!(trouble(&Trouble::new(code, "what happened")).code, *code);
        }
    }
}
