//! The two steps of signing in.

use crate::{
    SignOnError,
    error::short,
    line::{CallError, Line},
    person::person,
    settings::{Settings, trusted},
    ticket::Ticket,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue};
use openidconnect::{
    AuthType, AuthenticationFlow, AuthorizationCode, DiscoveryError, HttpRequest, PkceCodeChallenge, RequestTokenError,
    core::{
        CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Algorithm,
        CoreProviderMetadata, CoreResponseType,
    },
};
use seatkeeper_engine::{ports::Http, session::Person};
use seatkeeper_policy::Instant;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Signatures with a key that only the provider has. `none` and the ones with our own secret are not among them.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// How far the provider's clock may be ahead of or behind ours when it issues a token.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// How long after its end a token is still taken.
const LEEWAY: TimeDelta = TimeDelta::minutes(1);

/// A sign-in that has begun.
pub struct Begun {
    /// Where the browser goes.
    pub location: String,
    /// What it keeps meanwhile.
    pub cookie: HeaderValue,
}

/// Somebody whom the provider knows and who has a role here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Who.
    pub person: Person,
    /// The page they wanted; it has to be checked again.
    pub next: String,
}

/// Begins: asks the provider where people sign in, and makes the address for it.
pub async fn begin(
    http: &impl Http,
    settings: &Settings,
    random: [u8; 32],
    next: &str,
    now: Instant,
) -> Result<Begun, SignOnError> {
    let metadata = discover(http, settings).await?;
    if !trusted(metadata.authorization_endpoint().url()) {
        return Err(SignOnError::Provider("its authorization endpoint is not `https`".to_owned()));
    }
    let ticket = Ticket::new(random, next, now);
    let (state, nonce) = (ticket.state(&settings.key), ticket.nonce(&settings.key));
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&ticket.verifier(&settings.key));
    let client = CoreClient::from_provider_metadata(metadata, settings.client_id.clone(), None)
        .set_redirect_uri(settings.redirect.clone());
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let (location, _, _) = client
        .authorize_url(flow, || state, || nonce)
        .add_scopes(settings.scopes.iter().cloned())
        .set_pkce_challenge(challenge)
        .url();
    Ok(Begun { location: location.into(), cookie: ticket.cookie(&settings.key) })
}

/// Finishes: the provider has sent the browser back with this query.
pub async fn finish(
    http: &impl Http,
    settings: &Settings,
    headers: &HeaderMap,
    query: &str,
    now: Instant,
) -> Result<Finished, SignOnError> {
    let given = Given::parse(query)?;
    // Before anything else: whoever did not begin here gets no request sent and nothing repeated.
    let ticket = Ticket::read(headers, &settings.key, now).ok_or(SignOnError::NotBegun)?;
    if !ticket.is_answered_by(&settings.key, given.get("state").unwrap_or_default()) {
        return Err(SignOnError::NotBegun);
    }
    // RFC 9207: the answer of another provider was brought to us.
    if given.get("iss").is_some_and(|issuer| issuer != settings.issuer.as_str()) {
        return Err(SignOnError::Return("it is the answer of another provider"));
    }
    if let Some(error) = given.get("error") {
        let told = given.get("error_description").map(|told| format!(" ({told})")).unwrap_or_default();
        return Err(SignOnError::Refused(short(&format!("{error}{told}"))));
    }
    let code = given.get("code").filter(|code| !code.is_empty()).ok_or(SignOnError::Return("there is no code"))?;
    let metadata = discover(http, settings).await?;
    let token = exchange(http, settings, &metadata, code, &ticket).await?;
    let (subject, claims) = verified(settings, &metadata, &token, &ticket, now)?;
    Ok(Finished { person: person(settings, &subject, &claims)?, next: ticket.next().to_owned() })
}

/// What the provider says about itself, with its keys. The library compares the issuer.
async fn discover(http: &impl Http, settings: &Settings) -> Result<CoreProviderMetadata, SignOnError> {
    let line = Line { http, settings };
    let send = |request: HttpRequest| line.send(request);
    CoreProviderMetadata::discover_async(settings.issuer.clone(), &send).await.map_err(|error| match error {
        DiscoveryError::Request(error) => error.into(),
        DiscoveryError::Response(status, _, _) if status != http::StatusCode::OK => SignOnError::Unreachable(format!(
            "it answered {status} when asked for its configuration or its keys; check `oidc_origin` and `oidc_path`"
        )),
        DiscoveryError::Parse(error) => SignOnError::Provider(short(&error.to_string())),
        other => SignOnError::Provider(short(&other.to_string())),
    })
}

/// Exchanges the code. What the provider says is repeated only where it is an error by the book: anything else could hold
/// a token.
async fn exchange(
    http: &impl Http,
    settings: &Settings,
    metadata: &CoreProviderMetadata,
    code: &str,
    ticket: &Ticket,
) -> Result<CoreIdToken, SignOnError> {
    let secret = settings.secret_for_library();
    let client = CoreClient::from_provider_metadata(metadata.clone(), settings.client_id.clone(), Some(secret))
        .set_redirect_uri(settings.redirect.clone())
        .set_auth_type(authentication(metadata)?);
    let line = Line { http, settings };
    let send = |request: HttpRequest| line.send(request);
    let request = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .map_err(|_| SignOnError::Provider("it names no token endpoint".to_owned()))?
        .set_pkce_verifier(ticket.verifier(&settings.key));
    let tokens = request.request_async(&send).await.map_err(|error| match error {
        RequestTokenError::ServerResponse(told) => SignOnError::Exchange(short(&told.to_string())),
        RequestTokenError::Request(error @ CallError::Http(_)) => SignOnError::Unreachable(short(&error.to_string())),
        RequestTokenError::Request(error) => error.into(),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            SignOnError::Exchange("the answer of its token endpoint cannot be read".to_owned())
        }
    })?;
    let token = tokens.extra_fields().id_token().cloned();
    token.ok_or_else(|| SignOnError::Exchange("there is no ID token in its answer".to_owned()))
}

/// How we say who we are. Without a word it is `client_secret_basic` (OpenID Connect Discovery, section 3).
fn authentication(metadata: &CoreProviderMetadata) -> Result<AuthType, SignOnError> {
    let Some(methods) = metadata.token_endpoint_auth_methods_supported() else { return Ok(AuthType::BasicAuth) };
    if methods.contains(&CoreClientAuthMethod::ClientSecretBasic) {
        return Ok(AuthType::BasicAuth);
    }
    if methods.contains(&CoreClientAuthMethod::ClientSecretPost) {
        return Ok(AuthType::RequestBody);
    }
    Err(SignOnError::Provider("its token endpoint takes neither client_secret_basic nor client_secret_post".to_owned()))
}

/// The subject and all claims of a token that holds.
fn verified(
    settings: &Settings,
    metadata: &CoreProviderMetadata,
    token: &CoreIdToken,
    ticket: &Ticket,
    now: Instant,
) -> Result<(String, Map<String, Value>), SignOnError> {
    // The verifier for public clients knows no secret, so no token can be signed with it.
    let verifier = CoreIdTokenVerifier::new_public_client(
        settings.client_id.clone(),
        metadata.issuer().clone(),
        metadata.jwks().clone(),
    )
    .set_allowed_algs(ALGORITHMS)
    .set_time_fn(move || now - LEEWAY)
    .set_issue_time_verifier_fn(move |issued| {
        if (now - issued).abs() <= SKEW {
            return Ok(());
        }
        Err(format!("it was issued at {issued}, and our clock says {now}"))
    });
    let refused = |detail: &str| SignOnError::Token(short(detail));
    let claims = token.claims(&verifier, &ticket.nonce(&settings.key)).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        refused(&format!("{error}{cause}"))
    })?;
    // The library leaves this one to us: of several parties it has to be us for whom the token was made.
    if claims.authorized_party().is_some_and(|party| **party != *settings.client_id) {
        return Err(refused("it was made for another client"));
    }
    let subject = claims.subject().as_str().to_owned();
    // The same bytes once more: the library keeps the claims it knows apart from the others.
    let text = token.to_string();
    let payload = text.split('.').nth(1).and_then(|payload| BASE64_URL_SAFE_NO_PAD.decode(payload).ok());
    let claims = payload.and_then(|payload| serde_json::from_slice(&payload).ok());
    claims.map(|claims| (subject, claims)).ok_or_else(|| refused("its claims cannot be read"))
}

/// The parameters of a return. Providers add some of their own, so unknown ones are passed over.
struct Given(BTreeMap<String, String>);

impl Given {
    fn parse(query: &str) -> Result<Self, SignOnError> {
        const OURS: [&str; 5] = ["state", "code", "iss", "error", "error_description"];
        let pairs: Vec<(String, String)> =
            serde_html_form::from_str(query).map_err(|_| SignOnError::Return("it is no list of parameters"))?;
        let mut given = BTreeMap::new();
        for (name, value) in pairs {
            if OURS.contains(&name.as_str()) && given.insert(name, value).is_some() {
                return Err(SignOnError::Return("a parameter is there twice"));
            }
        }
        Ok(Self(given))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
