//! Errors as problem+json (RFC 9457): a stable code for programs, and for people what was wrong and what to do next.

use crate::respond;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// One error answer.
///
/// ```
/// use seatkeeper_web::Problem;
/// let answer = Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "policy-invalid", "The policy is not valid")
///     .detail("2 problems were found; the policy in force was not changed")
///     .next_step("Correct the fields below and send the policy again.")
///     .field("groups.wiki.idle-days", "-3", "must be a whole number from 1 to 3650")
///     .field("mode", "Enforce", "must be `observe` or `enforce`")
///     .into_response();
/// assert_eq!(answer.status(), 422);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable and for programs, such as `policy-invalid`. Never changes its meaning.
    pub code: &'static str,
    /// What kind of problem it is; the same for every occurrence of the code.
    pub title: &'static str,
    /// What happened this time.
    pub detail: Option<String>,
    /// What the reader can do about it.
    pub next_step: Option<String>,
    /// All fields that are wrong, not only the first.
    pub problems: Vec<FieldProblem>,
    /// Further headers, such as `Allow`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Where it is, as a dotted path or parameter name.
    pub field: String,
    /// What was found there. Leave it empty for secrets.
    pub value: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

/// The shape on the wire.
#[derive(Serialize)]
struct Wire<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: &'a Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [FieldProblem],
}

impl Problem {
    /// A problem with its three fixed parts.
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, detail: None, next_step: None, problems: Vec::new(), headers: Vec::new() }
    }

    /// There is nothing at this path.
    pub fn not_found(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
            .detail(format!("no route matches `{path}`"))
            .next_step("Check the path; the routes are listed in the manual.")
    }

    /// The path exists, but not with this method. `allowed` is the value of the `Allow` header, such as `GET, HEAD`.
    pub fn method_not_allowed(allowed: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This method is not allowed here")
            .next_step(format!("Use one of: {allowed}."))
            .header(header::ALLOW, HeaderValue::from_static(allowed))
    }

    /// The body is larger than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large")
            .detail(format!("at most {limit} bytes are accepted"))
            .next_step("Send less at once.")
    }

    /// What happened this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn next_step(mut self, next_step: impl Into<String>) -> Self {
        self.next_step = Some(next_step.into());
        self
    }

    /// One more wrong field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, value: impl Into<String>, problem: impl Into<String>) -> Self {
        self.problems.push(FieldProblem { field: field.into(), value: value.into(), problem: problem.into() });
        self
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer to send.
    pub fn into_response(self) -> Response<Vec<u8>> {
        let Self { status, code, title, detail, next_step, problems, headers } = self;
        let wire = Wire {
            r#type: format!("urn:seatkeeper:problem:{code}"),
            title,
            status: status.as_u16(),
            code,
            detail: &detail,
            next_step: &next_step,
            problems: &problems,
        };
        // Strings and numbers can always be expressed; the status alone would still tell the truth.
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut response = respond::with_type(status, "application/problem+json", body);
        response.headers_mut().extend(headers);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn body(response: &Response<Vec<u8>>) -> Value {
        serde_json::from_slice(response.body()).unwrap()
    }

    #[test]
    fn a_problem_tells_everything_it_knows() {
        let response = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "policy-invalid", "The policy is not valid")
            .detail("1 problem was found")
            .next_step("Correct it.")
            .field("groups.wiki.idle-days", "-3", "must be 1 to 3650")
            .into_response();
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(
            body(&response),
            json!({
                "type": "urn:seatkeeper:problem:policy-invalid",
                "title": "The policy is not valid",
                "status": 422,
                "code": "policy-invalid",
                "detail": "1 problem was found",
                "next_step": "Correct it.",
                "problems": [{"field": "groups.wiki.idle-days", "value": "-3", "problem": "must be 1 to 3650"}],
            })
        );
    }

    #[test]
    fn parts_that_are_absent_are_left_out() {
        let response = Problem::new(StatusCode::CONFLICT, "plan-changed", "The plan has changed").into_response();
        let body = body(&response);
        let names: std::collections::BTreeSet<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "status", "title", "type"].into());
    }

    #[test]
    fn a_refused_method_names_the_allowed_ones() {
        let response = Problem::method_not_allowed("GET, HEAD").into_response();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }
}
