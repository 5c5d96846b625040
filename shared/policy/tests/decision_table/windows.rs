//! Every window, a second, a minute, an hour and six hours on both sides of its edge.

use super::*;

#[test]
fn the_window_of_inactivity_ends_to_the_second() {
    for days in [1, 35, 45, 90, 365, 3650] {
        // Young accounts stay, so the account must be older than the longest window.
        let policy = file(&format!("inactive.after-days = {days}"));
        let answer = |idle| {
            code(&policy, |a| {
                a.first_seen = noon() - TimeDelta::days(5_000);
                a.evidence = seen(idle);
            })
        };
        around(TimeDelta::days(days), answer, ["keep/recently-active", "keep/recently-active", "reclaim/inactive"]);
    }
}

#[test]
fn the_grace_after_a_restore_ends_to_the_second() {
    let answer = |ago| code(&policy(), |a| a.restored = Some(noon() - ago));
    around(TimeDelta::days(30), answer, ["keep/restored-recently", "reclaim/inactive", "reclaim/inactive"]);
}

#[test]
fn the_grace_after_an_activation_ends_to_the_second() {
    let answer = |ago| code(&policy(), |a| a.reenabled = Some(noon() - ago));
    around(TimeDelta::days(30), answer, ["keep/reenabled-recently", "reclaim/inactive", "reclaim/inactive"]);
}

#[test]
fn the_longer_of_two_graces_counts() {
    let both = |restored: i64, reenabled: i64| {
        code(&policy(), |a| {
            a.restored = Some(noon() - TimeDelta::days(restored));
            a.reenabled = Some(noon() - TimeDelta::days(reenabled));
        })
    };
    assert_eq!(both(31, 29), "keep/reenabled-recently");
    assert_eq!(both(29, 31), "keep/restored-recently");
    assert_eq!(both(31, 31), "reclaim/inactive");
}

#[test]
fn the_warm_up_ends_to_the_second_whatever_other_sources_say() {
    let policy = file("inactive.after-days = 90\nnever-logged-in.after-days = 60\nprotect.warm-up-days = 14");
    let change = |a: &mut Account, known: TimeDelta| {
        a.created = Some(noon() - TimeDelta::days(2_000));
        a.first_seen = noon() - known;
    };
    let edge = TimeDelta::days(14);
    around(edge, |known| code(&policy, |a| change(a, known)), ["keep/warm-up", "reclaim/inactive", "reclaim/inactive"]);
    let unseen = |known| {
        code(&policy, |a| {
            change(a, known);
            a.evidence = never();
        })
    };
    around(edge, unseen, ["keep/warm-up", "reclaim/never-logged-in", "reclaim/never-logged-in"]);
    // Warming up protects from a reclaim and hides nothing else.
    let active = code(&policy, |a| {
        change(a, TimeDelta::zero());
        a.evidence = seen(TimeDelta::days(1));
    });
    assert_eq!(active, "keep/recently-active");
    let blocked = code(&policy, |a| {
        change(a, TimeDelta::zero());
        a.obstacles = vec![Obstacle::Individual];
    });
    assert_eq!(blocked, "keep/warm-up");
}

#[test]
fn never_logged_in_counts_from_the_first_sight_to_the_second() {
    let answer = |known| {
        code(&policy(), |a| {
            a.evidence = never();
            a.first_seen = noon() - known;
        })
    };
    around(TimeDelta::days(60), answer, ["keep/young", "keep/young", "reclaim/never-logged-in"]);
    around(TimeDelta::days(30), answer, ["keep/young", "keep/young", "keep/young"]);
    assert_eq!(answer(TimeDelta::zero()), "keep/young");
}

#[test]
fn youth_protects_where_the_window_for_never_is_shorter() {
    let policy = file("inactive.after-days = 90\nnever-logged-in.after-days = 7");
    let answer = |known| {
        code(&policy, |a| {
            a.evidence = never();
            a.first_seen = noon() - known;
        })
    };
    around(TimeDelta::days(30), answer, ["keep/young", "reclaim/never-logged-in", "reclaim/never-logged-in"]);
    around(TimeDelta::days(7), answer, ["keep/young", "keep/young", "keep/young"]);
}

#[test]
fn the_earlier_of_creation_and_first_sight_tells_the_age() {
    let answer = |created: TimeDelta, known: TimeDelta| {
        code(&policy(), |a| {
            a.evidence = never();
            a.created = Some(noon() - created);
            a.first_seen = noon() - known;
        })
    };
    let new = TimeDelta::hours(1);
    let order = ["keep/young", "keep/young", "reclaim/never-logged-in"];
    // Created before our first sight: the creation counts.
    around(TimeDelta::days(60), |created| answer(created, new), order);
    // A creation after our first sight is contradicted by having seen it.
    around(TimeDelta::days(60), |known| answer(new, known), order);
}

#[test]
fn an_account_that_was_seen_after_our_first_sight_is_young_for_its_days() {
    // Only a short window can be over before youth is: 5 days of inactivity within 30 days of youth.
    let short = file("inactive.after-days = 5");
    let answer = |known| {
        code(&short, |a| {
            a.first_seen = noon() - known;
            a.evidence = seen(TimeDelta::days(6));
        })
    };
    around(TimeDelta::days(30), answer, ["keep/young", "reclaim/inactive", "reclaim/inactive"]);
    // A login before our first sight proves that the account is older than our knowledge of it.
    around(TimeDelta::days(6), answer, ["reclaim/inactive", "keep/young", "keep/young"]);
}

#[test]
fn two_servers_may_disagree_by_five_minutes_and_not_by_more() {
    let tolerance = TimeDelta::minutes(5);
    let ahead = |ahead: TimeDelta| code(&policy(), |a| a.evidence = seen(-ahead));
    around(tolerance, ahead, ["keep/recently-active", "keep/recently-active", "hold/activity-in-future"]);
    let first = |ahead| code(&policy(), |a| a.first_seen = noon() + ahead);
    around(tolerance, first, ["reclaim/inactive", "reclaim/inactive", "hold/first-seen-in-future"]);
}

#[test]
fn a_clock_that_went_back_takes_nothing() {
    for back in [TimeDelta::days(101), TimeDelta::days(300), TimeDelta::days(731), TimeDelta::days(3_650)] {
        let code = decide(&policy(), &jdoe(), &key("own"), noon() - back).code();
        assert!(!code.starts_with("reclaim"), "{back}: {code}");
    }
}

#[test]
fn no_login_is_older_than_confluence_itself() {
    let first = at("2004-01-01T00:00:00Z");
    let answer = |since: TimeDelta| {
        code(&policy(), |a| {
            a.evidence = Evidence::at(Sighting { at: first + since, source: Source::LastLogin });
        })
    };
    around(TimeDelta::zero(), answer, ["hold/activity-implausible", "reclaim/inactive", "reclaim/inactive"]);
    assert_eq!(answer(at("1970-01-01T00:00:00Z") - first), "hold/activity-implausible");
    // A broken value of one source does not hide what another knows.
    let both = code(&policy(), |a| {
        a.evidence = Evidence::at(Sighting { at: at("1970-01-01T00:00:00Z"), source: Source::LoginInfo });
        a.evidence.saw(Sighting { at: noon() - TimeDelta::days(1), source: Source::LastLogin });
    });
    assert_eq!(both, "keep/recently-active");
}

#[test]
fn an_exemption_ends_to_the_second() {
    let answer = |past: TimeDelta| code(&exempt(user("jdoe"), Some(noon() - past)), |_| {});
    around(TimeDelta::zero(), answer, ["keep/exempt", "reclaim/inactive", "reclaim/inactive"]);
}
