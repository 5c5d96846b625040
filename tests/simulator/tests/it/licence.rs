//! Seats: who takes one, and how the counts are told.

use seatkeeper_simulator::world::Change;

use crate::client::{delete, get, put, send, site, site_of};

async fn count(site: &seatkeeper_simulator::Simulator, what: &str) -> i64 {
    get(site, &format!("/rest/license/1.0/license/{what}")).await.json()["count"].as_i64().unwrap()
}

#[tokio::test]
async fn the_three_counts_agree() {
    let site = site(&[]);
    let (used, left, max) =
        (count(&site, "userCount").await, count(&site, "remainingSeats").await, count(&site, "maxUsers").await);
    assert_eq!(used, i64::from(site.world().seats_used()));
    assert_eq!(used + left, max);
    let details = get(&site, "/rest/license/1.0/license/details").await.json();
    assert_eq!(details["maximumNumberOfUsers"], max);
    assert_eq!(details["dataCenter"], true);
}

#[tokio::test]
async fn the_list_of_seat_holders_holds_exactly_the_counted_accounts() {
    let site = site_of(900, &[]);
    let page = get(&site, "/rest/api/admin/users/list/active?limit=1000&expand=status").await.json();
    assert_eq!(page["size"], count(&site, "userCount").await);
    assert!(page["results"].as_array().unwrap().iter().all(|person| person["status"] == "current"));
}

#[tokio::test]
async fn an_administrator_without_the_licence_group_keeps_the_seat() {
    let site = site(&[]);
    let before = count(&site, "userCount").await;
    assert_eq!(delete(&site, "/rest/api/user/admin/group/confluence-users").await.status, 204);
    assert_eq!(count(&site, "userCount").await, before);
}

#[tokio::test]
async fn a_seat_by_nesting_is_not_freed_by_leaving_the_outer_group() {
    let site = site(&[]);
    put(&site, "/rest/api/user/null/group/contractors-emea").await;
    let before = count(&site, "userCount").await;
    assert_eq!(delete(&site, "/rest/api/user/null/group/confluence-users").await.status, 204);
    assert_eq!(count(&site, "userCount").await, before);
    let groups = get(&site, "/rest/api/user/memberof?username=null").await.json();
    assert_eq!(groups["results"].as_array().unwrap().len(), 2, "inherited groups are listed");
    assert_eq!(delete(&site, "/rest/api/user/null/group/contractors-emea").await.status, 204);
    assert_eq!(count(&site, "userCount").await, before - 1);
}

#[tokio::test]
async fn shadowed_duplicates_are_counted_once() {
    let site = site_of(5000, &[]);
    let shadowed = {
        let world = site.world();
        world.users().filter(|(_, user)| user.shadows > 0 && user.has_seat()).map(|(id, _)| id).next().unwrap()
    };
    let before = site.world().seats_used();
    site.world().apply(None, shadowed, Change::Active(false));
    assert_eq!(site.world().seats_used(), before - 1);
}

#[tokio::test]
async fn cached_counts_are_old_until_their_time_is_up() {
    let site = site(&["seat_cache_seconds=300"]);
    let before = count(&site, "userCount").await;
    put(&site, "/rest/api/admin/user/null/disable").await;
    assert_eq!(count(&site, "userCount").await, before);
    site.world().clock.advance(299);
    assert_eq!(count(&site, "userCount").await, before);
    site.world().clock.advance(1);
    assert_eq!(count(&site, "userCount").await, before - 1);
}

#[tokio::test]
async fn an_unlimited_licence_is_told_in_each_of_its_spellings() {
    for value in [-1, 0, 2_147_483_647] {
        let site = site(&[&format!("unlimited_value={value}")]);
        site.world().max_users = None;
        assert_eq!(count(&site, "maxUsers").await, value);
        assert_eq!(count(&site, "remainingSeats").await, value);
    }
}

#[tokio::test]
async fn a_site_over_its_limit_turns_read_only_where_the_knob_says_so() {
    let site = site(&["over_limit_read_only=true"]);
    let used = site.world().seats_used();
    assert_eq!(get(&site, "/rest/api/accessmode").await.json(), "READ_WRITE");
    let body = serde_json::json!({"max_users": used - 1});
    assert_eq!(send(&site, "POST", "/_sim/license", &body).await.status, 200);
    assert_eq!(get(&site, "/rest/api/accessmode").await.json(), "READ_ONLY");
    assert_eq!(put(&site, "/rest/api/admin/user/null/disable").await.status, 403);
    assert_eq!(count(&site, "remainingSeats").await, -1);
}
