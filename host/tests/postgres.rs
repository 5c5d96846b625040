//! A real component that reads a real PostgreSQL through this host. The component is built by `cargo xtask test`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seatkeeper_database::access;
use seatkeeper_host::{Host, Options};
use seatkeeper_postgres::{DATABASE, PASSWORD, READER, Server, WRITER};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The component that `tests/probe` is built to.
fn probe() -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("target/components/wasm32-wasip2/component/probe.wasm");
    assert!(file.is_file(), "{} is missing; `cargo xtask test` builds it", file.display());
    file
}

/// An application of the probe alone, in a folder of its own.
struct Application {
    folder: TempDir,
    port: u16,
    granted: String,
    variables: Vec<(&'static str, String)>,
}

impl Application {
    /// As it should be: the reader's role, TLS with the server's own authority, and a grant for exactly that place.
    fn new(server: &Server) -> Self {
        let origin = format!("postgres://localhost:{}", server.port());
        let variables = vec![
            ("database_origin", origin.clone()),
            ("database_user", READER.to_owned()),
            ("database_password", PASSWORD.to_owned()),
            ("database_name", DATABASE.to_owned()),
            ("database_tls", "require".to_owned()),
            ("database_ca", server.certificate().unwrap()),
            ("database_zone", "Europe/Berlin".to_owned()),
        ];
        Self { folder: tempfile::tempdir().unwrap(), port: server.port(), granted: origin, variables }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        let variable = self.variables.iter_mut().find(|(known, _)| *known == name).unwrap();
        value.clone_into(&mut variable.1);
        self
    }

    fn granted(mut self, entry: &str) -> Self {
        entry.clone_into(&mut self.granted);
        self
    }

    /// Serves one request and returns its status line and its body.
    async fn ask(self) -> (String, Value) {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let lines: Vec<String> =
            self.variables.iter().map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
        let variables = lines.join("\n");
        let manifest = format!(
            "spin_manifest_version = 2\n[application]\nname = \"probe\"\n[[trigger.http]]\nroute = \"/\"\n\
             component = \"probe\"\n[component.probe]\nsource = {}\nallowed_outbound_hosts = [{}]\n\
             [component.probe.variables]\n{variables}",
            quoted(probe().to_str().unwrap()),
            quoted(&self.granted)
        );
        let file = self.folder.path().join("spin.toml");
        std::fs::write(&file, manifest).unwrap();
        let mut options = Options::new(file);
        // One place for all, so that the component is compiled once.
        options.state_dir = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("probe"));
        let host = Host::load(&options).unwrap_or_else(|error| panic!("{error}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let serving = tokio::spawn({
            let host = host.clone();
            async move { host.serve(listener).await }
        });
        stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        host.stop();
        serving.await.unwrap();
        assert!(!answer.contains(&self.port.to_string()) || !answer.contains("p@ssword"), "{answer}");
        let status = answer.lines().next().unwrap_or_default().to_owned();
        // Chunks or not: the document is the only thing between the first and the last brace.
        let (from, to) = (answer.find('{').unwrap(), answer.rfind('}').unwrap());
        (status, serde_json::from_str(&answer[from..=to]).unwrap_or_else(|error| panic!("{error}: {answer}")))
    }

    async fn refused(self) -> String {
        let (status, answer) = self.ask().await;
        assert!(status.contains("503"), "{status}: {answer}");
        answer.get("error").and_then(Value::as_str).unwrap().to_owned()
    }
}

fn shared() -> Arc<Server> {
    Server::shared(&access::grants(READER)).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_reads_the_accounts_of_a_granted_database_over_tls() {
    let server = shared();
    let (status, answer) = Application::new(&server).ask().await;
    assert!(status.contains("200"), "{status}: {answer}");
    let accounts = answer["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 19, "{answer}");
    let named = |name: &str| accounts.iter().find(|account| account["username"] == name).unwrap();
    assert_eq!(named("alice")["last_login"], "2026-10-01T08:00:00.500Z");
    assert_eq!(named("alice")["last_authenticated"], "2026-11-23T12:00:00Z");
    assert_eq!(named("nora")["last_login"], Value::Null);
    assert_eq!(named("Bob")["shadowed_in"][0], "Confluence Internal Directory");
    assert_eq!(named("Zoë")["direct_groups"][0], "confluence-users");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_fit_into_one_page_arrive_complete() {
    let server = Server::start(&access::grants(READER)).unwrap();
    let many = "INSERT INTO user_mapping SELECT 'm-' || i, 'm' || i, 'm' || i FROM generate_series(1, 1500) i;
                INSERT INTO cwd_user SELECT 1000 + i, 'm' || i, 'm' || i, 'T', now(), NULL, 10, NULL
                    FROM generate_series(1, 1500) i;";
    server.run(DATABASE, many).unwrap();
    let (_, answer) = Application::new(&server).ask().await;
    assert_eq!(answer["accounts"].as_array().map(Vec::len), Some(1_519));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_a_component_reaches_no_database() {
    let server = shared();
    for entry in ["postgres://off.invalid:5432", "https://localhost", "postgres://localhost", "postgres://127.0.0.1:*"]
    {
        let told = Application::new(&server).granted(entry).refused().await;
        assert!(told.contains("allowed_outbound_hosts") && told.contains("is not permitted"), "{entry}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_write_is_refused_before_anything_is_read() {
    let server = shared();
    let told = Application::new(&server).with("database_user", WRITER).refused().await;
    assert!(told.contains("could change") && told.contains("docs/database.md"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_variables_is_told_by_its_name() {
    let server = shared();
    for (variable, value, part) in [
        ("database_password", "wrong", "`database_password`"),
        ("database_ca", "", "`database_ca`"),
        ("database_name", "postgres", "`database_name`"),
        ("database_zone", "Europe/Atlantis", "`database_zone`"),
    ] {
        let told = Application::new(&server).with(variable, value).refused().await;
        assert!(told.contains(part), "{variable}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_origin_there_is_no_database_and_no_error() {
    let server = shared();
    let (status, answer) = Application::new(&server).with("database_origin", "postgres://off.invalid:5432").ask().await;
    assert!(status.contains("200") && answer["configured"] == false, "{status}: {answer}");
}
