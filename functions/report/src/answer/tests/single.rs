//! One account, one plan, the runs, and what every page says first.

use super::*;
use crate::testing::{blocked_by, every_obstacle, sweep};
use chrono::TimeDelta;
use seatkeeper_engine::{
    sources::Owned,
    state::{Outcome, OwnedBy, PlanHead, Run, Stop},
};
use seatkeeper_policy::{
    Decision, Emergency, SeatCount, Source, Username, WarnState,
    account::{Notice, Sighting},
    report::Diagnosis,
};

fn change_run(store: &MemoryStore, change: impl FnOnce(&mut Run)) {
    let mut run = block_on(state::load(store, &state::run(&sweep()))).unwrap().unwrap();
    change(&mut run);
    block_on(state::save(store, &state::run(&sweep()), &run)).unwrap();
}

fn own(store: &MemoryStore, name: &str, space: &str) {
    let account = judged(name, None).account;
    let owned = Owned { personal_space: Some(format!("~{space}")), sole_administrator_of: [space.to_owned()].into() };
    let list = vec![OwnedBy { key: account.key, username: account.username, owned, problem: None }];
    block_on(state::save(store, &state::owned(&sweep()), &list)).unwrap();
}

#[test]
fn an_account_is_explained_with_lines_evidence_paths_and_what_stands_in_the_way() {
    let mut account = blocked_by("anna", every_obstacle());
    account.account.evidence.saw(Sighting { at: now() - TimeDelta::days(300), source: Source::Import });
    let store = || published(std::slice::from_ref(&account));
    let (status, page) = get(store(), "/report/accounts/anna");
    assert_eq!(status, 200);
    assert_eq!(page.matches("newest, this one counts").count(), 1);
    let (newest, older) = (page.find("newest, this one counts").unwrap(), page.find("<td>imported file").unwrap());
    assert!(newest < older, "the newest comes first");
    for text in
        ["anna &#62; staff &#62; users &#62; can use", "remove or deactivate the account of this name in Internal"]
    {
        assert!(page.contains(text), "{text} is missing in {page}");
    }
    assert_eq!(get(store(), "/report/explain/anna").1, page);
    let told: serde_json::Value = serde_json::from_str(&get(store(), "/report/explain/anna.json").1).unwrap();
    assert_eq!(told["lines"].as_array().unwrap().len(), 5);
    assert_eq!(told["obstacles"][0]["code"], "individual-grant");
    assert_eq!(told["paths"][0], "anna > staff > users > can use");
    assert_eq!(told["account"]["evidence"].as_array().unwrap().len(), 2);
    for line in told["lines"].as_array().unwrap() {
        let line = line.as_str().unwrap().replace('\'', "&#39;").replace('>', "&#62;");
        assert!(page.contains(&line), "{line} is missing in {page}");
    }
}

#[test]
fn a_warned_account_tells_how_far_the_warning_has_come_and_what_it_owns() {
    let mut account = judged("anna", Some(200));
    account.account.notice = Some(Notice { noticed: now(), delivered: Some(now()), undeliverable: false });
    if let Decision::Reclaim(reason) = account.decision {
        account.decision = Decision::Warn { reason, state: WarnState::Grace { until: now() + TimeDelta::days(14) } };
    }
    let store = published(&[account]);
    own(&store, "anna", "DOCS");
    let (_, page) = get(copy(&store), "/report/accounts/anna");
    assert!(page.contains("the seat stays until 2026-12-06 12:00") && page.contains("~DOCS"), "{page}");
    let told: serde_json::Value = serde_json::from_str(&get(store, "/report/accounts/anna.json").1).unwrap();
    assert_eq!(
        (&told["notice"]["state"], &told["notice"]["delivered"]),
        (&"grace".into(), &"2026-11-22T12:00:00Z".into())
    );
    assert_eq!(told["owned"]["owned"]["sole-administrator-of"][0], "DOCS");
}

#[test]
fn a_plan_tells_ownership_predicted_and_measured_seats_and_what_still_holds_some() {
    let store = || {
        let store = published(&accounts());
        own(&store, "anna", "DOCS");
        store
    };
    let (_, waiting) = get(store(), "/report/plans/20261122-110000");
    assert!(waiting.contains("~DOCS") && waiting.contains("Looked up for 1 of 5 accounts"), "{waiting}");
    assert!(waiting.contains("<td class=\"number\">455</td>"), "460 in use and 5 planned: {waiting}");
    let (_, csv) = get(store(), "/report/plans/20261122-110000.csv");
    assert!(csv.lines().nth(1).unwrap().ends_with("take out of group users,~DOCS,DOCS,"), "{csv}");
    let measured = store();
    change_run(&measured, |run| {
        run.outcome = Outcome::Applied;
        run.tally.reclaimed = 5;
        run.after = Some(SeatCount { used: 457, max: Some(500) });
        run.diagnosis = Some(Diagnosis::NotFreed);
        run.left = [("silent-204".to_owned(), 2)].into();
    });
    let (_, page) = get(copy(&measured), "/report/plans/20261122-110000");
    for text in ["<td class=\"number\">3</td>", "fewer came free than planned", "silent-204", "nothing changed"] {
        assert!(page.contains(text), "{text} is missing in {page}");
    }
    let told: serde_json::Value = serde_json::from_str(&get(measured, "/report/plans/20261122-110000.json").1).unwrap();
    assert_eq!((told["seats"]["predicted"].as_u64(), told["seats"]["measured"].as_i64()), (Some(5), Some(3)));
    assert_eq!(told["left"][0]["code"], "silent-204");
    assert_eq!(told["plan"]["hash"], "5eed");
}

#[test]
fn runs_tell_who_was_warned_and_explain_each_seat_that_stayed_taken() {
    let codes = ["refused", "silent-204", "administrator", "nested", "duplicate-or-cache"];
    let store = || {
        let store = published(&accounts());
        change_run(&store, |run| {
            run.warned = 17;
            run.left = codes.iter().map(|code| ((*code).to_owned(), 1)).collect();
        });
        store
    };
    let (_, page) = get(store(), "/report/runs");
    assert!(page.contains("<td class=\"number\">17</td>"), "{page}");
    let told: serde_json::Value = serde_json::from_str(&get(store(), "/report/runs.json").1).unwrap();
    assert_eq!(told["runs"][0]["warned"], 17);
    let meanings: std::collections::BTreeSet<&str> =
        told["left"].as_array().unwrap().iter().map(|row| row["meaning"].as_str().unwrap()).collect();
    assert_eq!(meanings.len(), codes.len(), "each code has a sentence of its own");
    for meaning in meanings {
        assert!(page.contains(&meaning.replace('\'', "&#39;")), "{meaning}");
        assert!(!meaning.contains("does not know the code"), "{meaning}");
    }
}

#[test]
fn an_emergency_plan_is_marked_wherever_it_is_shown() {
    let store = || {
        let store = published(&accounts());
        let plan: PlanHead = block_on(state::load(&store, &state::plan(&sweep()))).unwrap().unwrap();
        let plan = PlanHead { emergency: Some(Emergency { seats: 400, idle_days: 21 }), ..plan };
        block_on(state::save(&store, &state::plan(&sweep()), &plan)).unwrap();
        store
    };
    for path in ["/report", "/report/runs", "/report/plans/20261122-110000"] {
        assert!(get(store(), path).1.contains(r#"<span class="tag emergency">emergency</span>"#), "{path}");
        assert!(!get(published(&accounts()), path).1.contains("tag emergency"), "{path}");
    }
    let (_, page) = get(store(), "/report/plans/20261122-110000");
    assert!(page.contains("down to 400 seats, from accounts that were not seen for 21 days"), "{page}");
}

#[test]
fn every_page_says_that_the_switch_is_pulled_and_that_the_newest_sweep_was_blocked() {
    let store = || {
        let store = published(&accounts());
        let stop = Some(Stop { by: HOSTILE.into(), at: now(), why: "wrong directory".into() });
        block_on(state::save(&store, &state::stop(), &stop)).unwrap();
        let findings = (0..9).map(|number| format!("finding {number} {HOSTILE}")).collect();
        change_run(&store, |run| run.outcome = Outcome::Blocked { findings });
        store
    };
    for path in PAGES.into_iter().chain(["/report/accounts/nobody", "/report/accounts?x=1"]) {
        let (_, page) = get(store(), path);
        assert!(page.contains("wrong directory") && page.contains("finding 4"), "{path}: {page}");
        assert!(page.contains("and 4 more") && !page.contains("finding 5"), "{path}");
        assert!(!page.contains("<script"), "{path} lets markup through");
        assert!(!get(published(&accounts()), path).1.contains("Everything is stopped"), "{path}");
    }
    let told: serde_json::Value = serde_json::from_str(&get(store(), "/report.json").1).unwrap();
    assert_eq!(told["stop"]["why"], "wrong directory");
}

#[test]
fn a_sweep_that_is_still_reading_does_not_hide_that_the_one_before_was_blocked() {
    let store = published(&accounts());
    change_run(&store, |run| run.outcome = Outcome::Blocked { findings: vec!["two accounts".into()] });
    let newer = seatkeeper_policy::SweepId::parse("20261122-120000").unwrap();
    let reading: Run = block_on(state::load(&store, &state::run(&sweep()))).unwrap().unwrap();
    let reading = Run { id: newer.clone(), outcome: Outcome::Running, report: None, ..reading };
    block_on(state::save(&store, &state::run(&newer), &reading)).unwrap();
    block_on(state::save(&store, &state::runs(), &vec![newer, sweep()])).unwrap();
    assert!(get(store, "/report/accounts").1.contains("The newest sweep was blocked"));
}

#[test]
fn a_banner_that_cannot_be_read_says_so_and_keeps_no_page_away() {
    let store = published(&accounts());
    store.put("stop", b"{");
    let (status, page) = get(store, "/report/accounts");
    assert_eq!(status, 200);
    assert!(page.contains("Whether everything stands still cannot be read"), "{page}");
}

#[test]
fn markup_in_evidence_ownership_and_codes_is_shown_as_text() {
    let mut account = blocked_by("anna", every_obstacle());
    account.account.username = Username::parse(HOSTILE).unwrap();
    account.account.email = Some(HOSTILE.into());
    account.account.directory = Some(HOSTILE.into());
    let store = || {
        let store = published(std::slice::from_ref(&account));
        own(&store, "anna", HOSTILE);
        change_run(&store, |run| run.left = [(HOSTILE.to_owned(), 1)].into());
        store
    };
    for path in ["/report/accounts/key-anna", "/report/plans/20261122-110000", "/report/runs"] {
        let (status, page) = get(store(), path);
        assert_eq!(status, 200, "{path}");
        assert!(page.contains("evil.example"), "{path} does not show it at all");
        assert!(!page.contains("<script"), "{path} lets markup through");
    }
}

/// A page as somebody sees it who signed in with this role.
fn seen_by(store: &MemoryStore, role: Role, path: &str) -> String {
    let person = Person { name: "Ada".into(), credential: "token:ada".into(), role };
    let session = Some(seatkeeper_engine::session::SessionId::new([1; 32]));
    let (route, format) =
        Route::find(path, &HeaderMap::from_iter([(header::ACCEPT, "text/html".parse().unwrap())])).unwrap();
    let caller = Caller { person, session, named: true };
    let answer = block_on(answer(copy(store), route, format, "", caller, now()));
    let body = block_on(answer.into_body().collect()).unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[test]
fn whoever_may_approve_is_led_to_the_form_and_everybody_else_to_the_command_line() {
    use seatkeeper_engine::state::{Checkpoint, Work};
    let store = published(&accounts());
    let checkpoint = Checkpoint { work: Some(Work::Await(crate::testing::sweep())), ..Checkpoint::default() };
    block_on(state::save(&store, &state::checkpoint(), &checkpoint)).unwrap();
    let (plan, overview) = ("/report/plans/20261122-110000", "/report");
    for role in [Role::Approver, Role::Admin] {
        let page = seen_by(&store, role, plan);
        assert!(page.contains("<a href=\"#answer\">") && page.contains("id=\"answer\""), "{page}");
        let first = seen_by(&store, role, overview);
        assert!(first.contains("/report/plans/20261122-110000#answer\">"), "{first}");
        assert!(!page.contains("seatkeeper apply") && !first.contains("seatkeeper apply"));
    }
    for path in [plan, overview] {
        let page = seen_by(&store, Role::Operator, path);
        assert!(page.contains("seatkeeper apply") && !page.contains("#answer"), "{path}");
    }
    // The forms that change the policy name its version.
    let store = crate::testing::with_policy(published(&accounts()), super::reports::POLICY);
    for path in ["/report/exemptions", "/report/accounts/anna"] {
        let page = seen_by(&store, Role::Admin, path);
        assert!(page.contains("name=\"version\" value=\"1\""), "{path}");
    }
}
