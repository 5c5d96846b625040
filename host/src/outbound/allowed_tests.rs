use super::*;

fn hosts(entries: &[&str]) -> AllowedHosts {
    let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
    AllowedHosts::parse(&entries, &Values::default()).unwrap()
}

fn allows(entry: &str, url: &str) -> bool {
    Target::of(&url.parse().unwrap()).is_ok_and(|target| hosts(&[entry]).allow(&target))
}

fn values(pairs: &[(&str, Option<&str>)]) -> Values {
    let pairs: Vec<(String, Option<String>)> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
    Values::collect(pairs.iter().map(|(name, value)| (name, value.as_ref())), &crate::variables::Sources::default())
}

#[test]
fn well_formed_entries_are_accepted() {
    for entry in [
        "http://example.com",
        "http://example.com/",
        "https://example.com:8443",
        "https://example.com:8443/",
        "http://example.com:4444..5555",
        "*://example.com:7777",
        "*://*:*",
        "http://*",
        "https://*.example.com",
        "https://*.example.com:*",
        "http://localhost:3001",
        "http://192.168.1.1",
        "http://192.168.1.1:3002",
        "http://[::1]",
        "http://[::1]:8001",
        "http://[2001:db8::1]",
        "*://127.0.0.0/24:80",
        "*://ff00::/8:80",
        "http://10.0.0.0/8",
        "http://self",
        "redis://cache",
        "postgres://db:5433",
        "http://example.com:",
    ] {
        assert!(AllowedHost::parse(entry).is_ok(), "{entry}: {:?}", AllowedHost::parse(entry));
    }
}

#[test]
fn malformed_entries_are_refused_with_their_reason() {
    for (entry, reason) in [
        ("", "no scheme"),
        ("*", "no scheme"),
        ("?", "no scheme"),
        ("example.com", "no scheme"),
        ("example.com:80", "no scheme"),
        ("localhost:3001", "no scheme"),
        ("insecure:allow-all", "*://*:*"),
        ("http://example.com/a", "path"),
        ("http://example.com:6666/a/b", "path"),
        ("http://*.example.com/a", "path"),
        ("http://10.0.0.0/8/x", "path"),
        ("*://example.com", "needs one"),
        ("ftp://example.com", "needs one"),
        ("*://127.0.0.0/24", "needs one"),
        ("http2://example.com", "only letters"),
        ("://example.com", "only letters"),
        ("{http,https}://example.com", "lists of schemes"),
        ("http://{a,b}", "lists of hosts"),
        ("http://a:{1,2}", "lists of ports"),
        ("http://example.com:eighty", "not a number"),
        ("http://example.com:70000", "not a number"),
        ("http://example.com:1..x", "not a number"),
        ("http://*.*.com", "only at the start"),
        ("http://a.*.com", "only as a whole host"),
        ("http://ex*mple.com", "only as a whole host"),
        ("http://*.10.0.0.1", "not an address"),
        ("http://exa mple.com", "invalid host"),
        ("http://", "invalid host"),
        ("http://user@example.com", "invalid host"),
    ] {
        let error = AllowedHost::parse(entry).expect_err(entry);
        assert!(error.contains(reason), "{entry}: {error}");
        assert!(error.contains(&format!("{entry:?}")), "the message must quote the entry: {error}");
    }
}

#[test]
fn a_request_is_covered_by_scheme_host_and_port_together() {
    for (entry, url, expected) in [
        ("http://example.com", "http://example.com/a?b", true),
        ("http://example.com", "http://example.com:80/", true),
        ("http://example.com", "http://EXAMPLE.com/", true),
        ("http://EXAMPLE.com", "http://example.com/", true),
        ("http://example.com", "https://example.com/", false),
        ("http://example.com", "http://example.com:8080/", false),
        ("http://example.com", "http://example.com./", false),
        ("http://example.com", "http://sub.example.com/", false),
        ("http://example.com", "http://example.com.evil.net/", false),
        ("http://example.com", "http://evil.net/example.com", false),
        ("http://example.com", "http://example.com@evil.net/", false),
        ("http://example.com", "http://user:secret@example.com/", false),
        ("https://example.com:8443", "https://example.com:8443/", true),
        ("https://example.com:8443", "https://example.com/", false),
        ("http://a:1000..1003", "http://a:999/", false),
        ("http://a:1000..1003", "http://a:1000/", true),
        ("http://a:1000..1003", "http://a:1002/", true),
        ("http://a:1000..1003", "http://a:1003/", false),
        ("http://a:*", "http://a:65535/", true),
        ("*://a:443", "https://a/", true),
        ("*://a:443", "http://a/", false),
        ("*://*:*", "http://anything:1/", true),
        ("http://*", "http://anything/", true),
        ("http://*", "http://anything:81/", false),
        ("http://*.example.com", "http://a.example.com/", true),
        ("http://*.example.com", "http://a.b.example.com/", true),
        ("http://*.example.com", "http://example.com/", false),
        ("http://*.example.com", "http://myexample.com/", false),
        ("http://*.example.com", "http://10.0.0.1/", false),
    ] {
        assert_eq!(allows(entry, url), expected, "{entry} for {url}");
    }
}

#[test]
fn addresses_are_compared_as_addresses() {
    for (entry, url, expected) in [
        ("http://127.0.0.1", "http://127.0.0.1/", true),
        ("http://127.0.0.1", "http://2130706433/", true),
        ("http://127.0.0.1", "http://0x7f.1/", true),
        ("http://127.0.0.1", "http://localhost/", false),
        ("http://localhost", "http://127.0.0.1/", false),
        ("http://127.0.0.1", "http://[::ffff:127.0.0.1]/", false),
        ("http://[::1]", "http://[::1]/", true),
        ("http://[::1]", "http://[0:0:0:0:0:0:0:1]/", true),
        ("http://[::1]:8001", "http://[::1]/", false),
        ("http://10.0.0.0/8", "http://10.9.8.7/", true),
        ("http://10.1.2.3/8", "http://10.9.8.7/", true),
        ("http://10.0.0.0/8", "http://11.0.0.1/", false),
        ("http://10.0.0.0/8", "http://ten.example.com/", false),
        ("*://fd00::/8:80", "http://[fd12::1]/", true),
        ("*://fd00::/8:80", "http://[fe80::1]/", false),
    ] {
        assert_eq!(allows(entry, url), expected, "{entry} for {url}");
    }
}

#[test]
fn nothing_is_allowed_without_an_entry() {
    let target = Target::of(&"http://example.com/".parse().unwrap()).unwrap();
    assert!(!AllowedHosts::default().allow(&target));
}

#[test]
fn templates_take_values_and_empty_ones_are_left_out() {
    let values = values(&[("one", Some("")), ("two", Some("example.com")), ("port", Some("8090"))]);
    let entries = ["https://{{ one }}", "{{ one }}", "http://{{ one }}", "http://{{ two }}:{{port}}"].map(String::from);
    let allowed = AllowedHosts::parse(&entries, &values).unwrap();
    assert_eq!(allowed.iter().count(), 1);
    assert!(allowed.allow(&Target::of(&"http://example.com:8090/x".parse().unwrap()).unwrap()));
}

#[test]
fn a_template_with_a_path_or_an_unknown_name_is_refused() {
    let values = values(&[("origin", Some("https://wiki.example.com/confluence"))]);
    let problems = AllowedHosts::parse(&["{{ origin }}".into(), "{{ typo }}".into()], &values).unwrap_err();
    assert!(problems[0].contains("path") && problems[0].contains("{{ origin }}"), "{problems:?}");
    assert!(problems[1].contains("unknown variable \"typo\""), "{problems:?}");
}

#[test]
fn a_template_without_a_value_is_left_to_the_check_for_missing_variables() {
    let allowed = AllowedHosts::parse(&["{{ origin }}".into()], &values(&[("origin", None)])).unwrap();
    assert_eq!(allowed, AllowedHosts::default());
}

#[test]
fn entries_for_the_application_itself_are_recognised() {
    let chained = |entry| AllowedHost::parse(entry).unwrap().is_service_chaining();
    assert!(chained("http://alert.spin.internal") && chained("http://*.spin.internal"));
    assert!(!chained("http://spin.internal.example.com") && !chained("http://*"));
    assert!(AllowedHost::parse("http://self").unwrap().is_own());
}
