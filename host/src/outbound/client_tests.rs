use std::net::SocketAddr;
use std::sync::Mutex;

use http::StatusCode;
use http_body_util::Empty;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const EMPTY_OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A server that gives one answer to everything and notes what it was sent, by connection.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(usize, String)>>>);

impl Seen {
    fn requests(&self) -> Vec<(usize, String)> {
        self.0.lock().unwrap().clone()
    }
}

async fn server(answer: &'static str) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let notes = seen.clone();
    tokio::spawn(async move {
        for connection in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let notes = notes.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                loop {
                    let length = stream.read(&mut buffer).await.unwrap_or(0);
                    if length == 0 {
                        return;
                    }
                    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    notes.0.lock().unwrap().push((connection, text));
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (address, seen)
}

fn client(pooling: bool, blocked: &[&str]) -> Client {
    let blocked: Vec<String> = blocked.iter().map(|entry| (*entry).to_owned()).collect();
    let blocked = BlockedNetworks::parse(&blocked).unwrap();
    Client::new(ClientOptions { blocked, pooling, extra_roots: Vec::new() }).unwrap()
}

async fn get(client: &Client, url: &str, options: RequestOptions) -> Result<(StatusCode, Bytes), Error> {
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = Request::get(url).header("host", "an imitation").body(body).unwrap();
    let target = Target::of(request.uri()).unwrap();
    let response = client.send(request, &target, options).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

#[tokio::test]
async fn connections_are_used_again_and_the_host_header_is_the_checked_one() {
    let (address, seen) = server(EMPTY_OK).await;
    let client = client(true, &[]);
    for _ in 0..3 {
        let (status, body) = get(&client, &format!("http://{address}/a?b"), RequestOptions::default()).await.unwrap();
        assert_eq!((status, body.as_ref()), (StatusCode::OK, &b"ok"[..]));
    }
    let requests = seen.requests();
    assert_eq!(requests.iter().map(|(connection, _)| *connection).collect::<Vec<_>>(), [0, 0, 0]);
    let text = requests[0].1.to_lowercase();
    assert!(text.starts_with("get /a?b http/1.1\r\n"), "{text}");
    assert!(text.contains(&format!("host: {address}\r\n")) && !text.contains("imitation"), "{text}");
}

#[tokio::test]
async fn without_pooling_every_request_connects_anew() {
    let (address, seen) = server(EMPTY_OK).await;
    let client = client(false, &[]);
    for _ in 0..2 {
        get(&client, &format!("http://{address}/"), RequestOptions::default()).await.unwrap();
    }
    assert_eq!(seen.requests().iter().map(|(connection, _)| *connection).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (address, seen) =
        server("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n").await;
    let (status, _) = get(&client(true, &[]), &format!("http://{address}/"), RequestOptions::default()).await.unwrap();
    assert_eq!(status, StatusCode::FOUND);
    assert_eq!(seen.requests().len(), 1);
}

#[tokio::test]
async fn a_blocked_address_is_not_connected_to_whatever_name_led_there() {
    let (address, seen) = server(EMPTY_OK).await;
    let client = client(true, &["private"]);
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}/", address.port());
        let error = get(&client, &url, RequestOptions::default()).await.unwrap_err();
        assert!(matches!(error, Error::DestinationIpProhibited), "{host}: {error}");
    }
    assert!(seen.requests().is_empty());
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let client = client(true, &[]);
    let refused = get(&client, &format!("http://{closed}/"), RequestOptions::default()).await.unwrap_err();
    assert!(matches!(refused, Error::ConnectionRefused), "{refused}");
    let unknown = get(&client, "http://no-such-host.invalid/", RequestOptions::default()).await.unwrap_err();
    assert!(matches!(unknown, Error::DnsError { .. }), "{unknown}");
}

#[tokio::test]
async fn silence_before_and_inside_a_response_ends_by_the_timeouts() {
    let short = Some(Duration::from_millis(50));
    let (silent, _) = server("").await;
    let options = RequestOptions { first_byte_timeout: short, ..RequestOptions::default() };
    let error = get(&client(true, &[]), &format!("http://{silent}/"), options).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionReadTimeout), "{error}");
    let (stops, _) = server("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
    let options = RequestOptions { between_bytes_timeout: short, ..RequestOptions::default() };
    let error = get(&client(true, &[]), &format!("http://{stops}/"), options).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionReadTimeout), "{error}");
}

#[tokio::test]
async fn what_is_not_http_is_an_error() {
    let (address, _) = server("220 smtp ready\r\n").await;
    let error = get(&client(true, &[]), &format!("http://{address}/"), RequestOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::HttpProtocolError), "{error}");
}

#[tokio::test]
async fn tls_to_a_server_without_tls_is_an_error_of_its_own() {
    let (address, _) = server(EMPTY_OK).await;
    let error = get(&client(true, &[]), &format!("https://{address}/"), RequestOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::TlsProtocolError), "{error}");
}

#[test]
fn a_file_without_certificates_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    std::fs::write(&path, "nothing here").unwrap();
    assert!(read_roots(&path).unwrap_err().contains("holds no certificate"));
    assert!(read_roots(&folder.path().join("absent.pem")).unwrap_err().contains("absent.pem"));
}
