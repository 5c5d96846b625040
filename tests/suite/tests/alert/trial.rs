//! Test messages.

use crate::chat::{Chat, Tapped, calm, failure};
use seatkeeper_engine::{
    alert::{self, Accepted, Notice, Retry, Trial},
    state::{self, AlertState, ChannelState},
    testing::block_on,
};
use seatkeeper_tests::{Lab, Tap};

fn test(lab: &Lab, chat: &Chat, channel: Option<&str>) -> Vec<Trial> {
    let tap = Tap::default();
    block_on(alert::test(&lab.store, &lab.clock, &Tapped(chat, &tap, lab), channel, "anna")).unwrap()
}

#[test]
fn a_test_goes_to_every_channel_at_once_and_says_what_each_answered() {
    let (lab, chat) = (calm(), Chat::default());
    let before = lab.store.entries();
    chat.always.borrow_mut().insert("slack".into(), Ok(Accepted { status: Some(200), pause: None }));
    chat.always.borrow_mut().insert("generic".into(), failure(Retry::Never, "refused with status 404"));
    let trials = test(&lab, &chat, None);
    assert_eq!(trials.len(), 2);
    assert_eq!((trials[0].channel.as_str(), trials[0].ok, trials[0].status), ("slack", true, Some(200)));
    assert_eq!((trials[1].ok, trials[1].text.as_str()), (false, "refused with status 404"));
    assert_eq!(chat.newest(), Notice::Test { by: "anna".into(), at: lab.now() });
    assert_eq!(lab.store.entries(), before, "a test leaves nothing behind that a tick could overwrite");
}

#[test]
fn a_test_of_one_channel_leaves_the_others_alone() {
    let (lab, chat) = (calm(), Chat::default());
    let trials = test(&lab, &chat, Some("generic"));
    assert_eq!(trials.iter().map(|trial| trial.channel.as_str()).collect::<Vec<_>>(), ["generic"]);
    assert_eq!(chat.received.borrow().len(), 1);
}

#[test]
fn a_test_of_a_channel_that_is_off_or_does_not_exist_says_so() {
    let (lab, chat) = (calm(), Chat::default());
    let off = &test(&lab, &chat, Some("teams"))[0];
    assert!(!off.ok && off.text.contains("`teams_origin`"), "{off:?}");
    let unknown = &test(&lab, &chat, Some("<script>"))[0];
    assert!(
        unknown.text.contains("slack, teams, generic") && !format!("{unknown:?}").contains("script"),
        "{unknown:?}"
    );
    chat.on.replace(Vec::new());
    assert_eq!(test(&lab, &chat, None), []);
}

#[test]
fn a_test_obeys_a_provider_that_asked_for_silence() {
    let (lab, chat) = (calm(), Chat::default());
    let closed = |until| {
        let slack = ChannelState { name: "slack".into(), closed_until: Some(until), ..ChannelState::default() };
        let alert = AlertState { channels: vec![slack], ..AlertState::default() };
        block_on(state::save(&lab.store, &state::alert(), &alert)).unwrap();
    };
    closed(lab.now() + chrono::TimeDelta::seconds(1));
    let trial = &test(&lab, &chat, Some("slack"))[0];
    assert!(!trial.ok && trial.text.contains("2026-11-22 12:00:01 UTC"), "{trial:?}");
    assert!(chat.tries.borrow().is_empty());
    closed(lab.now());
    assert!(test(&lab, &chat, Some("slack"))[0].ok);
}
