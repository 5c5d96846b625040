//! Text from outside that tries to be markup: in names, groups, directories, exemptions and the audit trail.

use seatkeeper_simulator::world::Change;
use seatkeeper_tests::stage::install;
use serde_json::json;

use crate::stage::Stage;

/// Markup that runs a script in three ways, breaks out of attributes in two, and is a template for three engines. A
/// letter in the middle makes each one findable.
fn payload(mark: &str) -> String {
    format!("\"'><img src=x onerror=\"hacked('{mark}')\"><script>hacked('{mark}')</script>{{{{7*7}}}}${{7*7}}")
}

/// The same without a slash: Confluence's server takes none in the name of a group.
fn short(mark: &str) -> String {
    format!("\"'><img src=x onerror=\"hacked('{mark}')\">")
}

/// A script that would note that markup was run.
const WATCH: &str = "window.ran = []; window.hacked = mark => window.ran.push(mark);";

#[test]
fn markup_in_anything_that_comes_from_outside_is_shown_as_the_text_that_it_is() {
    let stage = Stage::without_policy(300);
    // An account that will lose its seat, and one that will not.
    let first = stage.site.user("k.müller").unwrap()["userKey"].as_str().unwrap().to_owned();
    {
        let mut world = stage.site.own.as_ref().unwrap().world();
        let id = world.find_key(&first).unwrap();
        // Nobody is in it: it is there to be named in the policy.
        world.add_group(None, &short("group")).unwrap();
        world.apply(None, id, Change::Rename(payload("user")));
        let details = Change::Details { full_name: payload("display"), email: "a@example.com".into() };
        world.apply(None, id, details);
        world.set_last_login(id, Some(0));
    }
    let quoted = |mark: &str| json!(payload(mark)).to_string();
    let exempt = format!("pattern = {}\nwhy = {}\nowner = {}\n", quoted("pattern"), quoted("why"), quoted("owner"));
    let directory = format!("name = {}\nprovider = \"okta\"\nmatch = \"mail\"\neveryone = true\n", quoted("directory"));
    let group = format!("group = {}\nwhy = \"b\"\nowner = \"c\"\n", json!(short("group")));
    let policy = format!("{}[[exempt]]\n{exempt}[[exempt]]\n{group}", install::policy("approve"));
    stage.install.policy(&policy).unwrap();
    stage.install.sweep("/sweep?open=now").unwrap();
    // A directory that cannot be asked would stop the sweep; its name is shown all the same.
    stage.install.policy(&format!("{policy}[[directory]]\n{directory}")).unwrap();
    let runs = stage.install.admin.get("/report/runs.json").unwrap().success().unwrap();
    let plan = runs["runs"][0]["id"].as_str().unwrap().to_owned();
    let by = payload("by");
    let headers = [("content-type", "application/json"), ("x-seatkeeper-by", by.as_str())];
    let body = json!({"why": payload("stop")}).to_string();
    stage.install.admin.send("POST", "/admin/stop", &headers, Some(body.as_bytes())).unwrap().success().unwrap();

    let page = stage.signed_in("admin");
    // Before any script of a page.
    page.protocol("Page.addScriptToEvaluateOnNewDocument", &json!({"source": WATCH})).unwrap();
    let mut shown = String::new();
    for path in [
        "/report".to_owned(),
        "/report/accounts?text=onerror".into(),
        "/report/accounts?group=%22%27%3E%3Cimg%20src%3Dx%20onerror%3Dhacked(1)%3E".into(),
        "/report/accounts?text=%3Cscript%3Ehacked(1)%3C/script%3E".into(),
        format!("/report/accounts/{first}"),
        "/report/accounts/%22%3E%3Cimg%20src%3Dx%20onerror%3Dhacked(1)%3E".into(),
        "/report/policy".into(),
        "/report/policy?version=1".into(),
        format!("/report/plans/{plan}"),
        "/report/runs".into(),
        "/report/exemptions".into(),
        "/report/handover".into(),
        "/report/populations".into(),
        "/report/directories".into(),
        "/report/audit".into(),
        "/admin/sign-in?next=/report%22%3E%3Cimg%20src%3Dx%20onerror%3Dhacked(1)%3E".into(),
    ] {
        page.open(&path).unwrap();
        assert_eq!(page.evaluate("window.ran").unwrap(), json!([]), "{path} ran markup");
        assert_eq!(page.count("img, main script, [onerror]").unwrap(), 0, "{path} has the elements of the markup");
        let text = page.text().unwrap();
        assert!(!text.contains("49${"), "{path} calculated a template");
        shown += &text;
    }
    for mark in ["user", "display", "group", "pattern", "why", "owner", "directory", "stop", "by"] {
        assert!(shown.contains(&format!("hacked('{mark}')")), "no page shows the text `{mark}`, so nothing was tested");
    }
}
