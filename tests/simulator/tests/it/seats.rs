//! Seats that do not come free where one would think so: inherited memberships, duplicates, individual permissions.

use seatkeeper_simulator::world::{Change, DirectoryId, Shadow, World};
use serde_json::json;

use crate::client::{delete, get, send, site, site_of};

#[tokio::test]
async fn an_inherited_membership_is_not_removed_and_told_as_the_knob_says() {
    for (reaction, status) in [("silent-204", 204), ("404", 404), ("400", 400)] {
        let site = site(&[&format!("inherited_removal={reaction}"), "inherited_message=inherited, ask the parent"]);
        {
            let mut world = site.world();
            let id = world.find_user("script.kid").unwrap();
            let (users, inner) =
                (world.find_group("confluence-users").unwrap(), world.find_group("contractors-emea").unwrap());
            world.apply(None, id, Change::Leave(users));
            world.apply(None, id, Change::Join(inner));
        }
        let measure = |world: &World| (world.seats_used(), world.changes);
        let before = measure(&site.world());
        let answer = delete(&site, "/rest/api/user/script.kid/group/confluence-contractors").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.text.contains("inherited, ask the parent"), status != 204);
        assert_eq!(measure(&site.world()), before);
        let groups = get(&site, "/_sim/users/script.kid").await.json()["nestedGroups"].clone();
        assert!(groups.as_array().unwrap().contains(&json!("confluence-contractors")));
        // Nowhere near the group is another matter: that stays silent.
        assert_eq!(delete(&site, "/rest/api/user/script.kid/group/engineering").await.status, 204);
    }
}

#[tokio::test]
async fn a_duplicate_in_a_lower_directory_keeps_the_seat_where_the_knob_says_so() {
    for (keeps, freed) in [("true", 0), ("false", 1)] {
        let site = site(&[&format!("shadows_keep_seat={keeps}")]);
        {
            let mut world = site.world();
            let id = world.find_user("script.kid").unwrap();
            let groups = vec![world.find_group("confluence-users").unwrap()];
            world.add_shadow(id, Shadow { directory: DirectoryId(1), active: true, created_ms: 0, groups });
        }
        let before = site.world().seats_used();
        assert_eq!(delete(&site, "/rest/api/user/script.kid/group/confluence-users").await.status, 204);
        assert_eq!(site.world().seats_used(), before - freed, "{keeps}");
        let person = get(&site, "/rest/api/user?username=script.kid&expand=status").await.json();
        assert_eq!(person["status"], "unlicensed", "what everybody sees is the first directory");
        let told = get(&site, "/_sim/users/script.kid").await.json();
        assert_eq!(told["shadowedIn"][0]["directory"], "Corporate LDAP");
        assert_eq!(told["shadowedIn"][0]["groups"], json!(["confluence-users"]));
        assert_eq!(get(&site, "/_sim/state").await.json()["seats_of_shadows"], u32::from(keeps == "true"));
    }
}

#[tokio::test]
async fn generated_duplicates_are_told_with_the_directory_that_holds_them() {
    let site = site_of(5000, &[]);
    let told = get(&site, "/_sim/shadows").await.json();
    let told = told.as_array().unwrap();
    assert_eq!(told.len(), site.world().users().filter(|(_, user)| user.shadows > 0).count());
    assert!(told.len() > 20);
    let names: Vec<String> = site.world().directories.iter().map(|directory| directory.name.clone()).collect();
    let place = |name: &serde_json::Value| names.iter().position(|known| known == name.as_str().unwrap()).unwrap();
    for entry in told {
        let below = &entry["shadowedIn"][0];
        assert!(place(&below["directory"]) > place(&entry["directory"]), "{entry}");
    }
    assert!(told.iter().any(|entry| entry["shadowedIn"][0]["active"] == false));
}

#[tokio::test]
async fn duplicates_of_leavers_count_and_nobody_counts_twice() {
    let site = site_of(5000, &["shadows_keep_seat=true"]);
    let world = site.world();
    let listed = u32::try_from(world.seat_holders().len()).unwrap();
    assert!(world.seats_of_shadows() > 0);
    assert_eq!(world.seats_used(), listed + world.seats_of_shadows());
    assert!(world.seats_of_shadows() < u32::try_from(world.shadowed().count()).unwrap());
}

#[tokio::test]
async fn an_individual_permission_keeps_the_seat_when_every_group_is_left() {
    let site = site(&[]);
    let before = site.world().seats_used();
    let told =
        send(&site, "POST", "/_sim/users/script.kid", &json!({"grant": true, "leave": "confluence-users"})).await;
    assert_eq!((told.json()["seat"].as_bool(), site.world().seats_used()), (Some(true), before));
    let told = send(&site, "POST", "/_sim/users/script.kid", &json!({"grant": false})).await;
    assert_eq!((told.json()["seat"].as_bool(), site.world().seats_used()), (Some(false), before - 1));
}
