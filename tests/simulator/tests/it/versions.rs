//! What each release offers, as a table.

use crate::client::{get, put, send, site};
use serde_json::json;

/// Path, and the statuses on 8.5, 9.0, 9.3, 10.0 and 10.2.
const TABLE: [(&str, [u16; 5]); 15] = [
    ("/rest/api/user/current", [200, 200, 200, 200, 200]),
    ("/rest/api/user/list", [200, 200, 200, 200, 200]),
    ("/rest/api/user/memberof?username=admin", [200, 200, 200, 200, 200]),
    ("/rest/api/group/confluence-users/member", [200, 200, 200, 200, 200]),
    ("/rest/api/group/confluence-users/groupmember", [404, 404, 200, 200, 200]),
    ("/rest/api/group/confluence-users/groupparent", [404, 404, 404, 200, 200]),
    ("/rest/api/group/confluence-users/groupancestor", [404, 404, 404, 200, 200]),
    ("/rest/api/admin/users/list/active", [404, 404, 200, 200, 200]),
    ("/rest/api/permissions", [404, 404, 200, 200, 200]),
    ("/rest/api/server-information", [404, 404, 404, 200, 200]),
    ("/rest/api/instance-metrics", [404, 404, 404, 200, 200]),
    ("/rest/license/1.0/license/userCount", [200, 200, 200, 200, 200]),
    ("/rest/auditing/1.0/events", [200, 200, 200, 200, 200]),
    ("/rest/api/audit", [200, 200, 200, 200, 200]),
    ("/rest/api/webhooks", [200, 200, 200, 200, 200]),
];

const VERSIONS: [&str; 5] = ["8.5", "9.0", "9.3", "10.0", "10.2"];

#[tokio::test]
async fn every_resource_exists_from_its_release_on() {
    for (column, version) in VERSIONS.iter().enumerate() {
        let site = site(&[&format!("version={version}")]);
        for (path, statuses) in TABLE {
            assert_eq!(get(&site, path).await.status, statuses[column], "{path} on {version}");
        }
    }
}

#[tokio::test]
async fn accounts_are_updated_over_rest_from_9_3_and_disabled_on_every_release() {
    for (version, update) in VERSIONS.into_iter().zip([405, 405, 204, 204, 204]) {
        let site = site(&[&format!("version={version}")]);
        let body = json!({"fullName": "New Name", "email": "new@example.com"});
        let answer = send(&site, "PUT", "/rest/api/admin/user/script.kid", &body).await;
        assert_eq!(answer.status, update, "{version}");
        assert_eq!(put(&site, "/rest/api/admin/user/script.kid/disable").await.status, 204, "{version}");
    }
}

#[tokio::test]
async fn the_last_login_is_told_from_10_2_and_the_address_from_10_0() {
    for (version, login, email) in [("9.3", false, false), ("10.0", false, true), ("10.2", true, true)] {
        let site = site(&[&format!("version={version}")]);
        let page = get(&site, "/rest/api/admin/users/list/active?expand=lastLogin&limit=1000").await.json();
        let results = page["results"].as_array().unwrap();
        assert_eq!(results.iter().any(|person| person.get("lastLogin").is_some()), login, "{version}");
        assert_eq!(results.iter().all(|person| person.get("email").is_some()), email, "{version}");
    }
}

#[tokio::test]
async fn the_manifest_tells_the_version_without_credentials() {
    let site = site(&["version=9.0"]);
    let answer = crate::client::ask(&site, "GET", "/rest/applinks/1.0/manifest", &[], "").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("<version>9.0.3</version>"), "{}", answer.text);
}
