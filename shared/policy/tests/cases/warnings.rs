//! Telling people first.

use super::*;
use seatkeeper_policy::{Notice, template};

fn notice(decided: i64, delivered: Option<i64>, undeliverable: bool) -> Notice {
    Notice { noticed: ago(decided), delivered: delivered.map(ago), undeliverable }
}

fn told(rules: &str, given: Notice) -> &'static str {
    let policy = file(&format!("inactive.after-days = 90\nwarn = {{ grace-days = 14, {rules} }}")).unwrap();
    code(&policy, &Account { notice: Some(given), ..idle("jdoe", 400, noon()) })
}

#[test]
fn case_64_without_an_address_the_policy_says_whether_a_person_decides_or_time_does() {
    let bounced = |days| notice(days, None, true);
    for days in [0, 14, 118] {
        assert_eq!(told("if-undeliverable = \"wait\"", bounced(days)), "warn/undeliverable");
    }
    assert_eq!(told("if-undeliverable = \"act\"", bounced(13)), "warn/grace");
    assert_eq!(told("if-undeliverable = \"act\"", bounced(14)), "reclaim/inactive");
    // After twice the grace period and ninety days nobody remembers, and it is tried again.
    assert_eq!(told("if-undeliverable = \"wait\"", bounced(119)), "warn/due");
    // Left out, a person decides.
    assert_eq!(told("quiet = false", bounced(100)), "warn/undeliverable");
    // A message that is on its way is not one that cannot arrive.
    assert_eq!(told("if-undeliverable = \"act\"", notice(100, None, false)), "warn/sending");
}

#[test]
fn case_56_a_warning_of_an_earlier_absence_does_not_count_for_this_one() {
    let policy = file("inactive.after-days = 90\nwarn = {}").unwrap();
    let mut subject = Account { notice: Some(notice(100, Some(100), false)), ..idle("jdoe", 400, noon()) };
    assert_eq!(code(&policy, &subject), "reclaim/inactive");
    subject.evidence.saw(sighting(95, Source::LoginEvent));
    assert_eq!(code(&policy, &subject), "warn/due");
}

#[test]
fn case_66_the_words_of_a_warning_are_checked_with_the_policy() {
    let with = |words: &str| format!("inactive.after-days = 90\nwarn = {{ {words} }}");
    assert_eq!(fields(&with("text = \"Dear {nmae}\"")), ["warn.text"]);
    assert_eq!(fields(&with("text = \" \"")), ["warn.text"]);
    assert_eq!(fields(&with("subject = \"until {date\"")), ["warn.subject"]);
    let all = template::NAMES.map(|name| format!("{{{name}}}")).join(" ");
    assert!(file(&with(&format!("text = \"{all}\""))).is_ok());
}
