//! Refusals of the engine, and of requests that do not say enough, as answers.

use crate::Call;
use http::StatusCode;
use seatkeeper_engine::{admin::Refusal, state::StateError, trouble::Trouble};
use seatkeeper_spin::edge;
use seatkeeper_web::{FieldProblem, Problem, QueryError};
use serde::de::DeserializeOwned;

/// The header that says who changes something.
pub const BY: &str = "x-seatkeeper-by";

/// A refused change.
pub fn refusal(refusal: Refusal) -> Problem {
    let text = refusal.to_string();
    let (status, code, title, next_step) = match refusal {
        Refusal::Invalid(problems) => return invalid(problems),
        Refusal::Trouble(trouble) => return edge::trouble(&trouble),
        Refusal::Conflict { .. } => (
            StatusCode::PRECONDITION_FAILED,
            "policy-conflict",
            "Somebody else replaced the policy",
            "Read the policy in force, make your change in it, and send it with its version in `If-Match`.",
        ),
        Refusal::Unknown { .. } => {
            (StatusCode::NOT_FOUND, "not-found", "There is nothing here", "Look for it in the list of plans.")
        }
        Refusal::OtherHash { .. } => (
            StatusCode::CONFLICT,
            "plan-hash",
            "The hash is not the plan's",
            "Look at the plan again; answer it with the hash that you see there.",
        ),
        Refusal::Closed(_) => (
            StatusCode::CONFLICT,
            "plan-closed",
            "The plan can no longer be answered",
            "Wait for the next sweep, or open one now with POST /sweep?open=now.",
        ),
        Refusal::OverCap { .. } => (
            StatusCode::CONFLICT,
            "over-cap",
            "The plan is larger than the cap",
            "Find out why it is so large. If that is meant, approve it with `\"accept-over-cap\": true`.",
        ),
        Refusal::DryRun => (
            StatusCode::CONFLICT,
            "dry-run",
            "The policy is in dry run",
            "Set `mode` in the policy to `approve` or `enforce`; a new sweep then makes a plan that can be approved.",
        ),
    };
    Problem::new(status, code, title).detail(text).next_step(next_step)
}

fn invalid(problems: Vec<seatkeeper_policy::raw::Problem>) -> Problem {
    let mut answer = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "policy-invalid", "The policy is not valid")
        .detail(format!("problems found: {}; the policy in force was not changed", problems.len()))
        .next_step("Correct the fields below and send the policy again; docs/policy.md describes each of them.");
    answer.problems = problems
        .into_iter()
        .map(|problem| FieldProblem { field: problem.field, value: problem.value, problem: problem.problem })
        .collect();
    answer
}

/// State that cannot be read or written.
pub fn state(error: StateError) -> Problem {
    edge::trouble(&Trouble::from(error))
}

/// A query that is not valid.
pub fn query(error: &QueryError) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "query-invalid", "The query is not valid")
        .detail(error.to_string())
        .next_step("Correct the parameter and try again.")
}

/// Who changes something.
pub fn by(call: &Call) -> Result<String, Box<Problem>> {
    let missing = || {
        Problem::new(StatusCode::BAD_REQUEST, "by-missing", "The request does not say who sends it")
            .detail("header X-Seatkeeper-By must name a person or a program, in 1 to 80 printable ASCII characters")
            .next_step("Send it with every change; it is written to the audit.")
    };
    let value = call.headers.get(BY).and_then(|value| value.to_str().ok()).map(str::trim).unwrap_or_default();
    if (1..=80).contains(&value.len()) { Ok(value.to_owned()) } else { Err(missing().into()) }
}

/// A body of JSON.
pub fn json<T: DeserializeOwned>(call: &Call, example: &str) -> Result<T, Box<Problem>> {
    serde_json::from_slice(&call.body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "body-malformed", "The body cannot be read")
            .detail(error.to_string())
            .next_step(format!("Send JSON such as {example}."))
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderName, Method};

    fn call(by: Option<&str>) -> Call {
        let headers = by.map(|by| (HeaderName::from_static(BY), by.parse().unwrap()));
        Call { method: Method::PUT, headers: HeaderMap::from_iter(headers), query: String::new(), body: vec![] }
    }

    #[test]
    fn every_refusal_has_its_own_status_and_code() {
        let codes = [
            (Refusal::Invalid(vec![]), 422, "policy-invalid"),
            (Refusal::Conflict { expected: 1, found: 2 }, 412, "policy-conflict"),
            (Refusal::Unknown { what: "plan", id: "x".into() }, 404, "not-found"),
            (Refusal::OtherHash { given: "a".into(), found: "b".into() }, 409, "plan-hash"),
            (Refusal::Closed("expired".into()), 409, "plan-closed"),
            (Refusal::OverCap { planned: 80, limit: 50 }, 409, "over-cap"),
            (Refusal::DryRun, 409, "dry-run"),
            (Refusal::Trouble(Trouble::no_policy()), 503, "no-policy"),
        ];
        for (refused, status, code) in codes {
            let problem = refusal(refused);
            assert_eq!((problem.status.as_u16(), problem.code), (status, code));
            assert!(problem.detail.is_some() && problem.next_step.is_some(), "{code}");
        }
    }

    #[test]
    fn all_problems_of_a_policy_are_in_the_answer() {
        let problems =
            seatkeeper_engine::policy_file::parse("version = 2\nlicence-groups = []\ninactive.after-days = 0")
                .unwrap_err();
        let count = problems.len();
        assert!(count > 1);
        assert_eq!(refusal(Refusal::Invalid(problems)).problems.len(), count);
    }

    #[test]
    fn a_change_needs_a_name() {
        assert_eq!(by(&call(Some(" anna "))).unwrap(), "anna");
        for nobody in [None, Some(""), Some("  "), Some(&*"x".repeat(81))] {
            assert_eq!(by(&call(nobody)).unwrap_err().code, "by-missing");
        }
    }
}
