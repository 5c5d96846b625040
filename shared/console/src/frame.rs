//! The frame of every page: what stands at its top and bottom, and the pages that every component can answer with.

use crate::{access::Caller, banner::Banner, moment::Moment};
use askama::Template;
use http::{Response, StatusCode};
use seatkeeper_engine::session::{Role, SessionId};
use seatkeeper_policy::Instant;
use seatkeeper_web::{FieldProblem, Problem, respond};

/// The style sheet of all pages.
pub const STYLE: &str = include_str!("style.css");

/// What the pages do where a browser runs scripts; all of them work without.
pub const SCRIPT: &str = include_str!("console.js");

/// The pages, in the order in which they are shown.
const PAGES: [(&str, &str); 11] = [
    ("Overview", "/report"),
    ("Users", "/report/accounts"),
    ("Policy", "/report/policy"),
    ("Plan", "/report/plan"),
    ("Runs", "/report/runs"),
    ("Exemptions", "/report/exemptions"),
    ("Alerts", "/report/alerts"),
    ("Reports", "/report/reports"),
    ("Directories", "/report/directories"),
    ("Hand-over", "/report/handover"),
    ("Audit", "/report/audit"),
];

/// What every page has at its top and bottom.
#[derive(Debug, Clone)]
pub struct Nav {
    here: &'static str,
    /// Who looks at it.
    pub caller: Option<Caller>,
    /// What is said first.
    pub banner: Banner,
    /// When the page was made.
    pub shown: Moment,
    /// Something is under way, so the page shows itself anew.
    pub live: bool,
}

impl Nav {
    /// For the page at this path.
    pub fn new(here: &'static str, caller: Option<Caller>, banner: Banner, now: Instant) -> Self {
        Self { here, caller, banner, shown: Moment(now), live: false }
    }

    /// The same for the page at another path.
    #[must_use]
    pub fn at(self, here: &'static str) -> Self {
        Self { here, ..self }
    }

    /// The same for a page about something that may be under way.
    #[must_use]
    pub fn live(self, live: bool) -> Self {
        Self { live, ..self }
    }

    /// Names and paths of the pages, and whether this is the one; nothing for people whom nobody knows.
    pub fn links(&self) -> Vec<(&'static str, &'static str, bool)> {
        let shown = if self.caller.is_some() { PAGES.as_slice() } else { &[] };
        shown.iter().map(|(name, path)| (*name, *path, *path == self.here)).collect()
    }

    /// Whether to show what takes this role. Only a browser that signed in can send forms.
    pub fn may(&self, role: Role) -> bool {
        self.caller.as_ref().is_some_and(|caller| caller.session.is_some() && caller.person.role >= role)
    }

    /// Whether to show what takes an operator.
    pub fn operates(&self) -> bool {
        self.may(Role::Operator)
    }

    /// Whether to show what takes an approver.
    pub fn approves(&self) -> bool {
        self.may(Role::Approver)
    }

    /// Whether to show what takes an administrator.
    pub fn administers(&self) -> bool {
        self.may(Role::Admin)
    }

    /// What every form has to contain.
    pub fn form_token(&self) -> String {
        let session = self.caller.as_ref().and_then(|caller| caller.session.as_ref());
        session.map(SessionId::form_token).unwrap_or_default()
    }
}

/// Something that cannot be shown or done.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    nav: Nav,
    title: &'a str,
    detail: &'a str,
    next_step: &'a str,
    fields: &'a [FieldProblem],
    back: &'a str,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    nav: Nav,
    why: Option<&'a str>,
    next: &'a str,
    single_sign_on: bool,
}

/// A page as an answer.
pub fn page(status: StatusCode, template: &impl Template) -> Response<Vec<u8>> {
    match template.render() {
        Ok(page) => respond::html(status, page, None),
        Err(error) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The page could not be written")
            .detail(error.to_string())
            .next_step("Report this as a defect of Seatkeeper.")
            .into_response(),
    }
}

/// A problem as a page, for people; `back` is where they came from.
pub fn problem(problem: &Problem, nav: Nav, back: &str) -> Response<Vec<u8>> {
    let detail = problem.detail.as_deref().unwrap_or_default();
    let next_step = problem.next_step.as_deref().unwrap_or_default();
    let fields = &problem.problems;
    page(problem.status, &ProblemPage { nav, title: problem.title, detail, next_step, fields, back })
}

/// The page that asks who somebody is. `next` is the page they wanted.
pub fn sign_in(
    status: StatusCode,
    why: Option<&str>,
    next: &str,
    single_sign_on: bool,
    now: Instant,
) -> Response<Vec<u8>> {
    // What stands on every other page is not for people whom nobody knows.
    let nav = Nav::new("", None, Banner::default(), now);
    page(status, &SignInPage { nav, why, next, single_sign_on })
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_engine::session::Person;

    fn now() -> Instant {
        "2026-11-23T08:00:00Z".parse().unwrap()
    }

    fn nav(role: Role, session: Option<SessionId>) -> Nav {
        let person = Person { name: "<Ada>".into(), credential: "token:a".into(), role };
        Nav::new("/report", Some(Caller { person, session, named: true }), Banner::default(), now())
    }

    #[test]
    fn people_whom_nobody_knows_see_no_pages_and_nothing_of_the_state() {
        let answer = sign_in(StatusCode::UNAUTHORIZED, Some("<b>wrong</b>"), "/report/accounts?text=<x>", true, now());
        let text = String::from_utf8(answer.body().clone()).unwrap();
        assert_eq!(answer.status(), 401);
        assert!(!text.contains("/report/runs") && !text.contains("<b>") && !text.contains("<x>"), "{text}");
        assert!(text.contains("company account"));
    }

    #[test]
    fn only_a_browser_that_signed_in_is_offered_forms() {
        let session = || Some(SessionId::new([1; 32]));
        assert!(nav(Role::Operator, session()).operates() && !nav(Role::Operator, session()).approves());
        assert!(nav(Role::Admin, session()).administers());
        assert!(!nav(Role::Admin, None).operates(), "a token in a header cannot send forms");
        assert_eq!(nav(Role::Admin, session()).form_token(), SessionId::new([1; 32]).form_token());
    }

    #[test]
    fn a_problem_is_told_with_its_fields_and_a_way_back() {
        let told = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "policy-invalid", "The policy is not valid")
            .detail("one problem")
            .field("mode", "<run>", "is not one of the modes");
        let answer = problem(&told, nav(Role::Admin, None), "/report/policy");
        let text = String::from_utf8(answer.body().clone()).unwrap();
        assert!(text.contains("&#60;run&#62;") && text.contains("href=\"/report/policy\"") && !text.contains("<Ada>"));
    }
}
