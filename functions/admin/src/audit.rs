//! The audit trail of all functions, page by page, for whoever checks its chain.

use crate::{Call, refuse};
use http::{Response, StatusCode};
use seatkeeper_engine::{
    audit::{self, Days, FUNCTIONS, Place},
    ports::Store,
};
use seatkeeper_web::{Problem, Query, QueryError, respond};
use serde::Serialize;

/// The pages of every function's stream.
#[derive(Serialize)]
struct Streams {
    functions: Vec<Days>,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// Which pages there are.
    Streams,
    /// One page of a function's stream.
    Page(&'static str, Place),
}

/// `GET /admin/audit`: which pages there are. With `function`, `day` and `page`: that page, with the hash that it
/// continues and whether its chain holds.
pub async fn show(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    match wanted(&call.query).map_err(|error| refuse::query(&error))? {
        Wanted::Streams => {
            let mut functions = Vec::new();
            for function in FUNCTIONS {
                functions.push(audit::days(store, function).await.map_err(refuse::state)?);
            }
            Ok(respond::json(StatusCode::OK, &Streams { functions }))
        }
        Wanted::Page(function, place) => {
            let days = audit::days(store, function).await.map_err(refuse::state)?;
            let page = audit::page(store, &days, &place).await.map_err(refuse::state)?;
            let Place { day, page: number } = place;
            let page = page.ok_or_else(|| {
                Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
                    .detail(format!("the function `{function}` has no page {number} on {day}"))
                    .next_step("GET /admin/audit lists the pages that there are.")
            })?;
            Ok(respond::json(StatusCode::OK, &page))
        }
    }
}

fn wanted(query: &str) -> Result<Wanted, QueryError> {
    let query = Query::parse(query, &["function", "day", "page"])?;
    let Some(asked) = query.get("function") else { return Ok(Wanted::Streams) };
    let function = FUNCTIONS.into_iter().find(|function| *function == asked).ok_or_else(|| QueryError::Invalid {
        name: "function".to_owned(),
        value: asked.to_owned(),
        expected: format!("one of {}", FUNCTIONS.join(", ")),
    })?;
    let day =
        query.parsed::<chrono::NaiveDate>("day", "a day such as 2026-11-23")?.ok_or_else(|| QueryError::Invalid {
            name: "day".to_owned(),
            value: String::new(),
            expected: "a day such as 2026-11-23".to_owned(),
        })?;
    let page = query.parsed("page", "a whole number from 0")?.unwrap_or_default();
    Ok(Wanted::Page(function, Place { day: day.to_string(), page }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method};
    use seatkeeper_engine::{
        audit::Act,
        testing::{MemoryStore, block_on},
    };
    use serde_json::Value;

    fn asked(store: &MemoryStore, query: &str) -> Result<Value, &'static str> {
        let call = crate::call::by_program(Method::GET, HeaderMap::new(), query, b"");
        let answer = block_on(show(store, &call)).map_err(|problem| problem.code)?;
        Ok(serde_json::from_slice(answer.body()).unwrap())
    }

    fn recorded() -> MemoryStore {
        let store = MemoryStore::default();
        for id in ["a", "b"] {
            let act = Act { id: id.into(), actor: "anna", act: "stopped", subject: "sweep", detail: "why".into() };
            block_on(audit::append(&store, "admin", act, "2026-11-23T08:00:00Z".parse().unwrap())).unwrap();
        }
        store
    }

    #[test]
    fn every_function_is_listed_with_its_days() {
        let answer = asked(&recorded(), "").unwrap();
        let functions: Vec<_> =
            answer["functions"].as_array().unwrap().iter().map(|f| f["function"].as_str()).collect();
        assert_eq!(functions, [Some("admin"), Some("restore"), Some("sweep")]);
        assert_eq!(answer["functions"][0]["days"][0]["day"], "2026-11-23");
        assert_eq!(answer["functions"][0]["from-beginning"], true);
    }

    #[test]
    fn a_page_comes_with_its_entries_and_whether_its_chain_holds() {
        let page = asked(&recorded(), "function=admin&day=2026-11-23&page=0").unwrap();
        assert_eq!((page["entries"].as_array().unwrap().len(), &page["broken"]), (2, &Value::Null));
        assert_eq!((page["day"].as_str(), page["before"].as_str()), (Some("2026-11-23"), Some("")));
    }

    #[test]
    fn what_does_not_exist_is_named() {
        let store = recorded();
        for (query, code) in [
            ("function=report", "query-invalid"),
            ("function=admin", "query-invalid"),
            ("function=admin&day=yesterday", "query-invalid"),
            ("function=admin&day=2026-11-22", "not-found"),
            ("function=admin&day=2026-11-23&page=1", "not-found"),
            ("function=sweep&day=2026-11-23", "not-found"),
        ] {
            assert_eq!(asked(&store, query), Err(code), "{query}");
        }
    }
}
