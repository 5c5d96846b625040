//! What `doctor` asks beyond the sweep: whether a browser can sign in, and whether messages arrive.

use serde::Deserialize;

use super::client::{Answer, Client};
use super::doctor::Check;
use super::exit::Failure;
use super::secrets::Role;

/// The page on which people sign in.
const SIGN_IN: &str = "/admin/sign-in";
/// Sends a test message to every channel.
const TEST: &str = "/alert/test";

/// Whether people can sign in to the pages with a browser.
pub(super) fn sign_in(client: &Client) -> Check {
    const ABOUT: &str = "sign-in";
    match client.visit(SIGN_IN) {
        Err(failure) => Check::failed(ABOUT, &failure),
        Ok(Answer { status: 200, .. }) if client.keeps_cookies() => Check::ok(ABOUT, "the page to sign in answers"),
        Ok(Answer { status: 200, .. }) => Check::warn(
            ABOUT,
            "the page to sign in answers, but a browser keeps no session over plain HTTP",
            "Put TLS in front of the instance, and name it with https:// in --url.",
        ),
        Ok(Answer { status: 401 | 404, .. }) => Check::warn(
            ABOUT,
            "this instance has no page to sign in; browsers ask for the report token instead",
            "Nothing has to be done; a newer version has the page.",
        ),
        Ok(answer) => Check::failed(ABOUT, &answer.failure(None)),
    }
}

/// `POST /alert/test`.
#[derive(Debug, Deserialize)]
struct Sent {
    channels: Vec<Channel>,
}

#[derive(Debug, Deserialize)]
struct Channel {
    #[serde(alias = "channel")]
    name: String,
    ok: bool,
    #[serde(alias = "text")]
    detail: Option<String>,
}

/// Sends a test to each channel and tells which took it.
pub(super) fn send_test(client: &Client) -> Vec<Check> {
    const ABOUT: &str = "test message";
    let answer = match client.wake(Role::Trigger, TEST) {
        Ok(answer) => answer,
        Err(failure) => return vec![Check::failed(ABOUT, &failure)],
    };
    if answer.status == 404 {
        return vec![Check::warn(
            ABOUT,
            "this instance cannot send one",
            "Check that the instance and this command have the same version.",
        )];
    }
    // Channels that refuse are told in the answer, whatever its status is.
    let sent: Result<Sent, Failure> = match answer.json(TEST) {
        Err(_) if !(200..300).contains(&answer.status) => {
            Err(answer.failure(client.secrets().find(Role::Trigger).ok().as_ref()))
        }
        read => read,
    };
    match sent {
        Err(failure) => vec![Check::failed(ABOUT, &failure)],
        Ok(Sent { channels }) if channels.is_empty() => vec![Check::warn(
            ABOUT,
            "no channel is configured, so nobody hears of anything",
            "Set the variables of a channel, such as slack_origin and slack_path.",
        )],
        Ok(Sent { channels }) => channels.iter().map(told).collect(),
    }
}

fn told(Channel { name, ok, detail }: &Channel) -> Check {
    const ABOUT: &str = "test message";
    let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    if *ok {
        Check::ok(ABOUT, format!("{name} took it{detail}"))
    } else {
        let next =
            format!("Check the variables of {name} in the instance, and that the address is reached from there.");
        Check::fail(ABOUT, format!("{name} did not take it{detail}"), next)
    }
}
