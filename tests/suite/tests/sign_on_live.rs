//! Signing in with a company account through the real components on our host, with a provider on a socket.
//!
//! What a provider can do wrong is tried in `shared/oidc/tests`; here it is what the component makes of it: cookies, pages,
//! sessions and the log. The components must be built (`cargo xtask build`) and so must the host.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation is a failed test")]

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use seatkeeper_tests::stage::{
    Answer, Install, Process, Running, Site, components_are_built,
    install::{our_host, prepare, start},
    tokens,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    thread,
};

const CLIENT: &str = "seatkeeper";
const SECRET: &str = "canary-oidc-secret-77ab0c";
const SESSION: &str = "__Host-seatkeeper=";
const TICKET: &str = "__Host-seatkeeper-sign-on=";

/// A provider on a socket. Codes lead to what goes into the token besides what every token has.
#[derive(Clone)]
struct Provider {
    origin: String,
    codes: Arc<Mutex<HashMap<String, (String, Value)>>>,
    /// Bytes that the answer with the keys has besides the keys.
    padding: Arc<Mutex<usize>>,
}

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

impl Provider {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        listener.set_nonblocking(true).unwrap();
        let provider = Self { origin, codes: Arc::default(), padding: Arc::default() };
        let router = Router::new()
            .route("/staff/.well-known/openid-configuration", get(configuration))
            .route("/staff/keys", get(keys))
            .route("/staff/token", post(token))
            .with_state(provider.clone());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        // The thread lives as long as the process.
        thread::spawn(move || {
            runtime.block_on(async move {
                axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await.unwrap();
            });
        });
        provider
    }

    /// Somebody signs in there: the query with which their browser is sent back.
    fn consents(&self, location: &str, claims: Value) -> String {
        let (address, query) = location.split_once('?').unwrap();
        assert_eq!(address, format!("{}/staff/authorize", self.origin));
        let sent: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        assert_eq!((sent["response_type"], sent["code_challenge_method"]), ("code", "S256"));
        let mut codes = self.codes.lock().unwrap();
        let code = format!("canary-code-{}", codes.len());
        let mut claims = claims;
        claims["nonce"] = sent["nonce"].into();
        codes.insert(code.clone(), (sent["code_challenge"].to_owned(), claims));
        format!("code={code}&state={}", sent["state"])
    }
}

async fn configuration(State(provider): State<Provider>) -> Json<Value> {
    let issuer = format!("{}/staff", provider.origin);
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    let point = key().verifying_key().to_sec1_point(false);
    let (x, y) = (URL_SAFE.encode(point.x().unwrap()), URL_SAFE.encode(point.y().unwrap()));
    let padding = " ".repeat(*provider.padding.lock().unwrap());
    Json(json!({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "kid": "1", "x": x, "y": y}], "padding": padding}))
}

async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let refused = |code| (StatusCode::BAD_REQUEST, Json(json!({ "error": code }))).into_response();
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    if headers.get("authorization").is_none_or(|sent| *sent != basic) {
        return refused("invalid_client");
    }
    let Some((challenge, mut claims)) = provider.codes.lock().unwrap().remove(&form["code"]) else {
        return refused("invalid_grant");
    };
    if URL_SAFE.encode(Sha256::digest(&form["code_verifier"])) != challenge {
        return refused("invalid_grant");
    }
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).timestamp();
    claims["iss"] = format!("{}/staff", provider.origin).into();
    claims["aud"] = CLIENT.into();
    claims["iat"] = now.into();
    claims["exp"] = (now + 300).into();
    let part = |value: &Value| URL_SAFE.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "1"})), part(&claims));
    let signature: Signature = key().sign(text.as_bytes());
    let token = format!("{text}.{}", URL_SAFE.encode(signature.to_bytes()));
    let body = json!({"access_token": "canary-access-token", "token_type": "Bearer", "id_token": token});
    Json(body).into_response()
}

struct Stage {
    provider: Provider,
    process: Process,
    running: Running,
    install: Install,
    _folder: tempfile::TempDir,
}

fn stage() -> Stage {
    components_are_built().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(50, &tokens().confluence).unwrap();
    let provider = Provider::start();
    let mut process = prepare(our_host(&[]).unwrap(), folder.path(), &site, &tokens(), false).unwrap();
    for (name, value) in [
        ("oidc_origin", provider.origin.as_str()),
        ("oidc_path", "/staff"),
        ("oidc_client_id", CLIENT),
        ("oidc_client_secret", SECRET),
        ("oidc_roles", "groups:seat-admins=admin;groups:seat-readers=viewer"),
        ("console_url", "https://seats.example.com"),
    ] {
        process.variables.push((name.to_owned(), value.to_owned()));
    }
    let (running, install) = start(&process, &tokens()).unwrap();
    Stage { provider, process, running, install, _folder: folder }
}

/// What a browser keeps of an answer's cookies with this beginning.
fn cookie(answer: &Answer, start: &str) -> Option<String> {
    let set = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    set.filter(|set| set.starts_with(start)).map(|set| set.split(';').next().unwrap().to_owned()).next()
}

impl Stage {
    fn get(&self, path: &str, cookie: &str) -> Answer {
        self.install.anyone.send("GET", path, &[("cookie", cookie), ("accept", "text/html")], None).unwrap()
    }

    /// The link on the sign-in page: where the browser goes, and what it keeps.
    fn begin(&self, next: &str) -> (String, String) {
        let answer = self.get(&format!("/admin/sign-in/oidc?next={next}"), "").expect(303).unwrap();
        (answer.header("location").to_owned(), cookie(&answer, TICKET).unwrap())
    }

    fn back(&self, query: &str, cookie: &str) -> Answer {
        let answer = self.get(&format!("/admin/sign-in/oidc/return?{query}"), cookie);
        assert_eq!(forgotten(&answer), 1, "the sign-in under way is forgotten whatever came of it");
        answer
    }

    fn sign_in(&self, claims: Value) -> Answer {
        let (location, ticket) = self.begin("%2Freport%2Fruns");
        self.back(&self.provider.consents(&location, claims), &ticket)
    }
}

fn forgotten(answer: &Answer) -> usize {
    let set = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    set.filter(|set| set.starts_with(&format!("{TICKET};")) && set.contains("Max-Age=0")).count()
}

fn ada() -> Value {
    json!({"sub": "00u1", "preferred_username": "ada@example.com", "groups": ["all", "seat-admins"]})
}

#[test]
fn somebody_of_the_company_signs_in_and_comes_to_the_page_they_wanted_with_their_name_and_role() {
    let stage = stage();
    let page = stage.get("/admin/sign-in?next=%2Freport%2Fruns", "").expect(200).unwrap();
    assert!(page.text().unwrap().contains("href=\"/admin/sign-in/oidc?next=%2Freport%2Fruns\""));
    let answer = stage.sign_in(ada()).expect(303).unwrap();
    assert_eq!(answer.header("location"), "/report/runs");
    let session = cookie(&answer, SESSION).unwrap();
    let page = stage.get("/report/runs", &session).expect(200).unwrap();
    let text = page.text().unwrap();
    assert!(text.contains("ada@example.com") && text.contains(">admin<"), "{text}");
    // The session changes something, as any other one does.
    let form = text.split("name=\"form-token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let headers = [("cookie", session.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let body = format!("form-token={form}&why=maintenance&back=%2Freport");
    stage.install.anyone.send("POST", "/admin/stop", &headers, Some(body.as_bytes())).unwrap().expect(303).unwrap();
    let audit = stage.install.report.get("/report/audit.csv").unwrap();
    assert!(audit.text().unwrap().contains("ada@example.com"), "{}", audit.text().unwrap());

    // Nobody elsewhere is led to another site.
    let (location, ticket) = stage.begin("https%3A%2F%2Fevil.example");
    let answer = stage.back(&stage.provider.consents(&location, ada()), &ticket).expect(303).unwrap();
    assert_eq!(answer.header("location"), "/report");

    // Switched off, it ends every such session at once, and its addresses are gone.
    let Stage { mut process, running, .. } = stage;
    let said = running.stop().unwrap();
    for canary in [SECRET, "canary-code", "canary-access-token", "eyJ", session.split_once('=').unwrap().1] {
        assert!(!said.contains(canary), "{canary} is in the log:\n{said}");
    }
    assert!(said.contains("somebody signed in"), "{said}");
    process.variables.retain(|(name, _)| name != "oidc_origin");
    let (_running, install) = start(&process, &tokens()).unwrap();
    let get =
        |path: &str| install.anyone.send("GET", path, &[("cookie", &session), ("accept", "text/html")], None).unwrap();
    get("/report/runs").expect(401).unwrap();
    get("/admin/sign-in/oidc").expect(404).unwrap();
    assert!(!get("/admin/sign-in").text().unwrap().contains("company account"));
}

#[test]
fn whoever_may_not_in_is_told_why_on_a_page_and_gets_no_session() {
    let stage = stage();
    let (location, ticket) = stage.begin("%2Freport");
    let state = location.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let (_, other) = stage.begin("%2Freport");
    let query = stage.provider.consents(&location, ada());
    let attack = format!("error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E&state={state}");
    let cases = [
        (stage.back(&query, ""), 400, "not begun in this browser"),
        (stage.back(&query, &other), 400, "not begun in this browser"),
        (stage.back(&attack, &ticket), 403, "access_denied (&#60;script&#62;"),
        (stage.back(&attack, &other), 400, "not begun in this browser"),
        (stage.back("code=%ff&code=x", &ticket), 400, "cannot be read"),
        (stage.sign_in(json!({"sub": "00u2", "email": "bert@example.com", "groups": ["all"]})), 403, "oidc_roles"),
        (stage.sign_in(json!({"sub": "00u3", "preferred_username": "ANNA", "groups": ["seat-admins"]})), 403, "people"),
    ];
    for (answer, status, told) in cases {
        let (asked, text) = (answer.asked.clone(), answer.text().unwrap().to_owned());
        assert_eq!(answer.status.as_u16(), status, "{asked}: {text}");
        assert!(text.contains(told) && !text.contains("<script>alert"), "{asked}: {text}");
        assert!(answer.header("content-type").starts_with("text/html"), "{asked}");
        assert_eq!(cookie(&answer, SESSION), None, "{asked}");
    }
    // The same return once more, after it was used.
    assert_eq!(stage.back(&query, &ticket).status, 303);
    let again = stage.back(&query, &ticket);
    assert_eq!((again.status.as_u16(), cookie(&again, SESSION)), (502, None));

    *stage.provider.padding.lock().unwrap() = 300_000;
    let answer = stage.get("/admin/sign-in/oidc", "").expect(502).unwrap();
    assert!(answer.text().unwrap().contains("larger than"), "{}", answer.text().unwrap());
    let said = stage.running.output();
    assert!(said.contains("somebody could not sign in"), "{said}");
    for canary in [SECRET, "canary-code", "canary-access-token"] {
        assert!(!said.contains(canary), "{canary} is in the log:\n{said}");
    }
}

#[test]
fn variables_that_do_not_fit_are_named_and_nobody_is_let_in_by_half_a_configuration() {
    let stage = stage();
    let Stage { mut process, running, .. } = stage;
    drop(running);
    for (name, value) in &mut process.variables {
        if ["oidc_roles", "console_url"].contains(&name.as_str()) {
            value.clear();
        }
    }
    let (running, install) = start(&process, &tokens()).unwrap();
    install.anyone.get("/admin/sign-in/oidc").unwrap().expect(503).unwrap();
    let said = running.output();
    assert!(said.contains("oidc_roles") && said.contains("console_url") && !said.contains(SECRET), "{said}");
}
