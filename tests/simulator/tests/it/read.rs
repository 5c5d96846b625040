//! Reading: persons, pages, groups, permissions, search, tokens, small resources.

use serde_json::{Value, json};

use crate::client::{ask, delete, get, put, send, site};

#[tokio::test]
async fn a_person_looks_as_the_product_writes_it() {
    let site = site(&["version=9.0", "context_path=/confluence"]);
    let person = get(&site, "/confluence/rest/api/user?username=K.M%C3%BCller&expand=status").await.json();
    let key = person["userKey"].as_str().unwrap();
    assert_eq!(key.len(), 32);
    assert_eq!(person["type"], "known");
    assert_eq!(person["username"], "k.müller");
    assert_eq!(person["displayName"], "Käthe Müller");
    assert_eq!(person["status"], "current");
    assert_eq!(person["profilePicture"]["width"], 48);
    assert_eq!(person["_links"]["base"], "http://wiki.example.com/confluence");
    assert_eq!(person["_links"]["context"], "/confluence");
    assert_eq!(person["_links"]["self"], format!("http://wiki.example.com/confluence/rest/api/user?key={key}"));
    assert!(person.get("email").is_none());
    let again = get(&site, &format!("/confluence/rest/api/user?key={key}")).await.json();
    assert_eq!(again["username"], "k.müller");
    assert_eq!(again["_expandable"]["status"], "");
}

#[tokio::test]
async fn unknown_and_unnamed_accounts_are_refused_with_the_error_object() {
    let site = site(&[]);
    let answer = get(&site, "/rest/api/user?username=nobody.here").await;
    assert_eq!(answer.status, 404);
    let error = answer.json();
    assert_eq!(error["statusCode"], 404);
    assert_eq!(error["reason"], "Not Found");
    assert_eq!(error["message"], "No user found with username: nobody.here");
    assert_eq!(error["data"]["successful"], false);
    assert_eq!(get(&site, "/rest/api/user").await.status, 400);
    assert_eq!(get(&site, "/rest/api/user/memberof?username=nobody.here").await.status, 404);
    assert_eq!(get(&site, "/rest/api/group/no-group/member").await.status, 404);
    assert_eq!(get(&site, "/rest/api/no/such/thing").await.status, 404);
}

#[tokio::test]
async fn pages_go_from_the_first_to_the_last_without_a_gap_and_lower_a_large_limit() {
    let site = site(&["user_list_cap=70", "total_count=true", "context_path=/wiki"]);
    let mut names: Vec<String> = Vec::new();
    let mut next = Some("/rest/api/user/list?limit=1000&expand=status".to_owned());
    while let Some(path) = next {
        let page = get(&site, &format!("/wiki{path}")).await.json();
        assert_eq!(page["limit"], 70);
        let results = page["results"].as_array().unwrap();
        assert_eq!(page["size"], results.len());
        assert_eq!(page["start"], names.len());
        assert_eq!(page["totalCount"], site.world().users_by_name().len());
        assert_eq!(page["_links"].get("prev").is_some(), !names.is_empty());
        names.extend(results.iter().map(|person| person["username"].as_str().unwrap().to_lowercase()));
        assert!(results.iter().all(|person| person["status"].is_string()));
        next = page["_links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(names.len(), site.world().users_by_name().len());
    assert!(names.is_sorted());
    names.dedup();
    assert_eq!(names.len(), site.world().users_by_name().len());
}

#[tokio::test]
async fn a_page_behind_the_end_is_empty_and_a_limit_that_is_no_number_is_refused() {
    let site = site(&[]);
    let page = get(&site, "/rest/api/group?start=100000").await.json();
    assert_eq!(page["size"], 0);
    assert!(page["_links"].get("next").is_none());
    assert_eq!(get(&site, "/rest/api/group?limit=many").await.status, 400);
    assert_eq!(get(&site, "/rest/api/group?start=-1").await.status, 400);
}

#[tokio::test]
async fn nested_groups_are_told_as_children_parents_and_ancestors() {
    let site = site(&[]);
    let names = |page: Value| -> Vec<String> {
        page["results"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap().to_owned()).collect()
    };
    let child = "/rest/api/group/contractors-emea";
    assert_eq!(
        names(get(&site, "/rest/api/group/confluence-contractors/groupmember").await.json()),
        ["contractors-emea"]
    );
    assert_eq!(names(get(&site, &format!("{child}/groupparent")).await.json()), ["confluence-contractors"]);
    assert_eq!(names(get(&site, &format!("{child}/groupancestor")).await.json()), ["confluence-contractors"]);
    let group = get(&site, "/rest/api/group/Marketing%20&%20S%C3%B6hne").await.json();
    assert_eq!(group["name"], "Marketing & Söhne");
}

#[tokio::test]
async fn permissions_name_both_licence_groups_the_administrators_and_the_single_person() {
    let site = site(&[]);
    let all = get(&site, "/rest/api/permissions").await.json();
    let holders: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["operation"] == json!({"targetType": "application", "operationKey": "use"}))
        .map(|entry| entry["subject"]["name"].as_str().or(entry["subject"]["username"].as_str()).unwrap())
        .collect();
    assert_eq!(
        holders,
        ["confluence-users", "confluence-contractors", "confluence-administrators", "individual.grant"]
    );
    let own = get(&site, "/rest/api/permissions/group/confluence-administrators").await.json();
    assert_eq!(own.as_array().unwrap().len(), 3);
    assert_eq!(get(&site, "/rest/api/permissions/group/none").await.status, 404);
}

#[tokio::test]
async fn revoking_use_takes_everything_and_frees_the_seats() {
    let site = site(&[]);
    let before = site.world().seats_used();
    let body = json!([{"targetType": "application", "operationKey": "use"}]);
    let path = "/rest/api/permissions/group/confluence-users";
    assert_eq!(send(&site, "PUT", &format!("{path}/revoke"), &body).await.status, 204);
    assert_eq!(get(&site, path).await.json(), json!([]));
    assert!(site.world().seats_used() < before);
    assert_eq!(send(&site, "PUT", &format!("{path}/grant"), &body).await.status, 204);
    assert_eq!(site.world().seats_used(), before);
    let replacement = json!([{"groupName": "confluence-contractors", "operations": [{"targetType": "space", "operationKey": "create"}]}]);
    assert_eq!(send(&site, "PUT", "/rest/api/permissions", &replacement).await.status, 204);
    let left = get(&site, "/rest/api/permissions/group/confluence-contractors").await.json();
    assert_eq!(left[0]["operation"]["targetType"], "space");
    let wrong = json!([{"targetType": "application", "operationKey": "fly"}]);
    assert_eq!(send(&site, "PUT", &format!("{path}/grant"), &wrong).await.status, 400);
}

#[tokio::test]
async fn search_finds_a_contribution_and_refuses_what_it_cannot_parse() {
    let site = site(&[]);
    let path = "/rest/api/search?limit=1&cql=contributor+%3D+%22admin%22+order+by+lastmodified+desc";
    let found = get(&site, path).await.json();
    assert!(found["totalSize"].as_u64().unwrap() >= 1);
    assert_eq!(found["size"], 1);
    assert!(found["results"][0]["lastModified"].is_string());
    assert_eq!(get(&site, "/rest/api/search?cql=contributor+%3D+%22nobody.here%22").await.status, 400);
    assert_eq!(get(&site, "/rest/api/search?cql=space+in").await.status, 400);
}

#[tokio::test]
async fn a_token_is_made_used_listed_without_its_secret_and_deleted() {
    let site = site(&[]);
    let made = send(&site, "POST", "/rest/pat/latest/tokens", &json!({"name": "x", "expirationDuration": 1})).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    let header = format!("Bearer {}", made["rawToken"].as_str().unwrap());
    let current = "/rest/api/user/current";
    assert_eq!(ask(&site, "GET", current, &[("authorization", &header)], "").await.status, 200);
    let list = get(&site, "/rest/pat/1.0/tokens").await.json();
    assert!(list.as_array().unwrap().iter().all(|token| token.get("rawToken").is_none()));
    site.world().clock.advance(86_401);
    assert_eq!(ask(&site, "GET", current, &[("authorization", &header)], "").await.status, 401);
    assert_eq!(delete(&site, &format!("/rest/pat/latest/tokens/{}", made["id"])).await.status, 204);
    assert_eq!(delete(&site, &format!("/rest/pat/latest/tokens/{}", made["id"])).await.status, 404);
}

#[tokio::test]
async fn strangers_and_people_without_rights_are_refused_in_the_right_way() {
    let site = site(&[]);
    {
        let mut world = site.world();
        let (person, leaver) = (world.find_user("script.kid").unwrap(), world.find_user("formula.one").unwrap());
        let unlicensed = world.find_user("null").unwrap();
        let group = world.find_group("confluence-users").unwrap();
        world.apply(None, unlicensed, seatkeeper_simulator::world::Change::Leave(group));
        world.apply(None, leaver, seatkeeper_simulator::world::Change::Active(false));
        for (id, raw) in [(person, "person"), (leaver, "leaver"), (unlicensed, "unlicensed")] {
            world.secrets.add_token(id, "t", raw, 0, None);
        }
    }
    let table = [
        ("/rest/api/user/current", [401, 200, 401, 403]),
        ("/rest/api/user/list", [401, 200, 401, 403]),
        ("/rest/api/group/confluence-users/member", [401, 403, 401, 403]),
        ("/rest/api/admin/users/list/active", [401, 403, 401, 403]),
        ("/rest/license/1.0/license/userCount", [401, 403, 401, 403]),
        ("/rest/auditing/1.0/events", [401, 403, 401, 403]),
        ("/rest/api/webhooks", [401, 401, 401, 401]),
    ];
    for (path, statuses) in table {
        for (who, status) in ["", "Bearer person", "Bearer leaver", "Bearer unlicensed"].iter().zip(statuses) {
            assert_eq!(
                ask(&site, "GET", path, &[("authorization", who)], "").await.status,
                status,
                "{path} as `{who}`"
            );
        }
    }
    let disable = "/rest/api/admin/user/admin/disable";
    for (who, status) in [("", 401), ("Bearer person", 403), ("Bearer leaver", 401), ("Bearer unlicensed", 401)] {
        assert_eq!(ask(&site, "PUT", disable, &[("authorization", who)], "").await.status, status, "{who}");
    }
    assert_eq!(site.world().changes, 2);
}

#[tokio::test]
async fn health_and_access_mode_are_told_to_everybody_and_methods_are_minded() {
    let site = site(&[]);
    assert_eq!(ask(&site, "GET", "/status", &[], "").await.json(), json!({"state": "RUNNING"}));
    assert_eq!(get(&site, "/rest/api/accessmode").await.json(), "READ_WRITE");
    assert_eq!(put(&site, "/rest/api/user/list").await.status, 405);
    assert_eq!(get(&site, "/rest/api/admin/user/admin/disable").await.status, 405);
    assert_eq!(get(&site, "/rest/api/user/anonymous").await.json()["type"], "anonymous");
}
