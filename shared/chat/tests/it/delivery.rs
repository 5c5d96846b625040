//! What is sent, and what every kind of answer means to the caller.

use chrono::{DateTime, TimeZone, Utc};
use futures::executor::block_on;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Response};
use seatkeeper_chat::{Channel, DeliveryClass, DeliveryError, Kind, Level, MailGateway, Message, deliver, mail};
use seatkeeper_engine::{
    alert::{Accepted, Retry, Undelivered, WarnError},
    ports::{Http, HttpError},
    state::Warning,
};
use seatkeeper_policy::{ReclaimReason, Source, UserKey, Username};
use seatkeeper_web::Secret;
use sha2::Sha256;
use std::{cell::RefCell, time::Duration};

const SECRET: &str = "the-secret-of-the-webhook";
const SLACK_PATH: &str = "/services/T000/B000/credential";

/// A receiver that always gives the same answer and remembers what it got.
struct Receiver {
    answer: Result<Response<Vec<u8>>, HttpError>,
    got: RefCell<Vec<Request<Vec<u8>>>>,
}

impl Receiver {
    fn new(status: u16, body: &str) -> Self {
        Self::with_header(status, body, "X-Nothing", "")
    }

    fn with_header(status: u16, body: &str, name: &str, value: &str) -> Self {
        let answer = Response::builder().status(status).header(name, value).body(body.as_bytes().to_vec()).unwrap();
        Self { answer: Ok(answer), got: RefCell::default() }
    }

    fn failing(error: HttpError) -> Self {
        Self { answer: Err(error), got: RefCell::default() }
    }
}

impl Http for Receiver {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        self.got.borrow_mut().push(request);
        self.answer.clone()
    }
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap()
}

fn message() -> Message {
    Message {
        title: "Seats are almost used up".into(),
        level: Level::Critical,
        text: vec!["487 of 500 seats are taken.".into()],
        facts: vec![("Free seats".into(), "13".into())],
        link: None,
        dedup_key: "seats/critical/2026-11-22".into(),
    }
}

fn to_slack() -> Channel {
    to(Kind::Slack)
}

fn to(kind: Kind) -> Channel {
    if kind == Kind::Webhook {
        return to_webhook();
    }
    Channel::chat(kind, "https://hooks.slack.com", SLACK_PATH).unwrap().unwrap()
}

fn to_webhook() -> Channel {
    let secret = Secret::new("webhook_secret", SECRET).unwrap();
    Channel::webhook("https://receiver.example:8443", "/hooks/seats?team=it", secret).unwrap().unwrap()
}

fn send(receiver: &Receiver, channel: &Channel) -> Result<Accepted, DeliveryError> {
    block_on(deliver(receiver, channel, &message(), now()))
}

fn class(receiver: &Receiver, channel: &Channel) -> DeliveryClass {
    send(receiver, channel).unwrap_err().class
}

const LATER: DeliveryClass = DeliveryClass::Later { after: None };

#[expect(clippy::unnecessary_wraps, reason = "what is compared with it is a result")]
fn arrived(status: u16) -> Result<Accepted, DeliveryError> {
    Ok(Accepted { status: Some(status), pause: None })
}

#[test]
fn slack_confirms_with_its_word_and_not_with_the_status_alone() {
    let receiver = Receiver::new(200, "ok");
    assert_eq!(send(&receiver, &to_slack()), arrived(200));
    let got = receiver.got.borrow();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].method(), "POST");
    assert_eq!(got[0].uri(), "https://hooks.slack.com/services/T000/B000/credential");
    assert_eq!(got[0].headers()["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(got[0].body()).unwrap();
    assert_eq!(body["text"], "Critical: Seats are almost used up");

    assert_eq!(class(&Receiver::new(200, "<html>log in</html>"), &to_slack()), LATER);
    assert_eq!(class(&Receiver::new(202, "ok"), &to_slack()), LATER);
}

#[test]
fn all_others_confirm_with_any_success() {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Slack) {
        for status in [200, 201, 202, 204] {
            assert_eq!(send(&Receiver::new(status, ""), &to(kind)), arrived(status), "{kind:?}: status {status}");
        }
    }
}

#[test]
fn an_old_webhook_of_teams_says_with_200_that_it_was_too_much() {
    let told = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429";
    assert_eq!(class(&Receiver::new(200, told), &to(Kind::Teams)), DeliveryClass::Throttled { after: None });
    assert_eq!(send(&Receiver::new(200, "1"), &to(Kind::Teams)), arrived(200));
}

/// This is how a receiver verifies a message; it uses nothing of Seatkeeper.
#[test]
fn a_receiver_can_verify_signature_and_time() {
    let receiver = Receiver::new(204, "");
    send(&receiver, &to_webhook()).unwrap();
    let got = receiver.got.borrow();
    let request = &got[0];
    assert_eq!(request.uri(), "https://receiver.example:8443/hooks/seats?team=it");

    let timestamp = request.headers()["X-Seatkeeper-Timestamp"].to_str().unwrap();
    let sent: i64 = timestamp.parse().unwrap();
    assert!((now().timestamp() - sent).abs() <= 300, "too old or from the future");

    let signature = request.headers()["X-Seatkeeper-Signature"].to_str().unwrap();
    let tag = hex::decode(signature.strip_prefix("sha256=").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(request.body());
    mac.verify_slice(&tag).unwrap();
}

#[test]
fn faults_that_may_pass_are_for_later() {
    for channel in Kind::ALL.map(to) {
        for status in [408, 425, 500, 502, 503, 504] {
            assert_eq!(class(&Receiver::new(status, "rollup_error"), &channel), LATER, "{channel:?}: status {status}");
        }
        assert_eq!(class(&Receiver::new(429, ""), &channel), DeliveryClass::Throttled { after: None });
        assert_eq!(class(&Receiver::failing(HttpError::Timeout), &channel), LATER);
        assert_eq!(class(&Receiver::failing(HttpError::Connection("reset".into())), &channel), LATER);
        assert_eq!(class(&Receiver::failing(HttpError::TooLarge { limit: 9 }), &channel), LATER);
    }
}

#[test]
fn a_requested_pause_is_understood_as_seconds_and_as_date_and_has_a_limit() {
    let cases = [
        ("30", Some(30)),
        ("Sun, 22 Nov 2026 12:02:00 GMT", Some(120)),
        ("Sun, 22 Nov 2026 11:00:00 GMT", Some(0)),
        ("99999999", Some(86400)),
        ("Sun, 22 Nov 2099 12:00:00 GMT", Some(86400)),
        ("soon", None),
        ("-5", None),
    ];
    for (value, seconds) in cases {
        let after = seconds.map(Duration::from_secs);
        for channel in Kind::ALL.map(to) {
            let receiver = |status| Receiver::with_header(status, "", "Retry-After", value);
            assert_eq!(class(&receiver(429), &channel), DeliveryClass::Throttled { after }, "{channel:?}: {value}");
            assert_eq!(class(&receiver(503), &channel), DeliveryClass::Later { after }, "{channel:?}: {value}");
        }
    }
}

#[test]
fn discord_tells_its_pause_in_a_header_or_in_json_and_spent_requests_with_a_success() {
    let after = |millis| DeliveryClass::Throttled { after: Some(Duration::from_millis(millis)) };
    for (body, millis) in [
        (r#"{"message": "You are being rate limited.", "retry_after": 64.57, "global": false}"#, 64_570),
        (r#"{"retry_after": 1.0}"#, 1_000),
        (r#"{"retry_after": 6457}"#, 6_457),
        (r#"{"retry_after": 1}"#, 1_000),
        (r#"{"retry_after": 1e12}"#, 86_400_000),
    ] {
        assert_eq!(class(&Receiver::new(429, body), &to(Kind::Discord)), after(millis), "{body}");
    }
    for body in ["", "<html>", r#"{"retry_after": "soon"}"#, r#"{"retry_after": -1.0}"#] {
        let nothing = DeliveryClass::Throttled { after: None };
        assert_eq!(class(&Receiver::new(429, body), &to(Kind::Discord)), nothing, "{body}");
    }
    let header = Receiver::with_header(429, r#"{"retry_after": 9.0}"#, "X-RateLimit-Reset-After", "1.25");
    assert_eq!(class(&header, &to(Kind::Discord)), after(1_250));

    let mut last = Receiver::with_header(204, "", "X-RateLimit-Reset-After", "2");
    last.answer.as_mut().unwrap().headers_mut().insert("X-RateLimit-Remaining", "0".parse().unwrap());
    let pause = Some(Duration::from_secs(2));
    assert_eq!(send(&last, &to(Kind::Discord)), Ok(Accepted { status: Some(204), pause }));
    let more = Receiver::with_header(204, "", "X-RateLimit-Remaining", "4");
    assert_eq!(send(&more, &to(Kind::Discord)), arrived(204));
}

#[test]
fn mattermost_tells_its_pause_in_a_header() {
    let receiver = Receiver::with_header(429, "limit exceeded", "X-RateLimit-Reset", "7");
    let after = Some(Duration::from_secs(7));
    assert_eq!(class(&receiver, &to(Kind::Mattermost)), DeliveryClass::Throttled { after });
}

#[test]
fn the_engine_learns_what_may_be_done() {
    let told = |receiver: &Receiver| Undelivered::from(send(receiver, &to(Kind::Teams)).unwrap_err());
    let wait = Some(Duration::from_secs(30));
    assert_eq!(told(&Receiver::with_header(429, "", "Retry-After", "30")).retry, Retry::Throttled(wait));
    assert_eq!(told(&Receiver::with_header(503, "", "Retry-After", "30")).retry, Retry::Later(wait));
    let refused = told(&Receiver::new(404, ""));
    assert_eq!((refused.retry, refused.status), (Retry::Never, Some(404)));
    assert!(refused.told.contains("`teams_path`"), "{refused}");
    assert_eq!(told(&Receiver::failing(HttpError::Timeout)).status, None);
}

#[test]
fn refusals_are_permanent_and_say_what_to_do() {
    let slack = [
        (400, "invalid_payload", "defect of Seatkeeper"),
        (403, "action_prohibited", "administrator of the Slack workspace"),
        (403, "invalid_token", "set `slack_path`"),
        (404, "channel_not_found", "no longer exists"),
        (404, "no_service", "removed or switched off"),
        (410, "channel_is_archived", "archived"),
        (404, "<script>", "check `slack_origin` and `slack_path`"),
        (302, "", "configure the final address"),
    ];
    for (status, body, advice) in slack {
        let error = send(&Receiver::new(status, body), &to_slack()).unwrap_err();
        assert_eq!(error.class, DeliveryClass::Permanent, "status {status}");
        assert!(error.detail.contains(advice), "{}", error.detail);
        assert!(!error.detail.contains("<script>"), "{}", error.detail);
    }
    for (status, advice) in
        [(401, "`webhook_secret`"), (404, "`webhook_path`"), (413, "too large"), (422, "see its log")]
    {
        let error = send(&Receiver::new(status, ""), &to_webhook()).unwrap_err();
        assert_eq!(error.class, DeliveryClass::Permanent, "status {status}");
        assert!(error.detail.contains(advice), "{}", error.detail);
    }
    for kind in [Kind::Teams, Kind::Mattermost, Kind::GoogleChat, Kind::Discord] {
        for status in [400, 401, 403, 404, 410, 413, 501] {
            let error = send(&Receiver::new(status, "<script>"), &to(kind)).unwrap_err();
            assert_eq!((error.class, error.status), (DeliveryClass::Permanent, Some(status)), "{kind:?}: {error}");
            assert!(!error.detail.contains("<script>"), "{error}");
            let (_, path) = kind.variables();
            assert!(!matches!(status, 404 | 410) || error.detail.contains(path), "{kind:?}: {error}");
        }
    }
    let denied = send(&Receiver::failing(HttpError::Denied), &to_slack()).unwrap_err();
    assert_eq!(denied.class, DeliveryClass::Permanent);
    assert!(denied.detail.contains("allowed_outbound_hosts"), "{}", denied.detail);
}

#[test]
fn the_credential_in_the_path_never_reaches_an_error() {
    let chatty = HttpError::Connection(format!("cannot reach https://hooks.slack.com{SLACK_PATH}: refused"));
    let error = send(&Receiver::failing(chatty), &to_slack()).unwrap_err();
    let shown = format!("{error} {error:?} {:?}", to_slack());
    assert!(!shown.contains("credential") && !shown.contains("T000"), "{shown}");
    assert_eq!(
        error.to_string(),
        "failed to deliver to slack at https://hooks.slack.com: \
         connection failed: cannot reach https://hooks.slack.com/***: refused"
    );
}

/// Addresses as the products hand them out, each with its credential.
const ADDRESSES: [(Kind, &str, &str, &str); 5] = [
    (Kind::Slack, "https://hooks.slack.com", "/services/T0AAAAAAA/B0BBBBBBB/cR3d3nt1al000000", "cR3d3nt1al000000"),
    (
        Kind::Teams,
        "https://prod-25.westeurope.logic.azure.com:443",
        "/workflows/3e0123456789/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers&sv=1.0&sig=cR3d3nt1al-_x",
        "cR3d3nt1al-_x",
    ),
    (Kind::Mattermost, "https://chat.example.com", "/hooks/cr3d3nt1alcr3d3nt1alcr3d3n", "cr3d3nt1alcr3d3nt1alcr3d3n"),
    (
        Kind::GoogleChat,
        "https://chat.googleapis.com",
        "/v1/spaces/AAAA/messages?key=AIzaKeyKeyKey&token=cR3d3nt1al%3D",
        "cR3d3nt1al%3D",
    ),
    (Kind::Discord, "https://discord.com", "/api/webhooks/1234567890/cR3d3nt1al_abcdef", "cR3d3nt1al_abcdef"),
];

#[test]
fn real_addresses_are_taken_whole_and_never_repeated_even_in_part() {
    for (kind, origin, path, credential) in ADDRESSES {
        let channel = Channel::chat(kind, origin, path).unwrap().unwrap();
        let receiver = Receiver::new(503, "");
        send(&receiver, &channel).unwrap_err();
        assert_eq!(receiver.got.borrow()[0].uri().to_string(), format!("{origin}{path}"));
        let part = path.split('?').next_back().unwrap();
        for text in [format!("{origin}{path}"), part.to_owned(), format!("token {credential} is wrong")] {
            for failure in [HttpError::Connection(text.clone()), HttpError::Connection(format!("a {text} b {text}"))] {
                let error = send(&Receiver::failing(failure), &channel).unwrap_err();
                let shown = format!("{error} {error:?} {channel:?}");
                assert!(!shown.contains(credential), "{kind:?}: {shown}");
            }
        }
        for status in [200, 302, 400, 401, 404, 429, 500] {
            if let Err(error) = send(&Receiver::new(status, path), &channel) {
                assert!(!format!("{error} {error:?}").contains(credential), "{kind:?}: {error}");
            }
        }
    }
}

fn warning(email: &str) -> Warning {
    Warning {
        key: UserKey::parse("k1".to_owned()).unwrap(),
        username: Username::parse("jdoe".to_owned()).unwrap(),
        display_name: "Jane Doe".into(),
        email: Some(email.into()),
        reason: ReclaimReason::Inactive { since: now(), source: Source::LastLogin },
        noticed: now(),
        subject: "Your licence".into(),
        text: "Log in.".into(),
        quiet: false,
    }
}

fn warn(receiver: &Receiver, email: &str) -> Result<(), WarnError> {
    let secret = Secret::new("mail_secret", SECRET).unwrap();
    let gateway = MailGateway::new("https://mail.example", "/in/very-secret", secret).unwrap().unwrap();
    block_on(mail::warn(receiver, &gateway, &warning(email), now()))
}

#[test]
fn a_warning_is_signed_like_every_other_message() {
    let receiver = Receiver::new(202, "");
    warn(&receiver, "jane.doe@example.com").unwrap();
    let got = receiver.got.borrow();
    let request = &got[0];
    assert_eq!(
        (request.method().as_str(), request.uri().to_string().as_str()),
        ("POST", "https://mail.example/in/very-secret")
    );
    let timestamp = request.headers()["X-Seatkeeper-Timestamp"].to_str().unwrap();
    let signature = request.headers()["X-Seatkeeper-Signature"].to_str().unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(request.body());
    mac.verify_slice(&hex::decode(signature.strip_prefix("sha256=").unwrap()).unwrap()).unwrap();
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!((body["event"].as_str(), body["to"].as_str()), (Some("licence-warning"), Some("jane.doe@example.com")));
}

#[test]
fn a_refused_warning_is_final_and_every_other_failure_is_for_later() {
    for status in [400, 410, 413, 422, 451] {
        let error = warn(&Receiver::new(status, "no"), "a@example.com").unwrap_err();
        assert!(matches!(error, WarnError::Never(_)), "status {status}: {error}");
    }
    for status in [302, 401, 403, 404, 405, 408, 429, 500, 503] {
        let error = warn(&Receiver::new(status, ""), "a@example.com").unwrap_err();
        assert!(matches!(error, WarnError::Later(_)), "status {status}: {error}");
    }
    for failure in [HttpError::Timeout, HttpError::Denied, HttpError::TooLarge { limit: 9 }] {
        assert!(matches!(warn(&Receiver::failing(failure), "a@example.com"), Err(WarnError::Later(_))));
    }
}

#[test]
fn a_person_without_a_usable_address_is_never_written_to() {
    let receiver = Receiver::new(202, "");
    let error = warn(&receiver, "jdoe@example.com\r\nBcc: all@example.com").unwrap_err();
    assert!(matches!(error, WarnError::Never(_)), "{error}");
    assert!(!error.to_string().contains("all@example.com"), "{error}");
    assert!(receiver.got.borrow().is_empty());
}

#[test]
fn the_gateways_path_never_reaches_an_error() {
    let chatty = HttpError::Connection("cannot reach https://mail.example/in/very-secret".into());
    let error = warn(&Receiver::failing(chatty), "a@example.com").unwrap_err().to_string();
    assert!(error.contains("https://mail.example") && !error.contains("very-secret"), "{error}");
}
