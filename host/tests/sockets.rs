//! A real component that opens raw connections through this host: to a server that greets, and to a real LDAP server.
//! The component is built by `cargo xtask test`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

use std::path::Path;

use seatkeeper_host::{Host, Options};
use seatkeeper_slapd::{
    BASE, Options as Slapd, PASSWORD, PEOPLE, PeopleOf, READER, SERVER_NAME, Server, openldap_person,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the probe is given.
#[derive(Default)]
struct Grants<'a> {
    outbound: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
    blocked: &'a [&'a str],
}

/// Serves one request to the probe and returns whether it was answered with 200, and the document.
async fn ask(path: &str, grants: Grants<'_>) -> (bool, Value) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let probe = root.join("target/components/wasm32-wasip2/component/probe.wasm");
    assert!(probe.is_file(), "{} is missing; `cargo xtask test` builds it", probe.display());
    let folder = tempfile::tempdir().unwrap();
    let list = |entries: &[&str]| toml::Value::from(entries.to_vec()).to_string();
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let lines: Vec<String> =
        grants.variables.iter().map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
    let manifest = format!(
        "spin_manifest_version = 2\n[application]\nname = \"probe\"\n[[trigger.http]]\nroute = \"/...\"\n\
         component = \"probe\"\n[component.probe]\nsource = {}\nallowed_outbound_hosts = {}\n\
         [component.probe.variables]\n{}",
        quoted(probe.to_str().unwrap()),
        list(grants.outbound),
        lines.join("\n")
    );
    let (file, runtime) = (folder.path().join("spin.toml"), folder.path().join("runtime-config.toml"));
    std::fs::write(&file, manifest).unwrap();
    std::fs::write(&runtime, format!("[outbound_networking]\nblock_networks = {}", list(grants.blocked))).unwrap();
    let mut options = Options::new(file);
    options.runtime_config = Some(runtime);
    // One place for all, so that the component is compiled once.
    options.state_dir = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("probe"));
    let host = Host::load(&options).unwrap_or_else(|error| panic!("{error}"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let serving = tokio::spawn({
        let host = host.clone();
        async move { host.serve(listener).await }
    });
    // HTTP 1.0, so that the body comes whole and is not cut into chunks.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: h\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    host.stop();
    serving.await.unwrap();
    assert!(!answer.contains("p@ssw"), "a password in an answer: {answer}");
    let (from, to) = (answer.find('{').unwrap(), answer.rfind('}').unwrap());
    let document = serde_json::from_str(&answer[from..=to]).unwrap_or_else(|error| panic!("{error}: {answer}"));
    (answer.lines().next().is_some_and(|status| status.contains("200")), document)
}

async fn refused(path: &str, grants: Grants<'_>) -> String {
    let (ok, answer) = ask(path, grants).await;
    assert!(!ok, "{answer}");
    answer["error"].as_str().unwrap().to_owned()
}

/// A server that answers `hello` with a greeting and closes; the number of its visitors.
async fn greeter() -> (u16, tokio::sync::watch::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (count, visitors) = tokio::sync::watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.send_modify(|count| *count += 1);
            let mut hello = [0; 5];
            let _ = stream.read_exact(&mut hello).await;
            let _ = stream.write_all(b"hello yourself").await;
        }
    });
    (port, visitors)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_address_is_connected_to() {
    let (port, visitors) = greeter().await;
    let (ok, answer) = ask(
        &format!("/tcp/127.0.0.1:{port}"),
        Grants { outbound: &[&format!("*://127.0.0.1:{port}")], ..Grants::default() },
    )
    .await;
    assert!(ok && answer["answer"] == "hello yourself", "{answer}");
    assert_eq!(*visitors.borrow(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_for_exactly_that_address_and_port_nobody_is_connected_to() {
    let (port, visitors) = greeter().await;
    let other_port = format!("*://127.0.0.1:{}", port ^ 1);
    let (as_http, as_name) = (format!("http://127.0.0.1:{port}"), format!("*://localhost:{port}"));
    let other_address = format!("*://127.0.0.2:{port}");
    for granted in [None, Some(&other_port), Some(&as_http), Some(&as_name), Some(&other_address)] {
        let granted: Vec<&str> = granted.into_iter().map(String::as_str).collect();
        let path = format!("/tcp/127.0.0.1:{port}");
        let told = refused(&path, Grants { outbound: &granted, ..Grants::default() }).await;
        assert!(told.contains("allowed_outbound_hosts"), "{granted:?}: {told}");
    }
    let blocked = Grants { outbound: &["*://*:*"], blocked: &["private"], ..Grants::default() };
    let told = refused(&format!("/tcp/127.0.0.1:{port}"), blocked).await;
    assert!(told.contains("does not allow"), "{told}");
    assert_eq!(*visitors.borrow(), 0, "somebody was connected to");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_listens_nothing_speaks_udp_and_no_name_is_looked_up_however_much_is_granted() {
    for (what, why) in [("listen", "AccessDenied"), ("udp", "AccessDenied"), ("name", "PermanentResolverFailure")] {
        let told = refused(&format!("/tcp/{what}"), Grants { outbound: &["*://*:*"], ..Grants::default() }).await;
        assert!(told.contains(why), "{what}: {told}");
    }
}

/// The variables of the probe for a server.
fn variables(server: &Server, tls: &str, authority: &str) -> Vec<(&'static str, String)> {
    let port = if tls == "ldaps" { server.tls_port() } else { server.port() };
    let name = if tls == "off" { "" } else { SERVER_NAME };
    vec![
        ("ldap_address", format!("127.0.0.1:{port}")),
        ("ldap_tls", tls.to_owned()),
        ("ldap_server_name", name.to_owned()),
        ("ldap_ca", authority.to_owned()),
        ("ldap_bind_dn", READER.to_owned()),
        ("ldap_password", PASSWORD.to_owned()),
        ("ldap_base", PEOPLE.to_owned()),
        ("ldap_fresh", String::new()),
    ]
}

fn set(variables: &mut [(&'static str, String)], name: &str, value: &str) {
    let variable = variables.iter_mut().find(|(known, _)| *known == name).unwrap();
    value.clone_into(&mut variable.1);
}

async fn ask_ldap(path: &str, variables: &[(&'static str, String)]) -> (bool, Value) {
    let granted = format!("*://{}", variables[0].1);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ask(path, Grants { outbound: &[&granted], variables: &variables, ..Grants::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_reads_a_real_ldap_server_in_the_clear_over_start_tls_and_over_ldaps() {
    let people =
        [PeopleOf::Openldap.many(2_500), openldap_person("gone", PEOPLE, "pwdAccountLockedTime: 000001010000Z")];
    let server =
        Server::start(Slapd { ldif: &people.concat(), ..Slapd::default() }).unwrap_or_else(|why| panic!("{why}"));
    let authority = server.authority().unwrap();
    for (tls, authority) in [("off", ""), ("starttls", authority.as_str()), ("ldaps", authority.as_str())] {
        let mut variables = variables(&server, tls, authority);
        let (ok, answer) = ask_ldap("/ldap/", &variables).await;
        assert!(ok && answer["count"] == 2_501 && answer["pages"] == 3, "{tls}: {answer}");
        assert_eq!(answer["people"][0]["identity"], "gone", "{tls}");
        assert_eq!(answer["people"][0]["presence"], "disabled", "{tls}");
        let (ok, answer) = ask_ldap("/ldap/U00042", &variables).await;
        assert!(ok && answer["identity"] == "u00042" && answer["presence"] == "active", "{tls}: {answer}");
        let (ok, answer) = ask_ldap("/ldap/*", &variables).await;
        assert!(ok && answer["presence"] == "absent", "{tls}: {answer}");
        // Each page by a client that knows nothing of the others, as each tick of a sweep has one.
        set(&mut variables, "ldap_fresh", "yes");
        let (ok, answer) = ask_ldap("/ldap/", &variables).await;
        assert!(ok && answer["count"] == 2_501, "{tls}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_does_not_trust_a_server_with_the_wrong_certificate() {
    let server = Server::start(Slapd::default()).unwrap_or_else(|why| panic!("{why}"));
    let other = server.other_authority().unwrap();
    for tls in ["starttls", "ldaps"] {
        let mut variables = variables(&server, tls, &other);
        let (ok, answer) = ask_ldap("/ldap/", &variables).await;
        assert!(!ok && answer.to_string().contains("not signed by an authority"), "{tls}: {answer}");
        set(&mut variables, "ldap_ca", &server.authority().unwrap());
        set(&mut variables, "ldap_server_name", "other.example.test");
        let (ok, answer) = ask_ldap("/ldap/", &variables).await;
        assert!(!ok && answer.to_string().contains("for another name"), "{tls}: {answer}");
    }
    let mut variables = variables(&server, "off", "");
    set(&mut variables, "ldap_base", &format!("ou=peple,{BASE}"));
    let (ok, answer) = ask_ldap("/ldap/", &variables).await;
    assert!(!ok && answer.to_string().contains("no such base"), "{answer}");
}
