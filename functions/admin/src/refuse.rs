//! Refusals of the engine, and of requests that do not say enough, as answers.

use crate::Call;
use http::StatusCode;
use seatkeeper_engine::{admin::Refusal, answer::Signer, import::RowProblem, state::StateError, trouble::Trouble};
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
        Refusal::Import(problem) => return unreadable(problem, &text),
        Refusal::Conflict { .. } => (
            StatusCode::PRECONDITION_FAILED,
            "policy-conflict",
            "Somebody changed the policy in between",
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
        Refusal::SamePerson { .. } => (
            StatusCode::CONFLICT,
            "second-person",
            "A second person has to approve it",
            "Ask somebody with the role approver and a token of their own to approve the same plan.",
        ),
        Refusal::SharedToken => (
            StatusCode::CONFLICT,
            "second-person",
            "A second person has to approve it",
            "Two people have to approve it with tokens of their own, from the variable `people`; or raise the cap.",
        ),
        Refusal::PlanWaits { .. } => (
            StatusCode::CONFLICT,
            "plan-waits",
            "A plan waits for an answer",
            "Approve or reject it; then ask for a sweep again.",
        ),
        Refusal::NotPlanned { .. } => {
            (StatusCode::NOT_FOUND, "not-found", "There is nothing here", "Look for the account on the plan's page.")
        }
        Refusal::DryRun => (
            StatusCode::CONFLICT,
            "dry-run",
            "The policy is in dry run",
            "Set `mode` in the policy to `approve` or `enforce`; a new sweep then makes a plan that can be approved.",
        ),
        Refusal::IdleDays { .. } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "idle-days",
            "The emergency would take seats from people who may be working",
            "Say a longer time in `idle-days`, and fewer seats if that is not enough.",
        ),
    };
    Problem::new(status, code, title).detail(text).next_step(next_step)
}

/// The same for a change that names the version itself, not in a header that makes the request depend on it.
pub fn change(refusal: Refusal) -> Problem {
    let conflict = matches!(refusal, Refusal::Conflict { .. });
    let problem = self::refusal(refusal);
    if !conflict {
        return problem;
    }
    let problem = Problem { status: StatusCode::CONFLICT, ..problem };
    problem.next_step("Open the page again, look at what is there now, and repeat your change; nothing was changed.")
}

/// Somebody else changes something at this moment, and for long.
pub fn busy() -> Problem {
    Problem::new(StatusCode::CONFLICT, "busy", "Somebody else changes something at this moment")
        .detail("the lock for changes was taken for ten seconds; nothing was changed")
        .next_step("Look at the page again, and repeat your change.")
}

/// A file that cannot be read as a whole. A row that cannot be read is no refusal; the report of the import names it.
fn unreadable(problem: RowProblem, text: &str) -> Problem {
    let RowProblem { line, field, value, problem } = problem;
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "import-unreadable", "The file cannot be read")
        .detail(format!("{text}; nothing was taken in"))
        .next_step("Correct the file and send it again; `?dry-run=true` reads it without taking it in.")
        .field(format!("line {line}, {field}"), value, problem)
}

/// A body that has to be text.
pub fn text<'a>(call: &'a Call, what: &str) -> Result<&'a str, Box<Problem>> {
    std::str::from_utf8(&call.body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "body-malformed", "The body cannot be read")
            .detail(format!("it is not UTF-8 after {} bytes", error.valid_up_to()))
            .next_step(format!("Save the {what} as UTF-8 and send it again."))
            .into()
    })
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
    if call.caller.named {
        return Ok(call.caller.person.name.clone());
    }
    let value = call.headers.get(BY).and_then(|value| value.to_str().ok()).map(str::trim).unwrap_or_default();
    if (1..=80).contains(&value.len()) { Ok(value.to_owned()) } else { Err(missing().into()) }
}

/// Who answers a plan.
pub fn signer(call: &Call) -> Result<Signer, Box<Problem>> {
    let person = &call.caller.person;
    Ok(Signer { name: by(call)?, credential: person.credential.clone(), personal: person.is_personal() })
}

/// A body of JSON, or the same fields by a form.
pub fn json<T: DeserializeOwned>(call: &Call, example: &str) -> Result<T, Box<Problem>> {
    if call.form {
        return serde_html_form::from_bytes(&call.body).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, "form-malformed", "The form cannot be read")
                .detail(error.to_string())
                .next_step("Open the page again and repeat the change there; nothing was changed.")
                .into()
        });
    }
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
    use crate::call::by_program;
    use http::{HeaderMap, HeaderName, Method};
    use seatkeeper_policy::SweepId;

    fn call(by: Option<&str>) -> Call {
        let headers = by.map(|by| (HeaderName::from_static(BY), by.parse().unwrap()));
        by_program(Method::PUT, HeaderMap::from_iter(headers), "", b"")
    }

    fn row() -> RowProblem {
        RowProblem { line: 1, field: "header".into(), value: "a;b".into(), problem: "must name `username`".into() }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_refused_with_the_line_and_the_column() {
        let problem = refusal(Refusal::Import(row()));
        let field = problem.problems.first().unwrap();
        assert_eq!((field.field.as_str(), field.value.as_str()), ("line 1, header", "a;b"));
        assert!(problem.detail.unwrap().contains("nothing was taken in"));
    }

    #[test]
    fn every_refusal_has_its_own_status_and_code() {
        let codes = [
            (Refusal::Invalid(vec![]), 422, "policy-invalid"),
            (Refusal::Conflict { expected: 1, found: 2, by: "bert".into() }, 412, "policy-conflict"),
            (Refusal::Unknown { what: "plan", id: "x".into() }, 404, "not-found"),
            (Refusal::OtherHash { given: "a".into(), found: "b".into() }, 409, "plan-hash"),
            (Refusal::Closed("expired".into()), 409, "plan-closed"),
            (Refusal::OverCap { planned: 80, limit: 50 }, 409, "over-cap"),
            (Refusal::SamePerson { by: "anna".into() }, 409, "second-person"),
            (Refusal::SharedToken, 409, "second-person"),
            (Refusal::PlanWaits { plan: SweepId::parse("20261123-070000").unwrap() }, 409, "plan-waits"),
            (Refusal::NotPlanned { key: "x".into() }, 404, "not-found"),
            (Refusal::DryRun, 409, "dry-run"),
            (Refusal::Import(row()), 422, "import-unreadable"),
            (Refusal::IdleDays { given: 3, least: 14 }, 422, "idle-days"),
            (Refusal::Trouble(Trouble::no_policy()), 503, "no-policy"),
        ];
        for (refused, status, code) in codes {
            let problem = refusal(refused);
            assert_eq!((problem.status.as_u16(), problem.code), (status, code));
            assert!(problem.detail.is_some() && problem.next_step.is_some(), "{code}");
        }
    }

    #[test]
    fn a_form_that_was_made_from_another_version_is_a_conflict_that_names_who_came_between() {
        let problem = change(Refusal::Conflict { expected: 3, found: 4, by: "Bert".into() });
        assert_eq!((problem.status.as_u16(), problem.code), (409, "policy-conflict"));
        assert!(problem.detail.unwrap().contains("version 4 by Bert"));
        assert_eq!(change(Refusal::DryRun).code, "dry-run");
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
