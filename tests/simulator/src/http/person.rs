//! How accounts and groups look on the wire.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

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

/// A person in a list.
pub(crate) fn person(world: &World, call: &Call, id: UserId) -> Map<String, Value> {
    let user = world.user(id);
    let mut map = Map::new();
    map.insert("type".to_owned(), "known".into());
    map.insert("username".to_owned(), user.username.as_ref().into());
    map.insert("userKey".to_owned(), user.key_text().into());
    map.insert(
        "profilePicture".to_owned(),
        json!({"path": "/images/icons/profilepics/default.svg", "width": 48, "height": 48, "isDefault": true}),
    );
    map.insert("displayName".to_owned(), user.display_name.as_ref().into());
    if world.knobs.shows_email() {
        map.insert("email".to_owned(), user.email_text().into());
    }
    map.insert("_links".to_owned(), json!({"self": call.link(&format!("/rest/api/user?key={}", user.key_text()))}));
    if call.expands("status") {
        map.insert("status".to_owned(), status_text(world, world.status(id)).into());
        map.insert("_expandable".to_owned(), json!({}));
    } else {
        map.insert("_expandable".to_owned(), json!({"status": ""}));
    }
    map
}

/// A person alone: the links name the base as well.
pub(crate) fn single(world: &World, call: &Call, id: UserId) -> Value {
    let mut map = person(world, call, id);
    if let Some(links) = map.get_mut("_links").and_then(Value::as_object_mut) {
        links.insert("base".to_owned(), call.base.as_str().into());
        links.insert("context".to_owned(), world.knobs.context_path.as_str().into());
    }
    Value::Object(map)
}

/// A seat holder, with its last login where the release tells it.
pub(crate) fn seat_holder(world: &World, call: &Call, id: UserId) -> Value {
    let mut map = person(world, call, id);
    let knobs = &world.knobs;
    if call.expands("lastLogin") && (knobs.version.has(Feature::LastLogin) || knobs.last_login_early) {
        match world.user(id).last_login_ms {
            Some(at) => {
                map.insert("lastLogin".to_owned(), moment(knobs.last_login_format, at));
            }
            None if knobs.never_format == NeverFormat::Null => {
                map.insert("lastLogin".to_owned(), Value::Null);
            }
            None => {}
        }
    }
    Value::Object(map)
}

fn moment(format: TimeFormat, at_ms: i64) -> Value {
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
