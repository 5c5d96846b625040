//! One notice of each kind, and the same with names that strangers chose.

use seatkeeper_chat::Console;
use seatkeeper_engine::{
    alert::{Notice, Unrestored},
    state::Tally,
    trouble::Trouble,
};
use seatkeeper_policy::{Forecast, Instant, SeatCount, SweepId, UserKey, report::Diagnosis};

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub fn console() -> Console {
    Console::parse("https://seats.example").unwrap().unwrap()
}

const NOW: &str = "2026-11-22T12:00:00Z";

fn plan() -> SweepId {
    SweepId::parse("20261122-120000").unwrap()
}

fn seats(used: u32) -> SeatCount {
    SeatCount { used, max: Some(500) }
}

fn unrestored(name: &str) -> Unrestored {
    Unrestored {
        key: UserKey::parse("4028b881908ab4bb01908ab4cc2e0001".to_owned()).unwrap(),
        name: name.to_owned(),
        why: "0 seats are free and 1 must stay free".to_owned(),
        at: at("2026-11-22T11:58:00Z"),
    }
}

fn run(stopped: Option<&str>) -> Notice {
    Notice::Run {
        plan: plan(),
        planned: 40,
        tally: Tally { reclaimed: 36, skipped: 3, failed: u32::from(stopped.is_some()) },
        before: Some(seats(487)),
        after: Some(seats(451)),
        diagnosis: Some(if stopped.is_some() { Diagnosis::NotFreed } else { Diagnosis::Freed }),
        stopped: stopped.map(str::to_owned),
        at: at(NOW),
    }
}

/// Every kind, with a name for its file.
pub fn every_notice() -> Vec<(&'static str, Notice)> {
    let now = at(NOW);
    let forecast = Forecast {
        days: 12,
        on: "2026-12-04".parse().unwrap(),
        micro_per_day: 1_083_333,
        since: "2026-10-26".parse().unwrap(),
        seats: seats(487),
    };
    let findings = vec![
        "account k1 must not be touched: it is exempt".to_owned(),
        "the last activity of 80 of 500 accounts is older than it was in the sweep before".to_owned(),
    ];
    let trouble = Trouble::new("unreachable", "failed to read seats: no answer in time");
    let why = "failed to read directory `hr`: status 503";
    vec![
        ("threshold", Notice::Seats { level: "percent-95".into(), seats: seats(487), at: now }),
        ("forecast", Notice::Forecast { forecast, within: 30, at: now }),
        ("run", run(None)),
        ("run-stopped", run(Some("the policy was set to dry run"))),
        ("blocked", Notice::Blocked { plan: plan(), findings, more: 0, at: now }),
        ("quarantine", Notice::Quarantine { plan: plan(), planned: 80, limit: 50, at: now }),
        (
            "approval",
            Notice::Approval {
                plan: plan(),
                planned: 40,
                emergency: false,
                expires: at("2026-11-25T12:00:00Z"),
                at: now,
            },
        ),
        (
            "emergency",
            Notice::Approval {
                plan: plan(),
                planned: 1,
                emergency: true,
                expires: at("2026-11-25T12:00:00Z"),
                at: now,
            },
        ),
        ("restore", Notice::Restores { people: vec![unrestored("jdoe")], more: 0, at: now }),
        ("restores", Notice::Restores { people: vec![unrestored("jdoe"), unrestored("mia")], more: 5, at: now }),
        ("directory", Notice::Directory { directory: "hr".into(), why: why.into(), at: now }),
        (
            "overdue",
            Notice::Overdue { last: Some(at("2026-11-20T02:00:00Z")), hours: 24, trouble: Some(trouble), at: now },
        ),
        ("overdue-first", Notice::Overdue { last: None, hours: 1, trouble: None, at: now }),
        ("test", Notice::Test { by: "anna".into(), at: now }),
    ]
}

/// A name with the markup of every channel, calls, links, controls and characters that turn the text around.
pub const HOSTILE: &str = "<!channel> <users/all> <@U1> <at>x</at> @everyone @here *b* _i_ ~s~ `c` ||x|| # h \
                           [Log in](http://evil.example) ](http://evil.example) www.evil.example <b>&amp;</b> \
                           <script>alert(1)</script>\r\n> second\u{0}\u{1b}[2J\u{2028}\u{202e}gnp.exe";

/// Notices whose names and details come from strangers.
pub fn hostile_notices() -> Vec<(&'static str, Notice)> {
    let now = at(NOW);
    let trouble = Trouble::new("refused", HOSTILE);
    vec![
        ("restores", Notice::Restores { people: vec![unrestored(HOSTILE)], more: 0, at: now }),
        ("blocked", Notice::Blocked { plan: plan(), findings: vec![HOSTILE.into(); 7], more: 3, at: now }),
        ("directory", Notice::Directory { directory: HOSTILE.into(), why: HOSTILE.into(), at: now }),
        ("overdue", Notice::Overdue { last: None, hours: 24, trouble: Some(trouble), at: now }),
    ]
}

/// The same with ten thousand characters, of one, two and four bytes, and with markup in every place.
pub fn endless_notices() -> Vec<Notice> {
    let now = at(NOW);
    let long = ["x".repeat(10_000), "ü&<*".repeat(2_500), "👍".repeat(10_000), "<>&*_[]`".repeat(1_250)];
    let mut notices = Vec::new();
    for text in long {
        let people = vec![unrestored(&text); 10];
        notices.push(Notice::Restores { people, more: 9_990, at: now });
        notices.push(Notice::Blocked { plan: plan(), findings: vec![text.clone(); 20], more: 980, at: now });
        notices.push(Notice::Directory { directory: text.clone(), why: text.clone(), at: now });
        let trouble = Some(Trouble::new("refused", text));
        notices.push(Notice::Overdue { last: None, hours: 24, trouble, at: now });
    }
    notices
}
