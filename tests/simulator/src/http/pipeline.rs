//! The way of a request: path, fault, caller, rate limit, access mode, handler, log.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode};

use super::call::{Call, Caller, query, segments};
use super::fault::{FaultKind, status_reply};
use super::log::LogEntry;
use super::reply::{Content, Reply};
use super::serve::Dropped;
use super::{Simulator, auth, deliver, lock, routes};
use crate::knobs::AccessMode;
use crate::world::World;

/// Requests may not be larger.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

impl Simulator {
    /// Answers one request.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
            return finish(&Reply::page(413, "Payload Too Large"), false, None);
        };
        let path = parts.uri.path().to_owned();
        let query_text = parts.uri.query().unwrap_or_default().to_owned();
        let host = parts.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("localhost").to_owned();
        let mut call = Call {
            method: parts.method,
            raw_path: path,
            segments: Vec::new(),
            query: query(&query_text),
            headers: parts.headers,
            body,
            caller: Caller::Anonymous,
            base: format!("http://{host}"),
        };
        if call.raw_path == "/_sim" || call.raw_path.starts_with("/_sim/") {
            let reply = self.control(&mut call);
            let reply = self.deliver(reply).await;
            return finish(&reply, false, None);
        }
        self.product(call, &query_text).await
    }

    fn control(&self, call: &mut Call) -> Reply {
        match segments(&call.raw_path) {
            Ok(parts) => call.segments = parts,
            Err(reply) => return reply,
        }
        self.world().apply_due();
        routes::control(self, call).unwrap_or_else(|error| error)
    }

    async fn product(&self, mut call: Call, query_text: &str) -> Response {
        let (latency, html_errors, at_ms) = {
            let world = self.world();
            (world.knobs.latency_ms, world.knobs.html_errors, world.now_ms())
        };
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        let strange = self.inside(&mut call).err();
        let asked = format!("{}?{query_text}", call.raw_path);
        let fault = lock(&self.0.faults).strike(call.method.as_str(), &call.raw_path, &asked);
        let mut entry = LogEntry {
            number: 0,
            at_ms,
            method: call.method.to_string(),
            path: call.raw_path.clone(),
            query: query_text.to_owned(),
            user: String::new(),
            status: 0,
        };
        if let Some(FaultKind::Hang { seconds }) = fault {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        let reply = match &fault {
            Some(FaultKind::DropBeforeEffect) => Reply::empty(500),
            Some(FaultKind::Status { status, body, retry_after }) => status_reply(*status, *body, *retry_after),
            Some(FaultKind::SilentNoEffect) => Reply::none(),
            Some(FaultKind::HtmlPage) => Reply::page(200, "Log in to continue"),
            _ => match strange {
                Some(reply) => reply,
                None => self.judge(&mut call, fault == Some(FaultKind::Anonymous), &mut entry),
            },
        };
        let reply = match &fault {
            Some(FaultKind::StatusAfterEffect { status, body }) => {
                let mut hidden = status_reply(*status, *body, None);
                hidden.wait_for = reply.wait_for;
                hidden
            }
            _ => reply,
        };
        let reply = self.deliver(reply).await;
        let dropped = matches!(fault, Some(FaultKind::DropBeforeEffect | FaultKind::DropAfterEffect));
        entry.status = if dropped { 0 } else { reply.status };
        lock(&self.0.log).push(entry);
        finish(&reply, html_errors, fault.as_ref())
    }

    /// Takes the context path off and the rest apart.
    fn inside(&self, call: &mut Call) -> Result<(), Reply> {
        let world = self.world();
        let context = world.knobs.context_path.trim_end_matches('/');
        // Crowd is a server of its own beside the wiki; it lives in the same process for convenience.
        let crowd = call.raw_path.starts_with("/crowd/");
        if !crowd {
            let rest = call.raw_path.strip_prefix(context).filter(|rest| rest.is_empty() || rest.starts_with('/'));
            let Some(rest) = rest else {
                return Err(Reply::page(404, "The requested resource is not available"));
            };
            call.raw_path = rest.to_owned();
        }
        call.segments = segments(&call.raw_path)?;
        call.base = if world.knobs.base_url.is_empty() {
            format!("{}{context}", call.base)
        } else {
            world.knobs.base_url.trim_end_matches('/').to_owned()
        };
        Ok(())
    }

    fn judge(&self, call: &mut Call, downgrade: bool, entry: &mut LogEntry) -> Reply {
        let mut world = self.world();
        world.apply_due();
        if call.segments.first().is_some_and(|first| first == "crowd") {
            "crowd application".clone_into(&mut entry.user);
            return routes::crowd(&mut world, call).unwrap_or_else(|error| error);
        }
        match auth::caller(&mut world, &call.headers) {
            Ok(_) if downgrade => call.caller = Caller::Anonymous,
            Ok(caller) => call.caller = caller,
            Err(reply) => return reply,
        }
        if let Caller::User(id) = call.caller {
            entry.user = world.user(id).username.to_string();
        }
        let now = world.now_ms();
        let limit = lock(&self.0.limiter).take(&world.knobs, call.caller, now);
        let headers = match limit {
            Ok(headers) => headers,
            Err(reply) => return reply,
        };
        let mut reply =
            check_write(&world, call).and_then(|()| routes::product(&mut world, call)).unwrap_or_else(|error| error);
        reply.headers.extend(headers);
        if let Caller::User(id) = call.caller {
            let name = percent_encoding::utf8_percent_encode(&world.user(id).username, percent_encoding::CONTROLS);
            reply.headers.push(("x-ausername", name.to_string()));
        }
        reply
    }

    /// Sends what the world wants to send. A reply that is about one of these requests waits for it.
    async fn deliver(&self, mut reply: Reply) -> Reply {
        let outbox = self.world().take_outbox();
        for delivery in outbox {
            let simulator = self.clone();
            tokio::spawn(async move {
                let outcome = deliver::send(&simulator, delivery).await;
                simulator.world().note_delivery(outcome);
            });
        }
        if let Some(delivery) = reply.wait_for.take() {
            let outcome = deliver::send(self, *delivery).await;
            if let Content::Json(serde_json::Value::Object(map)) = &mut reply.content {
                map.insert("delivery".to_owned(), serde_json::to_value(&outcome).unwrap_or_default());
            }
            self.world().note_delivery(outcome);
        }
        reply
    }
}

/// Refuses changes of a site that is read-only, and forged ones where the check is on.
fn check_write(world: &World, call: &Call) -> Result<(), Reply> {
    if matches!(call.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let token = call.header("x-atlassian-token").is_some_and(|value| matches!(value, "no-check" | "nocheck"));
    if world.knobs.xsrf_check && !token {
        return Err(Reply::page(403, "XSRF check failed"));
    }
    // Webhook and token administration stays possible; so does the test of a webhook.
    let exempt = matches!(
        call.segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
        ["rest", "api", "webhooks", ..] | ["rest", "pat", ..]
    );
    if world.access_mode() == AccessMode::ReadOnly && !exempt {
        return Err(Reply::error(world.knobs.read_only_status, "the site is in read-only mode"));
    }
    Ok(())
}

fn finish(reply: &Reply, html_errors: bool, fault: Option<&FaultKind>) -> Response {
    let (kind, mut bytes) = reply.render(html_errors);
    let cut = fault == Some(&FaultKind::Truncate);
    if cut {
        bytes.truncate(bytes.len() / 2);
    }
    let mut response = Response::new(Body::from(Bytes::from(bytes)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(kind) = kind {
        response.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    }
    for (name, value) in &reply.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(*name, value);
        }
    }
    if matches!(fault, Some(FaultKind::DropBeforeEffect | FaultKind::DropAfterEffect)) {
        // Over a socket the server closes it; in process the reader of the body gets the error.
        response.extensions_mut().insert(Dropped);
        let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "injected: the connection was dropped");
        *response.body_mut() = Body::new(Broken(Some(broken)));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
    }
    response
}

/// A body that fails at once.
struct Broken(Option<std::io::Error>);

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        std::task::Poll::Ready(self.0.take().map(Err))
    }
}
