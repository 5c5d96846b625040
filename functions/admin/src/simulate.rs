//! What a policy would have done on the newest snapshot. Nothing is written, so nobody has to say who asks.

use crate::{Call, refuse};
use http::{Response, StatusCode};
use seatkeeper_engine::{
    admin::Refusal,
    ports::Store,
    simulate::{self, Listed},
};
use seatkeeper_spin::SpinClock;
use seatkeeper_web::{Problem, Query, QueryError, respond};

/// One call stops after so long and says where to go on; the strictest host allows 30 seconds.
const BUDGET: chrono::TimeDelta = chrono::TimeDelta::seconds(15);
/// Changed accounts that are listed when the request does not say how many.
const LISTED: usize = 20;
/// Changed accounts that one answer lists at most.
const MOST: usize = 5_000;

/// `POST /admin/simulate` with the policy file as body. The caller repeats it with `from` until there is no `next`.
pub async fn simulate(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let (from, listed) = wanted(&call.query).map_err(|error| refuse::query(&error))?;
    let text = refuse::text(call, "policy file")?;
    let report = simulate::simulate(store, text, from, listed, &SpinClock, BUDGET).await;
    let report = report.map_err(|refusal| match refusal {
        Refusal::Unknown { .. } => Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
            .detail("there is no snapshot yet, so there is nothing to judge again")
            .next_step("Let a sweep come to its plan, then try again; in dry run it changes nothing."),
        refusal => refuse::refusal(refusal),
    })?;
    Ok(respond::json(StatusCode::OK, &report))
}

/// Where to go on, and how many changed accounts to list.
fn wanted(query: &str) -> Result<(u32, Listed), QueryError> {
    let query = Query::parse(query, &["from", "changes"])?;
    let from = query.parsed("from", "the number in `next` of the call before")?.unwrap_or_default();
    if query.get("changes") == Some("all") {
        return Ok((from, Listed::All));
    }
    let number = query.parsed::<usize>("changes", "a whole number, or `all`")?;
    let listed = Listed::First(number.unwrap_or(LISTED).min(MOST));
    Ok((from, listed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method};
    use seatkeeper_engine::testing::{MemoryStore, block_on};

    fn refused(query: &str, body: &[u8]) -> (u16, &'static str, usize) {
        let call = crate::call::by_program(Method::POST, HeaderMap::new(), query, body);
        let problem = block_on(simulate(&MemoryStore::default(), &call)).unwrap_err();
        (problem.status.as_u16(), problem.code, problem.problems.len())
    }

    #[test]
    fn a_request_says_where_to_go_on_and_how_many_accounts_to_list() {
        assert_eq!(wanted(""), Ok((0, Listed::First(20))));
        assert_eq!(wanted("from=7&changes=0"), Ok((7, Listed::First(0))));
        assert_eq!(wanted("changes=99999"), Ok((0, Listed::First(5_000))));
        assert_eq!(wanted("changes=all&from=1"), Ok((1, Listed::All)));
        for wrong in ["changes=some", "from=x", "page=1"] {
            assert!(wanted(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_simulated_is_refused_with_all_that_is_wrong() {
        let good = b"version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\n";
        assert_eq!(
            refused("", b"version = 2\nlicence-groups = []\ninactive.after-days = 0\n"),
            (422, "policy-invalid", 3)
        );
        assert_eq!(refused("", &[0xff]), (400, "body-malformed", 0));
        assert_eq!(refused("from=-1", good), (400, "query-invalid", 0));
        assert_eq!(refused("", good), (404, "not-found", 0));
    }
}
