//! Who is asking: Basic, personal access token, or nobody.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;

use super::call::Caller;
use super::reply::Reply;
use crate::knobs::BadToken;
use crate::world::{Status, World};

/// Reads the `Authorization` header.
pub(crate) fn caller(world: &mut World, headers: &HeaderMap) -> Result<Caller, Reply> {
    let Some(header) = headers.get("authorization").and_then(|value| value.to_str().ok()) else {
        return Ok(Caller::Anonymous);
    };
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => bearer(world, token.trim()),
        Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => basic(world, pair.trim()),
        _ => Ok(Caller::Anonymous),
    }
}

fn bearer(world: &World, token: &str) -> Result<Caller, Reply> {
    let usable = |id: &_| matches!(world.status(*id), Status::Current | Status::Unlicensed);
    match world.secrets.owner_of(token, world.now_ms()).filter(usable) {
        Some(id) => Ok(Caller::User(id)),
        None if world.knobs.bad_token == BadToken::Anonymous => Ok(Caller::Anonymous),
        None => Err(Reply::page(401, "Unauthorized: the token is not valid")),
    }
}

/// Name and password of a Basic header.
pub(crate) fn basic_pair(encoded: &str) -> Option<(String, String)> {
    let bytes = BASE64_STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

fn basic(world: &mut World, encoded: &str) -> Result<Caller, Reply> {
    const REASON: &str = "x-seraph-loginreason";
    let failed = || Reply::page(401, "Basic Authentication Failure").header(REASON, "AUTHENTICATED_FAILED");
    let Some((name, password)) = basic_pair(encoded) else { return Err(failed()) };
    let Some(id) = world.find_user(&name) else { return Err(failed()) };
    let limit = world.knobs.captcha_after;
    let failures = world.secrets.failures.get(&id).copied().unwrap_or(0);
    if limit > 0 && failures >= limit {
        return Err(Reply::page(403, "Basic Authentication Failure: a CAPTCHA is required")
            .header(REASON, "AUTHENTICATION_DENIED"));
    }
    let right = world.secrets.passwords.get(&id).is_some_and(|known| *known == password);
    if right && matches!(world.status(id), Status::Current | Status::Unlicensed) {
        world.secrets.failures.remove(&id);
        return Ok(Caller::User(id));
    }
    world.secrets.failures.insert(id, failures.saturating_add(1));
    Err(failed())
}
