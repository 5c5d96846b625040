//! A provider in this process, with keys of its own, that can be made to do anything wrong.

use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Request, Response, header};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use rsa::{RsaPrivateKey, signature::SignatureEncoding, traits::PublicKeyParts};
use seatkeeper_engine::ports::{Http, HttpError};
use seatkeeper_oidc::{Begun, Finished, Raw, Settings, SignOnError, begin, finish};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

pub const ISSUER: &str = "https://login.example.com/realms/staff";
pub const CLIENT: &str = "seat keeper";
pub const SECRET: &str = "s3cr3t/of+the=client!";
pub const RETURN: &str = "https://seats.example.com/admin/sign-in/oidc/return";

/// How an ID token is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// ES256 with the provider's key.
    Well,
    /// RS256 with the provider's key.
    Rsa,
    /// ES256 with a key of somebody else.
    Foreign,
    /// ES256 with a key of somebody else, which the token brings along.
    BringsItsKey,
    /// `none`, without a signature.
    Not,
    /// HS256 with this text.
    Shared(&'static str),
    /// HS256 with the provider's public key.
    PublicAsSecret,
    /// Well, and changed afterwards.
    Changed,
}

/// Status and body, or none at all.
pub type Instead = Result<(u16, Vec<u8>), HttpError>;

/// The provider and what is wrong with it.
pub struct Provider {
    pub configuration: RefCell<Map<String, Value>>,
    pub signed: Cell<Signed>,
    pub claims: RefCell<Map<String, Value>>,
    /// Answers with this instead, by path.
    pub instead: RefCell<HashMap<String, Instead>>,
    pub asked: RefCell<Vec<String>>,
    /// The token endpoint wants the secret in the body.
    pub post: Cell<bool>,
    challenges: RefCell<HashMap<String, String>>,
    pub now: Cell<DateTime<Utc>>,
}

pub fn settings_with(change: impl FnOnce(&mut Raw<'_>)) -> Settings {
    let mut raw = Raw {
        origin: "https://login.example.com",
        path: "/realms/staff",
        client_id: CLIENT,
        client_secret: SECRET,
        scopes: "openid profile email",
        roles: "groups:sk-admins=admin;groups:sk-viewers=viewer",
        console_url: "https://seats.example.com",
        ..Raw::default()
    };
    change(&mut raw);
    Settings::parse(raw).unwrap()
}

pub fn settings() -> Settings {
    settings_with(|_| ())
}

fn key(of: u8) -> SigningKey {
    SigningKey::from_slice(&[of; 32]).unwrap()
}

fn rsa_key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1024).unwrap())
}

fn jwk(of: u8) -> Value {
    let point = key(of).verifying_key().to_sec1_point(false);
    let (x, y) = (URL_SAFE.encode(point.x().unwrap()), URL_SAFE.encode(point.y().unwrap()));
    json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "e1", "x": x, "y": y})
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("it is no object") };
    map
}

impl Default for Provider {
    fn default() -> Self {
        let configuration = json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "jwks_uri": format!("{ISSUER}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        });
        let claims = json!({"sub": "00u1", "preferred_username": "ada", "groups": ["sk-viewers", "other"]});
        Self {
            configuration: RefCell::new(object(configuration)),
            signed: Cell::new(Signed::Well),
            claims: RefCell::new(object(claims)),
            instead: RefCell::default(),
            asked: RefCell::default(),
            post: Cell::new(false),
            challenges: RefCell::default(),
            now: Cell::new("2026-11-23T08:00:00Z".parse().unwrap()),
        }
    }
}

/// A browser that was sent to the provider.
pub struct Browser {
    pub cookie: String,
    pub address: BTreeMap<String, String>,
}

impl Provider {
    pub fn set(&self, claim: &str, value: Value) {
        self.claims.borrow_mut().insert(claim.to_owned(), value);
    }

    pub fn says(&self, field: &str, value: Value) {
        self.configuration.borrow_mut().insert(field.to_owned(), value);
    }

    /// Somebody clicks on the link.
    pub fn start(&self, settings: &Settings, random: u8) -> Result<Browser, SignOnError> {
        let begun = begin(&self, settings, [random; 32], "/report/plan", self.now.get());
        let Begun { location, cookie } = seatkeeper_engine::testing::block_on(begun)?;
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let (_, query) = location.split_once('?').unwrap();
        Ok(Browser { cookie, address: serde_html_form::from_str(query).unwrap() })
    }

    /// They sign in at the provider; the query with which the browser comes back.
    pub fn consents(&self, browser: &Browser) -> String {
        let code = format!("code-{}", self.challenges.borrow().len());
        self.challenges.borrow_mut().insert(code.clone(), browser.address["code_challenge"].clone());
        self.claims.borrow_mut().entry("nonce").or_insert_with(|| browser.address["nonce"].clone().into());
        format!("code={code}&state={}&session_state=abc", browser.address["state"])
    }

    /// The browser comes back.
    pub fn back(&self, settings: &Settings, cookie: &str, query: &str) -> Result<Finished, SignOnError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        seatkeeper_engine::testing::block_on(finish(&self, settings, &headers, query, self.now.get()))
    }

    /// All of it.
    pub fn sign_in(&self, settings: &Settings) -> Result<Finished, SignOnError> {
        let browser = self.start(settings, 1)?;
        let query = self.consents(&browser);
        self.back(settings, &browser.cookie, &query)
    }

    fn token(&self) -> String {
        let now = self.now.get();
        let mut claims = object(json!({
            "iss": ISSUER,
            "aud": CLIENT,
            "iat": now.timestamp(),
            "exp": (now + TimeDelta::minutes(5)).timestamp(),
        }));
        claims.extend(self.claims.borrow().clone());
        claims.retain(|_, value| !value.is_null());
        let (head, signed) = match self.signed.get() {
            Signed::Rsa => (json!({"alg": "RS256", "kid": "r1"}), "rsa"),
            Signed::Not => (json!({"alg": "none"}), "none"),
            Signed::Shared(_) | Signed::PublicAsSecret => (json!({"alg": "HS256"}), "hmac"),
            Signed::BringsItsKey => (json!({"alg": "ES256", "kid": "e1", "jwk": jwk(9)}), "foreign"),
            Signed::Foreign => (json!({"alg": "ES256", "kid": "e1"}), "foreign"),
            Signed::Well | Signed::Changed => (json!({"alg": "ES256", "kid": "e1", "typ": "JWT"}), "well"),
        };
        let part = |value: &Value| URL_SAFE.encode(value.to_string());
        let text = format!("{}.{}", part(&head), part(&Value::Object(claims.clone())));
        let shared = |secret: &[u8]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        };
        let elliptic = |of| -> Vec<u8> {
            let signature: Signature = key(of).sign(text.as_bytes());
            signature.to_bytes().to_vec()
        };
        let signature = match (signed, self.signed.get()) {
            ("rsa", _) => {
                let key = rsa::pkcs1v15::SigningKey::<rsa::sha2::Sha256>::new(rsa_key().clone());
                rsa::signature::Signer::sign(&key, text.as_bytes()).to_vec()
            }
            ("hmac", Signed::Shared(secret)) => shared(secret.as_bytes()),
            ("hmac", _) => shared(key(7).verifying_key().to_sec1_point(false).as_bytes()),
            ("foreign", _) => elliptic(9),
            ("none", _) => Vec::new(),
            _ => elliptic(7),
        };
        if self.signed.get() == Signed::Changed {
            claims.insert("groups".into(), json!(["sk-admins"]));
            let changed = format!("{}.{}", part(&head), part(&Value::Object(claims)));
            return format!("{changed}.{}", URL_SAFE.encode(signature));
        }
        format!("{text}.{}", URL_SAFE.encode(signature))
    }

    /// The token endpoint: who asks, whether the code is known, and whether it was asked for by them. A code works once.
    fn exchange(&self, request: &Request<Vec<u8>>) -> (u16, Value) {
        let form: BTreeMap<String, String> = serde_html_form::from_bytes(request.body()).unwrap();
        let refused = |code: &str| (400, json!({"error": code, "error_description": format!("{code}, said {SECRET}")}));
        let encoded = |text: &str| serde_html_form::to_string([("x", text)]).unwrap()[2..].to_owned();
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET))));
        let known = if self.post.get() {
            form.get("client_id").map(String::as_str) == Some(CLIENT)
                && form.get("client_secret").map(String::as_str) == Some(SECRET)
        } else {
            request.headers().get("authorization").is_some_and(|sent| sent == &basic)
                && !form.contains_key("client_secret")
        };
        if !known {
            return refused("invalid_client");
        }
        if form["grant_type"] != "authorization_code" || form["redirect_uri"] != RETURN {
            return refused("invalid_request");
        }
        let Some(challenge) = self.challenges.borrow_mut().insert(form["code"].clone(), String::new()) else {
            return refused("invalid_grant");
        };
        if URL_SAFE.encode(Sha256::digest(&form["code_verifier"])) != challenge {
            return refused("invalid_grant");
        }
        (200, json!({"access_token": "an-access-token", "token_type": "Bearer", "id_token": self.token()}))
    }
}

impl Http for &Provider {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let uri = request.uri().to_string();
        self.asked.borrow_mut().push(uri.clone());
        let path = request.uri().path().strip_prefix("/realms/staff").unwrap_or_default().to_owned();
        let answer = |status: u16, body: Vec<u8>| {
            Response::builder().status(status).header("content-type", "application/json").body(body).unwrap()
        };
        if let Some(instead) = self.instead.borrow().get(&path) {
            return instead.clone().map(|(status, body)| answer(status, body));
        }
        let number = |number: &rsa::BigUint| URL_SAFE.encode(number.to_bytes_be());
        let (status, body) = match path.as_str() {
            "/.well-known/openid-configuration" => (200, Value::Object(self.configuration.borrow().clone())),
            "/keys" => {
                // Keys for other purposes and of unknown kinds are there too.
                let mut keys = vec![jwk(7), json!({"kty": "XYZ", "kid": "x"})];
                if self.signed.get() == Signed::Rsa {
                    let key = rsa_key();
                    keys.push(
                        json!({"kty": "RSA", "use": "sig", "kid": "r1", "n": number(key.n()), "e": number(key.e())}),
                    );
                }
                (200, json!({ "keys": keys }))
            }
            "/token" => self.exchange(&request),
            _ => (404, json!({"error": "not_found"})),
        };
        Ok(answer(status, body.to_string().into_bytes()))
    }
}
