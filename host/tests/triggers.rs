//! A whole host in this process: what it answers itself, cron events in instances of a small component, limits, the end.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

use std::path::Path;
use std::time::Duration;

use seatkeeper_host::{Host, Options};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A component whose cron event does what the timestamp says: 1 fails, 2 traps, 3 never ends, 4 takes 40 MiB, others
/// succeed.
const COMPONENT: &str = r#"
(component
  (type $types (instance
    (type $m (record (field "timestamp" u64)))
    (export "metadata" (type $metadata (eq $m)))
    (type $e (variant (case "other" string)))
    (export "error" (type $error (eq $e)))))
  (import "spin:cron/cron-types@3.0.0" (instance $cron (type $types)))
  (alias export $cron "metadata" (type $metadata))
  (alias export $cron "error" (type $error))
  (core module $m
    (memory (export "memory") 1)
    (data (i32.const 100) "no thanks")
    (func (export "tick") (param $at i64) (result i32)
      (if (i64.eq (local.get $at) (i64.const 1)) (then
        (i32.store (i32.const 0) (i32.const 1))
        (i32.store (i32.const 4) (i32.const 0))
        (i32.store (i32.const 8) (i32.const 100))
        (i32.store (i32.const 12) (i32.const 9))
        (return (i32.const 0))))
      (if (i64.eq (local.get $at) (i64.const 2)) (then (unreachable)))
      (if (i64.eq (local.get $at) (i64.const 3)) (then (loop (br 0))))
      (if (i64.eq (local.get $at) (i64.const 4)) (then
        (if (i32.eq (memory.grow (i32.const 640)) (i32.const -1)) (then (unreachable)))))
      (i32.store (i32.const 0) (i32.const 0))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (export $m2 "metadata" (type $metadata))
  (export $e2 "error" (type $error))
  (func (export "handle-cron-event") (param "metadata" $m2) (result (result (error $e2)))
    (canon lift (core func $i "tick") (memory (core memory $i "memory")))))
"#;

const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "small"
version = "1.2.3"
[[trigger.http]]
route = "/fixed/..."
static_response = { status_code = 203, headers = { x-kind = "fixed" }, body = "hello" }
[[trigger.cron]]
component = "clock"
cron_expression = "0 0 0 1 1 *"
[component.clock]
source = "clock.wat"
"#;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("clock.wat"), COMPONENT).unwrap();
    std::fs::write(folder.path().join("spin.toml"), MANIFEST).unwrap();
    folder
}

fn load(folder: &Path, change: impl FnOnce(&mut Options)) -> Host {
    let mut options = Options::new(folder.join("spin.toml"));
    change(&mut options);
    Host::load(&options).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cron_event_gives_the_component_its_time_and_returns_its_result() {
    let folder = folder();
    let host = load(folder.path(), |_| {});
    assert_eq!(host.fire_cron("clock", 1_795_388_772).await, Ok(()));
    assert_eq!(host.fire_cron("clock", 1).await, Err("no thanks".into()));
    let trap = host.fire_cron("clock", 2).await.unwrap_err();
    assert!(trap.contains("unreachable"), "{trap}");
    assert_eq!(host.fire_cron("clock", 5).await, Ok(()), "an instance that trapped must not harm the next one");
    let unknown = host.fire_cron("clokc", 5).await.unwrap_err();
    assert!(unknown.contains("\"clokc\"") && unknown.contains("loaded are clock"), "{unknown}");
}

#[tokio::test]
async fn an_event_that_never_ends_is_stopped_and_does_not_hold_the_only_thread() {
    let folder = folder();
    let host = load(folder.path(), |options| options.reuse.request = Some(Duration::from_millis(100)));
    let (endless, other) = tokio::join!(host.fire_cron("clock", 3), host.fire_cron("clock", 5));
    assert!(endless.unwrap_err().contains("--request-timeout"));
    assert_eq!(other, Ok(()));
}

#[tokio::test]
async fn memory_is_counted_and_limited() {
    let folder = folder();
    let host = load(folder.path(), |_| {});
    assert_eq!(host.fire_cron("clock", 5).await, Ok(()));
    assert_eq!(host.peak_memory("clock"), Some(64 * 1024));
    assert_eq!(host.fire_cron("clock", 4).await, Ok(()));
    assert_eq!(host.peak_memory("clock"), Some(641 * 64 * 1024));
    assert_eq!(host.peak_memory("other"), None);
    let small = load(folder.path(), |options| options.max_instance_memory = 32 << 20);
    assert!(small.fire_cron("clock", 4).await.is_err());
    assert_eq!(small.peak_memory("clock"), Some(64 * 1024));
}

#[tokio::test]
async fn compiled_code_is_kept_in_the_state_directory() {
    let folder = folder();
    load(folder.path(), |_| {});
    assert!(folder.path().join(".spin/cache").is_dir());
    load(folder.path(), |options| {
        options.cache = false;
        options.state_dir = Some(folder.path().join("elsewhere"));
    });
    assert!(folder.path().join("elsewhere/logs").is_dir());
    assert!(!folder.path().join("elsewhere/cache").exists());
}

#[test]
fn a_component_without_the_export_is_refused_for_a_cron_trigger() {
    let folder = folder();
    std::fs::write(folder.path().join("clock.wat"), "(component)").unwrap();
    let error = Host::load(&Options::new(folder.path().join("spin.toml"))).err().unwrap().to_string();
    assert!(error.contains("component \"clock\"") && error.contains("handle-cron-event"), "{error}");
}

#[test]
fn a_component_without_a_handler_is_refused_for_a_route() {
    let folder = folder();
    let manifest = MANIFEST
        .replace("[[trigger.cron]]", "[[trigger.http]]\nroute = '/clock'\ncomponent = 'clock'\n[[trigger.cron]]");
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    let error = Host::load(&Options::new(folder.path().join("spin.toml"))).err().unwrap().to_string();
    assert!(error.contains("component \"clock\"") && error.contains("no HTTP handler"), "{error}");
}

/// Sends one request and returns the whole answer.
async fn ask(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_host_answers_its_own_routes_and_stops_when_told() {
    let folder = folder();
    let host = load(folder.path(), |_| {});
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn({
        let host = host.clone();
        async move { tokio::join!(host.serve(listener), host.run_crons()) }
    });
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    let health = ask(address, &get("/.well-known/spin/health")).await;
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("OK"), "{health}");
    let info = ask(address, &get("/.well-known/spin/info")).await;
    assert!(info.contains("application/json") && info.contains("\"small\"") && info.contains("\"1.2.3\""), "{info}");
    let fixed = ask(address, &get("/fixed/any?thing")).await;
    assert!(
        fixed.starts_with("HTTP/1.1 203") && fixed.contains("x-kind: fixed") && fixed.ends_with("hello"),
        "{fixed}"
    );
    for path in ["/", "/fixedly", "/.well-known/spin/other"] {
        let answer = ask(address, &get(path)).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    let lines = host.describe("http://h");
    assert!(lines.iter().any(|line| line.contains("http://h/fixed (wildcard)")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("clock: cron 0 0 0 1 1 *")), "{lines:?}");
    host.stop();
    served.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "the port must be free again");
}
