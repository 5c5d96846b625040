//! Every page, held against the rules for all pages.

use seatkeeper_browser::audit;

use crate::stage::Stage;

/// Accounts of the site: more than one page of a list, and more than one of the store.
const USERS: u32 = 3_000;

/// A page of the console: the name of its pictures, its path (with `{plan}` and `{user}`), its first heading.
struct View {
    name: &'static str,
    path: &'static str,
    heading: &'static str,
}

const fn view(name: &'static str, path: &'static str, heading: &'static str) -> View {
    View { name, path, heading }
}

/// All pages. That no page of the navigation is missing here, the test looks up.
const VIEWS: &[View] = &[
    view("overview", "/report", "Overview"),
    view("users", "/report/accounts", "Accounts"),
    view("users-filtered", "/report/accounts?decision=reclaim&sort=seen", "Accounts"),
    view("users-none", "/report/accounts?text=nobody-is-called-so", "Accounts"),
    view("user", "/report/accounts/{user}", "{user}"),
    view("policy", "/report/policy", "Policy"),
    view("policy-version", "/report/policy?version=1", "Policy"),
    view("plan", "/report/plans/{plan}", "Plan"),
    view("runs", "/report/runs", "Runs"),
    view("exemptions", "/report/exemptions", "Exemptions"),
    view("reports", "/report/reports", "Reports"),
    view("handover", "/report/handover", "Hand-over"),
    view("populations", "/report/populations", "Populations"),
    view("directories", "/report/directories", "Directories"),
    view("alerts", "/report/alerts", "Alerts"),
    view("audit", "/report/audit", "Audit"),
    view("audit-verified", "/report/audit?verify=all", "Audit"),
    view("missing", "/report/accounts/nobody-is-called-so", "There is nothing here"),
    view("bad-query", "/report/accounts?colour=red", "The query is not valid"),
];

#[test]
fn every_page_keeps_the_rules_for_all_pages() {
    let stage = Stage::new(USERS, "approve");
    let plan = stage.install.plan().unwrap();
    let key = stage.install.planned(&plan).unwrap()[0].clone();
    let user = stage.site.user(&key).unwrap()["username"].as_str().unwrap().to_owned();
    let page = stage.signed_in("admin");
    let mut wrong = Vec::new();
    for view in VIEWS {
        let fill = |text: &str| text.replace("{plan}", plan["id"].as_str().unwrap()).replace("{user}", &user);
        page.open(&fill(view.path)).unwrap();
        let heading = page.text_of("h1").unwrap();
        if !heading.contains(&fill(view.heading)) {
            wrong.push(format!("{}: the first heading is `{heading}`", view.name));
        }
        // Where something is missing, the browser says so in its console; that is no defect of the page.
        let expected = |fault: &audit::Fault| {
            let refused = matches!(view.name, "missing" | "bad-query");
            refused && fault.rule == audit::Rule::Console && fault.what.contains("Failed to load resource")
        };
        let faults = audit::page(&page, view.name).unwrap();
        wrong.extend(faults.iter().filter(|fault| !expected(fault)).map(|fault| format!("{}: {fault}", view.name)));
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_page_of_the_navigation_opens_and_is_among_the_pages_that_are_held_against_the_rules() {
    let stage = Stage::new(300, "approve");
    let plan = stage.install.plan().unwrap();
    let page = stage.signed_in("viewer");
    page.open("/report").unwrap();
    let links =
        page.evaluate("[...document.querySelectorAll('header nav a')].map(a => a.getAttribute('href'))").unwrap();
    let links: Vec<&str> = links.as_array().unwrap().iter().map(|link| link.as_str().unwrap()).collect();
    assert!(links.len() > 8, "{links:?}");
    for link in links {
        page.open(link).unwrap();
        assert_eq!(page.console_errors().unwrap(), [""; 0], "{link}");
        assert_eq!(page.count("header nav a[aria-current=page]").unwrap(), 1, "{link}");
        let path = page.path().unwrap().replace(plan["id"].as_str().unwrap(), "{plan}");
        assert!(VIEWS.iter().any(|view| view.path == path), "{path} is not among the pages that are tested");
    }
}

#[test]
fn before_the_first_policy_and_the_first_sweep_every_page_says_so_and_keeps_the_rules() {
    let stage = Stage::without_policy(50);
    let page = stage.signed_in("admin");
    let mut wrong = Vec::new();
    for view in VIEWS.iter().filter(|view| !view.path.contains('{') && !view.path.contains('?')) {
        page.open(view.path).unwrap();
        if matches!(view.name, "missing" | "bad-query") {
            continue;
        }
        let faults = audit::page(&page, &format!("empty-{}", view.name)).unwrap();
        wrong.extend(faults.iter().map(|fault| format!("{}: {fault}", view.name)));
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_page_that_asks_for_a_token_keeps_the_rules_and_tells_nothing_about_the_installation() {
    let stage = Stage::new(50, "approve");
    let page = stage.page();
    page.open("/report/accounts?text=a").unwrap();
    assert_eq!(page.text_of("h1").unwrap(), "Sign in");
    assert_eq!(page.count("header nav a").unwrap(), 0);
    page.open("/admin/sign-in").unwrap();
    assert_eq!(audit::page(&page, "sign-in").unwrap(), []);
}
