//! Who may do what: every route with every kind of caller, held against one table.

use super::{Check, Needs::Simulator, scene::Scene};
use crate::stage::{Answer, Install, Peer};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Checks of this file. They come last: whoever is let in may change something.
pub const CHECKS: &[Check] =
    &[Check { name: "every route lets in exactly the roles of the table", needs: Simulator, run: matrix }];

/// Who a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// The timer and nobody else.
    Trigger,
    /// People and programs with at least this role, weakest first.
    Role(usize),
    /// Everybody: it is how people get in.
    Everybody,
}

/// The roles, weakest first.
const ROLES: [&str; 4] = ["viewer", "operator", "approver", "admin"];
const VIEWER: For = For::Role(0);
const OPERATOR: For = For::Role(1);
const APPROVER: For = For::Role(2);
const ADMIN: For = For::Role(3);

/// Every route with every method: the roles as docs/operations.md describes them.
const TABLE: [(&str, &str, For); 63] = [
    ("POST", "/sweep", For::Trigger),
    ("POST", "/alert", For::Trigger),
    ("POST", "/alert/test", For::Trigger),
    ("GET", "/report", VIEWER),
    ("GET", "/report/overview.json", VIEWER),
    ("GET", "/report/accounts.csv", VIEWER),
    ("GET", "/report/accounts/nobody", VIEWER),
    ("GET", "/report/plans/20200101-000000", VIEWER),
    ("GET", "/report/plan", VIEWER),
    ("GET", "/report/policy", VIEWER),
    ("GET", "/report/runs", VIEWER),
    ("GET", "/report/handover.csv", VIEWER),
    ("GET", "/report/exemptions", VIEWER),
    ("GET", "/report/populations", VIEWER),
    ("GET", "/report/directories", VIEWER),
    ("GET", "/report/alerts", VIEWER),
    ("GET", "/report/audit", VIEWER),
    ("GET", "/report/audit.csv", VIEWER),
    ("GET", "/admin/policy", VIEWER),
    ("PUT", "/admin/policy", ADMIN),
    ("POST", "/admin/policy", ADMIN),
    ("POST", "/admin/policy/check", VIEWER),
    ("GET", "/admin/check", OPERATOR),
    ("POST", "/admin/exemptions", OPERATOR),
    ("POST", "/admin/exemptions/end", APPROVER),
    ("GET", "/admin/sign-in", For::Everybody),
    ("POST", "/admin/sign-in", For::Everybody),
    ("GET", "/admin/sign-in/oidc", For::Everybody),
    ("GET", "/admin/sign-in/oidc/return", For::Everybody),
    ("POST", "/admin/sweep", OPERATOR),
    ("GET", "/admin/plans", VIEWER),
    ("GET", "/admin/plans/20200101-000000", VIEWER),
    ("POST", "/admin/plans/20200101-000000/approve", APPROVER),
    ("POST", "/admin/plans/20200101-000000/reject", APPROVER),
    ("POST", "/admin/plans/20200101-000000/strike", OPERATOR),
    ("POST", "/admin/plans/20200101-000000/put-back", OPERATOR),
    ("POST", "/admin/runs/20200101-000000/undo", APPROVER),
    ("POST", "/admin/evidence/import", OPERATOR),
    ("GET", "/admin/evidence/imports", VIEWER),
    ("GET", "/admin/stop", VIEWER),
    ("POST", "/admin/stop", OPERATOR),
    ("DELETE", "/admin/stop", OPERATOR),
    ("POST", "/admin/stop/release", OPERATOR),
    ("POST", "/admin/emergency", ADMIN),
    ("POST", "/admin/simulate", OPERATOR),
    ("GET", "/admin/audit", VIEWER),
    ("POST", "/admin/alerts/test", OPERATOR),
    ("POST", "/admin/users/bulk", ADMIN),
    ("GET", "/admin/users/jobs", VIEWER),
    ("GET", "/admin/users/jobs/20200101-000000", VIEWER),
    ("POST", "/admin/users/jobs/20200101-000000/resume", ADMIN),
    ("POST", "/admin/users/jobs/20200101-000000/undo", ADMIN),
    ("POST", "/admin/users/nobody/rename", ADMIN),
    ("PATCH", "/admin/users/nobody", ADMIN),
    // Last, because it ends the session that it is sent in.
    ("POST", "/admin/sign-out", VIEWER),
    ("GET", "/report/accounts", VIEWER),
    ("GET", "/report/runs.json", VIEWER),
    ("GET", "/report/exemptions.csv", VIEWER),
    ("GET", "/report/directories.json", VIEWER),
    ("GET", "/report/runs.csv", VIEWER),
    ("GET", "/report/populations.csv", VIEWER),
    ("GET", "/report/directories.csv", VIEWER),
    ("GET", "/report/alerts.csv", VIEWER),
];

/// What becomes of a request before anything of it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Whatever it says then, it was let in.
    In,
    /// 401.
    Unknown,
    /// 403, `role-needed`.
    Weak,
    /// 403, `form-refused`.
    Forged,
}

/// A session in a browser.
struct Session {
    cookie: String,
    form_token: String,
}

/// Somebody who sends requests.
enum Caller<'a> {
    /// With a token, or without any.
    Program { peer: &'a Peer, role: Option<usize> },
    /// With the cookie of a session and this form token, from a page of this origin.
    Browser { session: &'a Session, form_token: Option<&'a str>, origin: Option<&'a str>, role: usize },
}

impl Caller<'_> {
    /// What the table says about a request.
    fn expected(&self, method: &str, route: For, trigger: bool) -> Verdict {
        let forged = match self {
            Self::Program { .. } => false,
            Self::Browser { session, form_token, origin, .. } => {
                method != "GET" && (*form_token != Some(session.form_token.as_str()) || origin.is_some())
            }
        };
        let role = match self {
            Self::Program { role, .. } => *role,
            Self::Browser { role, .. } => Some(*role),
        };
        match (route, role) {
            (For::Trigger, _) if !trigger => Verdict::Unknown,
            (For::Role(_), None) => Verdict::Unknown,
            (For::Role(needed), Some(role)) if role < needed => Verdict::Weak,
            (For::Role(_), Some(_)) if forged => Verdict::Forged,
            (For::Everybody | For::Trigger | For::Role(_), _) => Verdict::In,
        }
    }

    fn send(&self, anyone: &Peer, method: &str, path: &str) -> Result<Answer> {
        match self {
            // Nothing that is sent here is complete, so that nothing comes of it.
            Self::Program { peer, .. } => {
                let body = (method != "GET").then_some(b"{}".as_slice());
                peer.send(method, path, &[("content-type", "application/json"), ("accept", "application/json")], body)
            }
            Self::Browser { session, form_token, origin, .. } => {
                let body = form_token.map(|token| format!("form-token={token}")).unwrap_or_default();
                let mut headers = vec![("cookie", session.cookie.as_str()), ("accept", "application/json")];
                headers.extend(origin.map(|origin| ("origin", origin)));
                let body = (method != "GET").then(|| {
                    headers.push(("content-type", "application/x-www-form-urlencoded"));
                    body.into_bytes()
                });
                anyone.send(method, path, &headers, body.as_deref())
            }
        }
    }
}

fn seen(answer: &Answer) -> Verdict {
    let code = answer.json().ok().and_then(|json| json.get("code").and_then(Value::as_str).map(str::to_owned));
    // A form is answered by a page.
    let page = answer.text().unwrap_or_default();
    match (answer.status.as_u16(), code.as_deref()) {
        (401, _) => Verdict::Unknown,
        (403, Some("role-needed")) => Verdict::Weak,
        (403, Some("form-refused")) => Verdict::Forged,
        (403, None) if page.contains("Your role does not allow this") => Verdict::Weak,
        (403, None) if page.contains("The form was refused") => Verdict::Forged,
        (_, _) => Verdict::In,
    }
}

fn matrix(scene: &mut Scene) -> Result<()> {
    let install = scene.install.clone();
    let Install { anyone, admin, report, trigger, tokens } = &install;
    let wrong = anyone.with_token("a-token-that-nobody-ever-gave-out");
    let mut failures = Vec::new();
    let mut count = 0;
    let mut check = |name: &str, caller: &Caller<'_>, (method, path, route): (&str, &str, For)| -> Result<()> {
        // Signing in is not for somebody who is signed in, and says what is wrong with what was sent by the same codes.
        if route == For::Everybody && method == "POST" {
            return Ok(());
        }
        let expected = caller.expected(method, route, name == "the trigger token");
        let found = seen(&caller.send(anyone, method, path)?);
        count += 1;
        if found != expected {
            failures.push(format!("{method} {path} with {name}: {found:?} instead of {expected:?}"));
        }
        Ok(())
    };
    for row in TABLE {
        check("no token", &Caller::Program { peer: anyone, role: None }, row)?;
        check("a wrong token", &Caller::Program { peer: &wrong, role: None }, row)?;
        check("the trigger token", &Caller::Program { peer: trigger, role: None }, row)?;
        check("report_token", &Caller::Program { peer: report, role: Some(0) }, row)?;
        check("admin_token", &Caller::Program { peer: admin, role: Some(3) }, row)?;
    }
    for (number, role) in ROLES.into_iter().enumerate() {
        let Some(token) = tokens.of(role) else { continue };
        let peer = anyone.with_token(token);
        for row in TABLE {
            check(
                &format!("the token of a person with the role {role}"),
                &Caller::Program { peer: &peer, role: Some(number) },
                row,
            )?;
        }
        let other = session(anyone, token)?;
        for (method, path, route) in TABLE {
            // A new one for each, because one of the routes ends it.
            let session = &session(anyone, token)?;
            let right = Some(session.form_token.as_str());
            let row = (method, path, route);
            let browser = |form_token, origin| Caller::Browser { session, form_token, origin, role: number };
            check(&format!("a session of {role} without a form token"), &browser(None, None), row)?;
            check(
                &format!("a session of {role} with the form token of another"),
                &browser(Some(&other.form_token), None),
                row,
            )?;
            check(
                &format!("a session of {role} from another site"),
                &browser(right, Some("https://evil.example")),
                row,
            )?;
            check(&format!("a session of {role} as it should be"), &browser(right, None), row)?;
        }
    }
    ensure!(failures.is_empty(), "{} of {count} requests went otherwise:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

/// Signs somebody in as a browser does.
fn session(anyone: &Peer, token: &str) -> Result<Session> {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("token={token}&next=%2Freport%2Fruns");
    let answer = anyone.send("POST", "/admin/sign-in", &headers, Some(body.as_bytes()))?.expect(303)?;
    let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    ensure!(cookie.starts_with("__Host-"), "signing in gave no cookie");
    let page =
        anyone.send("GET", "/report/runs", &[("cookie", &cookie), ("accept", "text/html")], None)?.expect(200)?;
    let form = page.text()?.split("name=\"form-token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    Ok(Session { cookie, form_token: form.context("the page has no form token")?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::TABLE;
    use crate::stage::root;
    use std::collections::BTreeSet;

    /// The shape of a path: what stands for any name is a star.
    fn shape(path: &str) -> String {
        let part = |part: &str| match part {
            "nobody" | "20200101-000000" => "*".to_owned(),
            other => other.to_owned(),
        };
        path.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_route_of_the_admin_component_is_in_the_table() {
        let source = std::fs::read_to_string(root().join("functions/admin/src/route.rs")).unwrap();
        let known: BTreeSet<String> = TABLE.iter().map(|(_, path, _)| shape(path)).collect();
        let routes = source.lines().filter_map(|line| line.trim().strip_prefix('[')?.split_once("] => Some(Self::"));
        let mut found = 0;
        for (parts, _) in routes {
            let part = |part: &str| {
                part.trim().strip_prefix('"').map_or("*".into(), |word| word.trim_end_matches('"').to_owned())
            };
            let path = format!("/admin/{}", parts.split(',').map(part).collect::<Vec<String>>().join("/"));
            assert!(known.contains(&path), "{path} is not in the table of roles");
            found += 1;
        }
        assert!(found > 20, "only {found} routes were found in the source");
    }

    #[test]
    fn no_request_is_in_the_table_twice() {
        let all: BTreeSet<(&str, &str)> = TABLE.iter().map(|(method, path, _)| (*method, *path)).collect();
        assert_eq!(all.len(), TABLE.len());
    }
}
