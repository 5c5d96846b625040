//! Sends webhooks and login events.

use std::time::Duration;

use axum::body::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::Simulator;
use crate::world::{Delivered, Delivery};

/// A receiver that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends one request and tells what came of it; there is no second attempt.
pub(super) async fn send(simulator: &Simulator, delivery: Delivery) -> Delivered {
    let at_ms = simulator.world().now_ms();
    let answer = match tokio::time::timeout(PATIENCE, post(&delivery)).await {
        Ok(Ok((status, body))) => (Some(status), body),
        Ok(Err(error)) => (None, format!("not delivered: {error:#}")),
        Err(_) => (None, format!("not delivered: no answer within {} seconds", PATIENCE.as_secs())),
    };
    Delivered {
        webhook: delivery.webhook,
        event: delivery.event,
        url: delivery.url,
        request_id: delivery.request_id,
        request_body: delivery.body,
        status: answer.0,
        response_body: answer.1,
        at_ms,
    }
}

async fn post(delivery: &Delivery) -> anyhow::Result<(u16, String)> {
    let mut request = Request::post(&delivery.url)
        .header("content-type", "application/json; charset=utf-8")
        .header("user-agent", "Atlassian HttpClient simulator / Confluence")
        .header("x-event-key", &delivery.event)
        .header("x-request-id", &delivery.request_id);
    if let Some(signature) = &delivery.signature {
        request = request.header("x-hub-signature", signature);
    }
    let request = request.body(Full::new(Bytes::from(delivery.body.clone())))?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
