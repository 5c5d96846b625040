//! Refused orders about accounts, as answers.

use crate::refuse;
use http::StatusCode;
use seatkeeper_engine::{
    admin,
    attributes::{JobReport, Refusal},
    state::RowState,
};
use seatkeeper_spin::edge;
use seatkeeper_web::{FieldProblem, Problem};

/// A refused order or request.
pub fn refusal(refusal: Refusal) -> Problem {
    let text = refusal.to_string();
    match refusal {
        Refusal::File(problem) => refuse::refusal(admin::Refusal::Import(problem)),
        Refusal::Trouble(trouble) => edge::trouble(&trouble),
        Refusal::Refused(report) => refused(&report, text),
        Refusal::Unknown(_) => Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
            .detail(text)
            .next_step("Look for it in GET /admin/users/jobs; the newest hundred are kept."),
        Refusal::Busy => Problem::new(StatusCode::CONFLICT, "users-busy", "Another request changes accounts")
            .detail(text)
            .next_step("Try again when it is done; if its sender died, in a minute and a half."),
        Refusal::Closed(_) => Problem::new(StatusCode::CONFLICT, "users-closed", "The job is not in a stage for that")
            .detail(text)
            .next_step("Look at it with GET /admin/users/jobs/{id}."),
    }
}

/// Everything that stands against a job, row by row.
fn refused(report: &JobReport, text: String) -> Problem {
    let mut answer =
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "users-refused", "The accounts cannot be changed so")
            .detail(text)
            .next_step(&report.next_step);
    for row in &report.rows {
        let RowState::Refused { objections } = &row.state else { continue };
        answer.problems.extend(objections.iter().map(|objection| FieldProblem {
            field: format!("line {}, {}", row.line, objection.field),
            value: objection.value.clone(),
            problem: objection.problem.clone(),
        }));
    }
    answer
}
