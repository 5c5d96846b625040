//! A directory of one's own: `GET /people/{id}` answers JSON about one person, 404 for nobody.

use crate::{
    answer::{Answer, Question},
    people::State,
    stand_in::StandIn,
};
use percent_encoding::percent_decode_str;
use serde_json::json;

pub(crate) fn answer(stand_in: &StandIn, question: &Question) -> Answer {
    let Some(id) = question.path.strip_prefix("/people/").filter(|id| !id.is_empty() && !id.contains('/')) else {
        return error(404, "no such resource");
    };
    let id = percent_decode_str(id).decode_utf8_lossy();
    let Some(person) = stand_in.by_any_name(&id) else { return error(404, "nobody has this name") };
    let state = match person.state {
        State::Active => "employed",
        State::Locked => "suspended",
        State::Disabled | State::Left => "left",
    };
    let seen = person.last_sign_in.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    let record = json!({"id": person.username, "employment": {"state": state}, "lastSeen": seen});
    Answer::json(200, &person.finish(record))
}

pub(crate) fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({"message": message}))
}
