//! How the host passes requests on: paths, methods, headers, bodies, many at once.

use super::{Check, Needs::Nothing, scene::Scene};
use crate::stage::process::HEALTH;
use anyhow::{Context, Result, bail, ensure};
use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

/// A component's limit for the body of an event.
const MOST: usize = 1024 * 1024;

/// Checks of this file.
pub const CHECKS: &[Check] = &[
    Check { name: "the host says that it is healthy", needs: Nothing, run: health },
    Check { name: "a path without a route is not found", needs: Nothing, run: no_route },
    Check { name: "a path that no page has is not found, and the answer says so", needs: Nothing, run: no_page },
    Check { name: "a trailing slash finds the same route and no other", needs: Nothing, run: slashes },
    Check { name: "a wrong method is refused and the right ones are named", needs: Nothing, run: methods },
    Check { name: "a client cannot imitate the host's own headers", needs: Nothing, run: imitation },
    Check { name: "a body that is announced as too large is refused unread", needs: Nothing, run: announced },
    Check { name: "a body that grows too large is refused", needs: Nothing, run: growing },
    Check { name: "a body of the largest size is read whole", needs: Nothing, run: largest },
    Check { name: "an answer without a body has the headers of the whole", needs: Nothing, run: head },
    Check { name: "fifty requests at once are all answered", needs: Nothing, run: fifty },
];

/// Every route, a method that it takes, and one that it does not take.
pub const ROUTES: [(&str, &str, &str); 14] = [
    ("/sweep", "POST", "GET"),
    ("/alert", "POST", "GET"),
    ("/report", "GET", "DELETE"),
    ("/report/overview.json", "GET", "PUT"),
    ("/report/accounts", "GET", "POST"),
    ("/report/accounts.csv", "GET", "POST"),
    ("/report/accounts/somebody", "GET", "POST"),
    ("/report/runs.json", "GET", "POST"),
    ("/admin/policy", "GET", "PATCH"),
    ("/admin/policy", "PUT", "DELETE"),
    ("/admin/plans", "GET", "POST"),
    ("/admin/plans/20260101-000000/approve", "POST", "GET"),
    ("/admin/runs/20260101-000000/undo", "POST", "GET"),
    ("/admin/check", "GET", "PUT"),
];

fn health(scene: &mut Scene) -> Result<()> {
    let answer = scene.install.anyone.get(HEALTH)?.expect(200)?;
    ensure!(answer.text()?.trim() == "OK", "the health route answered {:?}", answer.text());
    Ok(())
}

fn no_route(scene: &mut Scene) -> Result<()> {
    for path in ["/", "/nothing/here", "/sweeper", "/reports", "/sweep/more", "/hook"] {
        scene.install.anyone.get(path)?.expect(404)?;
    }
    Ok(())
}

fn no_page(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    install.anyone.post("/hooks/other", None)?.problem(404, "not-found")?;
    install.admin.get("/admin/nothing")?.problem(404, "not-found")?;
    install.report.get("/report/nothing.json")?.expect(404)?;
    Ok(())
}

fn slashes(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    // Without a token: the route is found, and nothing happens.
    install.anyone.post("/sweep/", None)?.expect(401)?;
    install.report.get("/report/")?.expect(200)?;
    install.anyone.post("/hooks/login/", None)?.problem(404, "not-found")?;
    Ok(())
}

fn methods(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    for (path, right, wrong) in ROUTES {
        let peer = if path.starts_with("/admin") {
            &install.admin
        } else if path.starts_with("/report") {
            &install.report
        } else {
            &install.trigger
        };
        let body = matches!(wrong, "PUT" | "POST").then_some(b"".as_slice());
        let answer = peer.send(wrong, path, &[], body)?.expect(405)?;
        let allowed = answer.header("allow");
        ensure!(allowed.contains(right) && !allowed.contains(wrong), "{wrong} {path} was told to use {allowed:?}");
    }
    let answer = install.anyone.get("/hooks/login")?.expect(405)?;
    ensure!(answer.header("allow") == "POST", "the hook named {:?}", answer.header("allow"));
    Ok(())
}

fn imitation(scene: &mut Scene) -> Result<()> {
    let anyone = &scene.install.anyone;
    let headers = [
        ("spin-path-info", "/style.css"),
        ("spin-full-url", "http://localhost/report/style.css"),
        ("spin-matched-route", "/report/..."),
        ("spin-raw-component-route", "/report/..."),
        ("spin-component-route", "/report"),
        ("spin-base-path", "/report"),
        ("spin-client-addr", "127.0.0.1:1"),
    ];
    // The style sheet is the only page without a token; nobody may talk a component into seeing its path.
    anyone.send("GET", "/report/style.css", &headers, None)?.expect(200)?;
    anyone.send("GET", "/report/overview.json", &headers, None)?.expect(401)?;
    anyone.send("GET", "/admin/policy", &headers, None)?.expect(401)?;
    anyone.send("GET", "/nothing", &headers, None)?.expect(404)?;
    Ok(())
}

fn announced(scene: &mut Scene) -> Result<()> {
    let admin = format!("authorization: Bearer {}\r\nx-seatkeeper-by: contract\r\n", scene.install.tokens.admin);
    for (line, headers, most) in [("POST /hooks/login", "", MOST), ("PUT /admin/policy", &admin, 256 * 1024)] {
        let mut raw = Raw::open(scene)?;
        let length = format!("host: {}\r\ncontent-length: {}\r\n", raw.host, most + 1);
        raw.write(&format!("{line} HTTP/1.1\r\n{length}{headers}\r\n"))?;
        raw.write(&"x".repeat(1000))?;
        raw.expect(413).with_context(|| line.to_owned())?;
    }
    Ok(())
}

fn growing(scene: &mut Scene) -> Result<()> {
    let mut raw = Raw::open(scene)?;
    let head = "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    raw.write(&format!("POST /hooks/login HTTP/1.1\r\nhost: {}\r\n{head}", raw.host))?;
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, "x".repeat(64 * 1024));
    for _ in 0..MOST / (64 * 1024) {
        raw.write(&chunk)?;
    }
    // One byte more than is accepted; the end of the body is never sent.
    raw.write("1\r\nx\r\n")?;
    raw.expect(413)
}

fn largest(scene: &mut Scene) -> Result<()> {
    let empty = r#"{"event":"page_created","filler":""}"#;
    let body = empty.replace(r#":""}"#, &format!(r#":"{}"}}"#, "x".repeat(MOST - empty.len())));
    ensure!(body.len() == MOST, "the body has {} bytes", body.len());
    scene.install.event(&body)?.expect(200)?;
    Ok(())
}

fn head(scene: &mut Scene) -> Result<()> {
    let report = &scene.install.report;
    let whole = report.send("GET", "/report/style.css", &[], None)?.expect(200)?;
    let head = report.send("HEAD", "/report/style.css", &[], None)?.expect(200)?;
    ensure!(head.body.is_empty(), "HEAD was answered with a body");
    ensure!(head.header("content-type") == whole.header("content-type"), "HEAD and GET disagree on the type");
    Ok(())
}

fn fifty(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    let wrong: Vec<String> = thread::scope(|scope| {
        let calls: Vec<_> = (0..50)
            .map(|number| {
                scope.spawn(move || {
                    let answer =
                        install.event(&format!(r#"{{"event":"page_created","number":{number}}}"#))?.expect(200)?;
                    let answer = answer.json()?;
                    ensure!(answer.pointer("/outcome/is").is_some(), "event {number} was answered with {answer}");
                    Ok(())
                })
            })
            .collect();
        let ends = calls.into_iter().map(|call| call.join().unwrap_or_else(|_| bail!("a caller panicked")));
        ends.filter_map(|end| end.err().map(|error| format!("{error:#}"))).collect()
    });
    ensure!(wrong.is_empty(), "{} of 50 failed; the first: {}", wrong.len(), wrong.first().map_or("", String::as_str));
    Ok(())
}

/// A connection on which a request can stay incomplete.
struct Raw {
    stream: TcpStream,
    host: String,
}

impl Raw {
    fn open(scene: &Scene) -> Result<Self> {
        let base = scene.install.anyone.base();
        let host = base.strip_prefix("http://").context("this check speaks plain HTTP only; use an http:// address")?;
        let host = host.split('/').next().unwrap_or(host).to_owned();
        let address = if host.contains(':') { host.clone() } else { format!("{host}:80") };
        let stream = TcpStream::connect(&address).with_context(|| format!("{address} cannot be reached"))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream, host })
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.stream.write_all(text.as_bytes()).context("the request was broken off before it was answered")
    }

    fn expect(&mut self, status: u16) -> Result<()> {
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        while !answer.windows(2).any(|pair| pair == b"\r\n") {
            let count = self.stream.read(&mut part).context("there was no answer to an incomplete request")?;
            ensure!(count > 0, "the connection was closed without an answer");
            answer.extend(part.iter().take(count));
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let line = answer.lines().next().unwrap_or_default();
        ensure!(line.starts_with(&format!("HTTP/1.1 {status}")), "the answer was `{line}`, not {status}");
        Ok(())
    }
}
