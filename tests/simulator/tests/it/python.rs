//! The simulator as somebody else's client sees it: the public Python client for Confluence.

use std::path::Path;
use std::process::Command;

use crate::client::site_of;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Python client; run by cargo xtask test"]
async fn the_public_python_client_works_against_the_simulator() {
    let python =
        std::env::var("SEATKEEPER_PYTHON").expect("SEATKEEPER_PYTHON names the interpreter that has the client");
    let site = site_of(500, &["jsonrpc=true"]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(site.clone().serve(listener));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/conformance.py");
    let run = move || Command::new(python).arg(script).arg(url).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    server.abort();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("all checks passed"), "{text}");
}
