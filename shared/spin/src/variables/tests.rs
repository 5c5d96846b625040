use super::*;

fn variables(values: &[(&'static str, &str)]) -> Variables {
    Variables { values: values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), problems: vec![] }
}

const CONFLUENCE: [(&str, &str); 4] = [
    ("confluence_origin", "https://wiki.example.com"),
    ("confluence_context_path", "/confluence"),
    ("confluence_token", "s3cr3t"),
    ("confluence_user", "seatkeeper"),
];

#[test]
fn a_directory_is_off_until_its_origin_is_set_and_then_everything_it_lacks_is_told_at_once() {
    let off: Vec<(&'static str, &str)> =
        DIRECTORIES.iter().map(|name| (*name, if name.ends_with("origin") { OFF } else { "" })).collect();
    let mut read = variables(&off);
    let settings = read.directories(None).unwrap();
    assert!(settings.scim.is_none() && settings.graph.is_none() && settings.okta.is_none());
    assert!(settings.http.is_none() && settings.crowd.is_none() && settings.ldap.is_none());
    assert!(read.problems.is_empty());

    let mut on = off;
    for (name, value) in &mut on {
        match *name {
            "graph_origin" => *value = "https://graph.microsoft.com",
            "okta_origin" => *value = "https://example.okta.com/path",
            "scim_origin" => *value = "https://people.example.com",
            "ldap_address" => *value = "ldap.example.com:636",
            "scim_token" => *value = "t0p-s3cr3t",
            "graph_client_secret" => *value = "hunter2hunter2",
            _ => {}
        }
    }
    let mut read = variables(&on);
    assert!(read.directories(None).is_none());
    let told = read.finish::<()>(None).unwrap_err().to_string();
    for part in ["`graph_*`", "`okta_*`", "`ldap_*`", "ldap.example.com"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("hunter2") && !told.contains("s3cr3t"), "{told}");
}

#[test]
fn usable_variables_become_settings() {
    let mut read = variables(&CONFLUENCE);
    read.values.insert("tick_budget_seconds", "20".into());
    let settings = (read.confluence(), read.seconds("tick_budget_seconds", 5..=25));
    let (Some(confluence), Some(budget)) = settings else { panic!("{:?}", read.problems) };
    assert_eq!(confluence.base.as_str(), "https://wiki.example.com/confluence");
    assert_eq!(budget, Duration::from_secs(20));
    assert_eq!(read.finish(Some(1)), Ok(1));
}

#[test]
fn all_problems_are_told_together_with_the_names_of_the_variables_and_without_secrets() {
    let mut read = variables(&CONFLUENCE);
    read.values.insert("confluence_origin", "wiki".into());
    read.values.insert("admin_token", "hunter2".into());
    read.values.insert("tick_budget_seconds", "soon".into());
    read.values.insert("slack_origin", "https://hooks.slack.com/services/very-secret".into());
    read.confluence();
    read.secret("admin_token");
    read.seconds("tick_budget_seconds", 5..=25);
    read.channels();
    let error = read.finish(Some(())).unwrap_err();
    for name in ["confluence_", "`admin_token`", "`tick_budget_seconds`", "`slack_origin`"] {
        assert!(error.problems.iter().any(|problem| problem.contains(name)), "{name} is not in {error}");
    }
    assert!(!error.to_string().contains("hunter2") && !error.to_string().contains("very-secret"), "{error}");
    let answer = error.into_response();
    assert_eq!(answer.status(), 503);
    assert!(!String::from_utf8_lossy(answer.body()).contains("wiki"));
}

#[test]
fn a_variable_that_the_manifest_forgot_is_told_once() {
    let mut read = variables(&[]);
    read.problems.push(unreadable("admin_token", &variables::Error::Undefined("admin_token".into())));
    let secret = read.secret("admin_token");
    let error = read.finish(secret).unwrap_err();
    assert_eq!(error.problems.len(), 1);
    assert!(error.to_string().contains("`admin_token`") && error.to_string().contains("spin.toml"), "{error}");
}

#[test]
fn tokens_with_the_same_value_are_refused() {
    let mut read = variables(&[("admin_token", "the-same-long-value"), ("report_token", "the-same-long-value")]);
    let (admin, report) = (read.secret("admin_token"), read.secret("report_token"));
    read.different(&[&admin, &report]);
    assert!(read.finish(Some(())).unwrap_err().to_string().contains("same value"));
}

#[test]
fn company_accounts_are_known_as_soon_as_their_origin_is_set() {
    let tokens = [("admin_token", "long-enough-for-a-secret"), ("report_token", "another-long-secret")];
    for (origin, on) in [(OFF, false), ("", false), ("https://login.example.com", true)] {
        let mut read = variables(&tokens);
        read.values.insert("oidc_origin", origin.into());
        assert_eq!(read.credentials().unwrap().single_sign_on, on, "{origin}");
    }
    let mut read = variables(&tokens);
    assert_eq!(read.accept::<()>(Err(vec!["variable `oidc_roles` is empty".into()])), None);
    assert!(read.finish(Some(())).unwrap_err().to_string().contains("oidc_roles"));
}

#[test]
fn crowd_is_off_without_an_origin() {
    for off in ["", OFF, "https://off.invalid/"] {
        let mut read = variables(&[("crowd_origin", off)]);
        assert!(read.crowd().unwrap().is_none());
        assert!(read.finish(Some(())).is_ok());
    }
}

#[test]
fn a_database_is_off_without_an_origin_and_needs_all_its_variables_with_one() {
    let names = ["origin", "user", "password", "name", "tls", "ca", "zone"].map(|name| match name {
        "origin" => ("database_origin", database::OFF),
        "user" => ("database_user", ""),
        "password" => ("database_password", ""),
        "name" => ("database_name", ""),
        "tls" => ("database_tls", "require"),
        "ca" => ("database_ca", ""),
        _ => ("database_zone", "UTC"),
    });
    let mut read = variables(&names);
    assert_eq!(read.database(), Some(None));
    read.values.insert("database_origin", "postgres://db.example.com".into());
    assert_eq!(read.database(), None);
    let error = read.finish(Some(())).unwrap_err().to_string();
    assert!(error.contains("`database_user`") && error.contains("`database_name`"), "{error}");
}
