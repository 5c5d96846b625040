//! How accounts and groups look on the wire.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};

use super::call::Call;
use crate::knobs::{NeverFormat, TimeFormat};
use crate::version::Feature;
use crate::world::{GroupId, Status, UserId, World, iso, iso_offset};

/// Everything that may not stand in a path segment as it is.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b';')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// A path segment, encoded.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The state as the API writes it.
pub(crate) fn status_text(world: &World, status: Status) -> &str {
    match status {
        Status::Current => "current",
        Status::Deactivated => "deactivated",
        Status::Unlicensed => "unlicensed",
        Status::ExternallyDeleted => &world.knobs.deleted_status,
    }
}

#[derive(Debug, Serialize)]
struct Picture {
    path: &'static str,
    width: u32,
    height: u32,
    #[serde(rename = "isDefault")]
    is_default: bool,
}

const PICTURE: Picture =
    Picture { path: "/images/icons/profilepics/default.svg", width: 48, height: 48, is_default: true };

#[derive(Debug, Serialize)]
struct SelfLink {
    #[serde(rename = "self")]
    this: String,
}

/// What the caller could have asked for and did not.
#[derive(Debug, Serialize)]
struct Expandable {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

/// A person in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    username: &'a str,
    user_key: String,
    profile_picture: Picture,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_login: Option<Value>,
    #[serde(rename = "_links")]
    links: SelfLink,
    #[serde(rename = "_expandable")]
    expandable: Expandable,
}

/// A person in a list.
pub(crate) fn person<'a>(world: &'a World, call: &Call, id: UserId) -> Person<'a> {
    let user = world.user(id);
    let user_key = user.key_text();
    let status = call.expands("status").then(|| status_text(world, world.status(id)));
    Person {
        kind: "known",
        username: &user.username,
        profile_picture: PICTURE,
        display_name: &user.display_name,
        email: world.knobs.shows_email().then(|| user.email_text()),
        status,
        last_login: None,
        links: SelfLink { this: format!("{}/rest/api/user?key={user_key}", call.base) },
        expandable: Expandable { status: status.is_none().then_some("") },
        user_key,
    }
}

/// A person alone: the links name the base as well.
pub(crate) fn single(world: &World, call: &Call, id: UserId) -> Value {
    let mut value = serde_json::to_value(person(world, call, id)).unwrap_or_default();
    if let Some(links) = value.get_mut("_links").and_then(Value::as_object_mut) {
        links.insert("base".to_owned(), call.base.as_str().into());
        links.insert("context".to_owned(), world.knobs.context_path.as_str().into());
    }
    value
}

/// A seat holder, with its last login where the release tells it.
pub(crate) fn seat_holder<'a>(world: &'a World, call: &Call, id: UserId) -> Person<'a> {
    let mut found = person(world, call, id);
    let knobs = &world.knobs;
    if call.expands("lastLogin") && (knobs.version.has(Feature::LastLogin) || knobs.last_login_early) {
        found.last_login = match world.user(id).last_login_ms {
            Some(at) => Some(moment(knobs.last_login_format, at)),
            None if knobs.never_format == NeverFormat::Null => Some(Value::Null),
            None => None,
        };
    }
    found
}

pub(crate) fn moment(format: TimeFormat, at_ms: i64) -> Value {
    match format {
        TimeFormat::Iso => iso(at_ms).into(),
        TimeFormat::IsoOffset => iso_offset(at_ms).into(),
        TimeFormat::EpochMs => at_ms.into(),
    }
}

/// The visitor without an account.
pub(crate) fn anonymous() -> Value {
    json!({
        "type": "anonymous",
        "profilePicture": {"path": "/images/icons/profilepics/anonymous.svg", "width": 48, "height": 48, "isDefault": true},
        "displayName": "Anonymous",
    })
}

/// A group.
pub(crate) fn group(world: &World, call: &Call, id: GroupId) -> Value {
    let name = &*world.group(id).name;
    json!({"type": "group", "name": name, "_links": {"self": call.link(&format!("/rest/api/group/{}", segment(name)))}})
}
