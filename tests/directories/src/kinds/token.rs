//! A token endpoint for client credentials, at `/{anything}/oauth2/v2.0/token` and `/oauth/token`.

use crate::{
    answer::{Answer, Question, pairs},
    stand_in::StandIn,
};
use http::Method;
use serde_json::json;

pub(crate) fn is_token(question: &Question) -> bool {
    question.path.ends_with("/oauth2/v2.0/token") || question.path == "/oauth/token"
}

pub(crate) fn answer(stand_in: &StandIn, question: &Question) -> Answer {
    let form = question
        .headers
        .get("content-type")
        .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("application/x-www-form-urlencoded")));
    if question.method != Method::POST || !form {
        return refusal(400, "invalid_request", "AADSTS900144: The request body must contain a form.");
    }
    let pairs = pairs(&String::from_utf8_lossy(&question.body));
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    if get("grant_type") != "client_credentials" {
        return refusal(400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.");
    }
    if get("client_id") != stand_in.config().client_id {
        return refusal(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.");
    }
    if get("client_secret") != stand_in.config().client_secret {
        return refusal(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.");
    }
    let seconds = stand_in.config().token_seconds;
    let body = json!({
        "token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": stand_in.issue(),
    });
    Answer::json(200, &body)
}

pub(crate) fn refusal(status: u16, code: &str, description: &str) -> Answer {
    let body = json!({
        "error": code, "error_description": description, "error_codes": [7_000_215],
        "timestamp": "2026-11-23 06:00:00Z", "trace_id": "0000", "correlation_id": "0000",
    });
    Answer::json(status, &body)
}
