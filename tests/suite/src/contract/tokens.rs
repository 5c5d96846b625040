//! Who is let in where.

use super::{Check, Needs::Nothing, edge::ROUTES, scene::Scene};
use crate::stage::{Answer, Peer};
use anyhow::{Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};

/// Checks of this file.
pub const CHECKS: &[Check] = &[
    Check { name: "no route answers without a token", needs: Nothing, run: without },
    Check { name: "no route answers to a wrong token", needs: Nothing, run: wrong },
    Check { name: "a token opens its own routes only", needs: Nothing, run: others },
    Check { name: "a token in the address is not accepted", needs: Nothing, run: in_address },
    Check { name: "two tokens are not accepted", needs: Nothing, run: two },
    Check { name: "a browser gets in with the token as its password", needs: Nothing, run: browser },
    Check { name: "nothing behind a token may be kept by a cache", needs: Nothing, run: caches },
];

fn refused(answer: Answer) -> Result<()> {
    let asked = answer.asked.clone();
    ensure!(answer.header("www-authenticate").starts_with("Basic"), "{asked}: the refusal does not ask for a token");
    answer.problem(401, "unauthorized").map(drop)
}

/// Sends the right method to each route.
fn each(peer: &Peer, wanted: impl Fn(&str) -> bool) -> Result<()> {
    for (path, method, _) in ROUTES.into_iter().filter(|(path, ..)| wanted(path)) {
        let body = (method != "GET").then_some(b"{}".as_slice());
        refused(peer.send(method, path, &[("x-seatkeeper-by", "contract")], body)?)?;
    }
    Ok(())
}

fn without(scene: &mut Scene) -> Result<()> {
    each(&scene.install.anyone, |_| true)
}

fn wrong(scene: &mut Scene) -> Result<()> {
    each(&scene.install.anyone.with_token("a-token-that-nobody-ever-gave-out"), |_| true)?;
    // As long as the right one, and different in the last place only.
    let mut close = scene.install.tokens.admin.clone();
    let last = close.pop().unwrap_or_default();
    close.push(if last == 'x' { 'y' } else { 'x' });
    each(&scene.install.anyone.with_token(&close), |path| path.starts_with("/admin"))
}

fn others(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    each(&install.trigger, |path| path.starts_with("/admin") || path.starts_with("/report"))?;
    each(&install.report, |path| path == "/sweep" || path == "/alert")?;
    // A reader may read what administrators see, and nothing else; the table of roles has the rest.
    let changing = |row: &&(&str, &str, &str)| row.0.starts_with("/admin") && row.1 != "GET";
    for (path, method, _) in ROUTES.iter().filter(changing) {
        install.report.send(method, path, &[], Some(b"{}"))?.problem(403, "role-needed")?;
    }
    install.report.get("/admin/plans")?.expect(200)?;
    install.report.get("/admin/check")?.problem(403, "role-needed")?;
    each(&install.admin, |path| path == "/sweep" || path == "/alert")?;
    install.admin.get("/report/overview.json")?.expect(200).map(drop)
}

fn in_address(scene: &mut Scene) -> Result<()> {
    let token = &scene.install.tokens.report;
    for name in ["token", "access_token", "report_token"] {
        refused(scene.install.anyone.get(&format!("/report/overview.json?{name}={token}"))?)?;
    }
    Ok(())
}

fn two(scene: &mut Scene) -> Result<()> {
    let bearer = format!("Bearer {}", scene.install.tokens.report);
    let headers = [("authorization", bearer.as_str()), ("authorization", "Bearer another-token-altogether")];
    // Some hosts refuse such a request by themselves.
    let answer = scene.install.anyone.send("GET", "/report/overview.json", &headers, None)?;
    ensure!(matches!(answer.status.as_u16(), 400 | 401), "two tokens were answered with {}", answer.status);
    Ok(())
}

fn browser(scene: &mut Scene) -> Result<()> {
    let anyone = &scene.install.anyone;
    let basic = |password: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("anybody:{password}")));
    let right = basic(&scene.install.tokens.report);
    let page =
        anyone.send("GET", "/report", &[("authorization", &right), ("accept", "text/html")], None)?.expect(200)?;
    ensure!(page.header("content-type").starts_with("text/html"), "the page is {:?}", page.header("content-type"));
    ensure!(page.text()?.contains("</html>"), "the page is not complete");
    refused(anyone.send("GET", "/report", &[("authorization", &basic("not-the-right-token"))], None)?)
}

fn caches(scene: &mut Scene) -> Result<()> {
    for path in ["/report", "/report/overview.json", "/report/accounts.json", "/report/accounts.csv", "/admin/plans"] {
        let answer = scene.install.admin.get(path)?.expect(200)?;
        ensure!(answer.header("cache-control").contains("no-store"), "{path} may be kept by a cache");
        ensure!(answer.header("x-content-type-options") == "nosniff", "{path} may be taken for another type");
    }
    Ok(())
}
