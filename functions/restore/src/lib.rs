//! The restore component: `POST /hooks/login` takes signed login events and Confluence's own webhooks, and gives seats
//! back. The order is fixed: bounded body, then signature, then parsing, then handling.

use seatkeeper_confluence as confluence;
use seatkeeper_directories::CrowdSettings;
use seatkeeper_engine::{
    give_back::GivenBack,
    login::{self, Event, EventError, Handled},
    ports::Clock,
    state::StateError,
    sweep::Ports,
    tallies::{self, Counted, Requests, System},
    trouble::Trouble,
};
use seatkeeper_spin::{
    Answer, MAX_EVENT_BODY, Renamer, SpinClock, SpinHttp, SpinStore, Variables, VariablesError, connect, edge, log,
    read_body, respond::whole,
};
use seatkeeper_web::{Problem, Secret, Verified, respond, signature};
use spin_sdk::http::Request;

/// The one route.
const ROUTE: &str = "/hooks/login";

/// What the component is configured with.
struct Settings {
    confluence: confluence::Settings,
    crowd: Option<CrowdSettings>,
    /// The present secret of the signature, and the one before it while senders are changed over.
    secrets: Vec<Secret>,
}

async fn settings() -> Result<Settings, VariablesError> {
    let mut read = Variables::read([
        "confluence_origin",
        "confluence_context_path",
        "confluence_token",
        "confluence_user",
        "crowd_origin",
        "crowd_context_path",
        "crowd_application",
        "crowd_password",
        "hook_secret",
        "hook_secret_previous",
    ])
    .await;
    let (confluence, crowd) = (read.confluence(), read.crowd());
    let (present, previous) = (read.secret("hook_secret"), read.optional_secret("hook_secret_previous"));
    let settings = || {
        let secrets = std::iter::once(present?).chain(previous?).collect();
        Some(Settings { confluence: confluence?, crowd: crowd?, secrets })
    };
    read.finish(settings())
}

#[spin_sdk::http_service]
async fn handle(request: Request) -> Answer {
    whole(respond_to(request).await)
}

async fn respond_to(request: Request) -> http::Response<Vec<u8>> {
    if request.uri().path() != ROUTE {
        return Problem::not_found(request.uri().path()).into_response();
    }
    if request.method() != http::Method::POST {
        return Problem::method_not_allowed("POST").into_response();
    }
    let settings = match settings().await {
        Ok(settings) => settings,
        Err(error) => return edge::unconfigured(error),
    };
    let headers = request.headers().clone();
    let body = match read_body(request, MAX_EVENT_BODY).await {
        Ok(body) => body,
        Err(error) => return error.into_response(),
    };
    let verified = match signature::verify(&headers, &body, &settings.secrets) {
        Ok(verified) => verified,
        Err(error) => {
            log("event refused", &[("error.message", error.to_string().into())]);
            count("rejected", &Requests::default()).await;
            return error.into_response();
        }
    };
    let event = match parse(verified) {
        Ok(event) => event,
        Err(error) => {
            count("malformed", &Requests::default()).await;
            return malformed(&error);
        }
    };
    let requests = Requests::default();
    match run(settings, event, &requests).await {
        Ok(handled) => {
            tell(&handled);
            respond::json(http::StatusCode::OK, &handled)
        }
        Err(trouble) => {
            log(
                "event not handled",
                &[("error.code", trouble.code.as_str().into()), ("error.message", trouble.message.as_str().into())],
            );
            count("failed", &requests).await;
            edge::trouble(&trouble).into_response()
        }
    }
}

/// Counts an event that was refused or not handled. Without a store there is no count, and the answer is the same.
async fn count(result: &'static str, requests: &Requests) {
    if let Ok(store) = SpinStore::open().await {
        let _ = tallies::add_limited(&store, result, requests, SpinClock.now()).await;
    }
}

/// Nothing is parsed that was not verified.
fn parse(verified: Verified<'_>) -> Result<Event, EventError> {
    login::parse(verified.body())
}

fn malformed(error: &EventError) -> http::Response<Vec<u8>> {
    Problem::new(http::StatusCode::BAD_REQUEST, "event-malformed", "The event cannot be read")
        .detail(error.to_string())
        .next_step("Correct the sender; sending the same event again will not help.")
        .into_response()
}

async fn run(settings: Settings, event: Event, requests: &Requests) -> Result<Handled, Trouble> {
    let Settings { confluence, crowd, secrets: _ } = settings;
    let store = SpinStore::open().await.map_err(|source| StateError::Store { key: "default".into(), source })?;
    let http = |system| Counted::new(SpinHttp::default(), requests, system);
    let confluence = connect::confluence_by(http(System::Confluence), confluence);
    let rename = Renamer::by(http(System::Crowd), crowd);
    let ports = Ports { store: &store, confluence: &confluence, rename: &rename, clock: &SpinClock };
    login::handle_counting(&ports, event, &edge::runner(), requests).await
}

fn tell(handled: &Handled) {
    let (outcome, why) = match &handled.outcome {
        GivenBack::Restored { .. } => ("restored", ""),
        // Most events concern nobody whose seat was taken; a line for each of them would bury the others.
        GivenBack::Nothing { .. } => return,
        GivenBack::Waiting { why } => ("waiting", why.as_str()),
    };
    let user = handled.user.as_ref().map(|user| user.as_str().into());
    log(
        "event handled",
        &[("user.key", user.unwrap_or_default()), ("event.outcome", outcome.into()), ("event.reason", why.into())],
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_cannot_be_read_says_what_is_wrong_and_that_repeating_does_not_help() {
        let error = login::parse(b"{").unwrap_err();
        let answer = malformed(&error);
        assert_eq!(answer.status(), 400);
        let body = String::from_utf8(answer.into_body()).unwrap();
        assert!(body.contains("event-malformed") && body.contains("not an event"), "{body}");
    }

    #[test]
    fn only_a_verified_body_is_parsed() {
        let secret = Secret::new("hook_secret", "a-secret-for-the-tests").unwrap();
        let body = br#"{"event":"login","username":"jdoe"}"#;
        let signature = signature::sign(&secret, body);
        let headers = http::HeaderMap::from_iter([(
            http::HeaderName::from_static("x-hub-signature"),
            signature.parse().unwrap(),
        )]);
        let verified = signature::verify(&headers, body, [&secret]).unwrap();
        assert!(matches!(parse(verified), Ok(Event::Login { .. })));
    }
}
