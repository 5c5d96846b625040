//! The SCIM client against a server that other people wrote, over real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

use crate::over_tcp::{directory, everybody};
use http::Request;
use seatkeeper_directories::{OAuthTexts, Scim, ScimSettings};
use seatkeeper_engine::{
    directories::Directories as _,
    ports::{ErrorClass, Http as _},
};
use seatkeeper_policy::directory::{Match, Presence, Provider};
use seatkeeper_stand_ins::native::{NativeHttp, RealClock};
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

const TOKEN: &str = "s3cr3t";

/// The server, which does not outlive the test.
struct Server {
    process: Child,
    origin: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    async fn start(http: &NativeHttp) -> Self {
        let python =
            std::env::var("SEATKEEPER_PYTHON").expect("SEATKEEPER_PYTHON names the interpreter that has scim2-server");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = std::path::Path::new(&python).with_file_name("scim2-server");
        let process = Command::new(&python)
            .arg(program)
            .args(["--port", &port.to_string(), "--bearer-token", TOKEN])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, origin: format!("http://127.0.0.1:{port}/v2") };
        for _ in 0..300 {
            let request = Request::get(format!("{}/ServiceProviderConfig", server.origin));
            let request = request.header("authorization", format!("Bearer {TOKEN}")).body(Vec::new()).unwrap();
            if http.send(request).await.is_ok_and(|answer| answer.status() == 200) {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("scim2-server did not start on {}", server.origin);
    }

    async fn create(&self, http: &NativeHttp, mut user: Value) -> String {
        user["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
        let request = Request::post(format!("{}/Users", self.origin))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/scim+json")
            .body(user.to_string().into_bytes())
            .unwrap();
        let answer = http.send(request).await.unwrap();
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        assert_eq!(answer.status(), 201, "{user}: {body}");
        serde_json::from_str::<Value>(&body).unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn delete(&self, http: &NativeHttp, id: &str) {
        let request = Request::delete(format!("{}/Users/{id}", self.origin));
        let request = request.header("authorization", format!("Bearer {TOKEN}")).body(Vec::new()).unwrap();
        assert_eq!(http.send(request).await.unwrap().status(), 204);
    }

    fn client(&self, http: &NativeHttp, token: &str) -> Scim<NativeHttp, RealClock> {
        let settings = ScimSettings::parse(&self.origin, token, OAuthTexts::default()).unwrap();
        Scim::new(http.clone(), RealClock, settings)
    }
}

#[tokio::test]
#[ignore = "needs the Python server; run by cargo xtask test"]
async fn people_of_a_real_scim_server_are_read_page_by_page_and_found_one_by_one() {
    let http = NativeHttp::new(Duration::from_secs(15));
    let server = Server::start(&http).await;
    let client = server.client(&http, TOKEN);
    let by_name = directory(Provider::Scim, Match::Username);

    // Nobody yet.
    assert_eq!(everybody(&client, &by_name).await, []);
    assert_eq!(client.person(&by_name, "jdoe").await.unwrap().presence, Presence::Absent);

    // Odd names, and enough people for three pages.
    let odd = ["O'Brien", "say \"hi\"", "back\\slash", "jörg.müller", "a&b=c#d?e", "a+b@example.com", "x*)(uid=*"];
    let mut expected: Vec<(String, Presence)> = Vec::new();
    for (at, name) in odd.iter().map(ToString::to_string).chain((0..430).map(|at| format!("user{at:04}"))).enumerate() {
        let active = at % 7 != 0;
        server.create(&http, json!({"userName": name, "externalId": format!("{at:06}"), "active": active})).await;
        expected.push((name, if active { Presence::Active } else { Presence::Disabled }));
    }
    let mails = json!([{"value": "two@example.com", "type": "work"}, {"value": "Two.Old@example.org", "type": "home"}]);
    let two = server.create(&http, json!({"userName": "two", "externalId": "T-2", "emails": mails})).await;
    expected.push(("two".to_owned(), Presence::Active));
    expected.sort();

    let before = http.sent();
    assert_eq!(everybody(&client, &by_name).await, expected);
    assert_eq!(http.sent() - before, 3);

    for (name, presence) in expected.iter().filter(|(name, _)| odd.contains(&name.as_str()) || name.ends_with("77")) {
        let found = client.person(&by_name, &name.to_lowercase()).await.unwrap();
        assert_eq!((&found.identity, found.presence), (name, *presence));
    }
    for nobody in ["user", "user00", "user0000x", "say \"hi", "\" or active eq true or userName eq \"x", "*", "nul\0"] {
        assert_eq!(client.person(&by_name, nobody).await.unwrap().presence, Presence::Absent, "{nobody:?}");
    }

    let by_mail = directory(Provider::Scim, Match::Mail);
    let addresses: Vec<String> = everybody(&client, &by_mail).await.into_iter().map(|(mail, _)| mail).collect();
    assert_eq!(addresses, ["Two.Old@example.org", "two@example.com"]);
    assert_eq!(client.person(&by_mail, "two.old@example.org").await.unwrap().presence, Presence::Active);
    assert_eq!(client.person(&by_mail, "nobody@example.org").await.unwrap().presence, Presence::Absent);

    let by_number = directory(Provider::Scim, Match::EmployeeId);
    assert_eq!(client.person(&by_number, "000007").await.unwrap().presence, Presence::Disabled);
    assert_eq!(client.person(&by_number, "t-2").await.unwrap().presence, Presence::Active);
    assert_eq!(client.person(&by_number, "999999").await.unwrap().presence, Presence::Absent);

    // Somebody leaves.
    server.delete(&http, &two).await;
    assert_eq!(client.person(&by_name, "two").await.unwrap().presence, Presence::Absent);

    let error = server.client(&http, "wrong").people(&by_name, None).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unauthorized, "{error}");
}
