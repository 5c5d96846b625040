//! A small server on this machine whose pages have known defects.

use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use std::{
    collections::HashMap,
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

/// The rules of a page about scripts: only those of its own host.
const POLICY: &str = "script-src 'self'";

/// The server. It ends with the program.
pub struct Site {
    origin: String,
    known: Known,
}

#[derive(Clone)]
struct Known {
    visits: Arc<Mutex<HashMap<String, u32>>>,
    /// The same server on another port: another host for the browser.
    elsewhere: Arc<str>,
}

impl Site {
    /// Starts it on two free ports.
    pub fn start() -> Self {
        let listeners = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()];
        let [origin, elsewhere] =
            listeners.each_ref().map(|listener| format!("http://{}", listener.local_addr().unwrap()));
        let known = Known { visits: Arc::default(), elsewhere: elsewhere.into() };
        let router = Router::new()
            .route("/admin/sign-in", get(|| async { Html(sign_in()) }).post(signed_in))
            .route("/admin", get(|headers: HeaderMap| async move { Html(told(&headers)) }))
            .fallback(get(served))
            .with_state(known.clone());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        thread::spawn(move || {
            runtime.block_on(async {
                let [one, other] = listeners.map(|listener| {
                    listener.set_nonblocking(true).unwrap();
                    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                    tokio::spawn(axum::serve(listener, router.clone()).into_future())
                });
                one.await.unwrap().unwrap();
                other.await.unwrap().unwrap();
            });
        });
        Self { origin, known }
    }

    /// Its address.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How often a path was asked for.
    pub fn visits(&self, path: &str) -> u32 {
        self.known.visits.lock().unwrap().get(path).copied().unwrap_or_default()
    }
}

/// A page that keeps all rules, with something more in its head and its body.
fn with(head: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Sound</title>\
         <meta name=viewport content='width=device-width, initial-scale=1'><link rel=icon href='data:,'>\
         <style>body {{ background: #fff; color: #222; transition: none }} a {{ color: #004 }}\
         @media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #eee }} a {{ color: #aaf }} }}</style>\
         {head}</head><body><main><h1>Sound</h1><p><a href=/admin>Sign in</a></p>\
         <p><label><input type=checkbox name=box> A box</label></p>{body}</main></body></html>"
    )
}

fn sign_in() -> String {
    with("", "<form method=post><label>Token <input name=token type=password></label><button>Go</button></form>")
}

async fn signed_in(Form(form): Form<HashMap<String, String>>) -> Response {
    let cookie = format!("__Host-session={}; Path=/; Secure; HttpOnly; SameSite=Lax", form["token"]);
    (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, "/admin".into())]).into_response()
}

fn told(headers: &HeaderMap) -> String {
    let cookies = headers.get(header::COOKIE).map_or("nothing", |value| value.to_str().unwrap());
    with("", &format!("<p>You sent {cookies}.</p>"))
}

async fn served(State(known): State<Known>, uri: Uri) -> Response {
    *known.visits.lock().unwrap().entry(uri.path().to_owned()).or_default() += 1;
    let elsewhere = &known.elsewhere;
    let page = match uri.path() {
        "/sound" => with("", ""),
        "/throws" => with("<script>throw new Error('broken')</script>", ""),
        "/missing-picture" => with("", "<img src=/nowhere.png alt=Nothing>"),
        "/refused-script" => {
            let page = Html(with("", "<button onclick='alert(1)'>Press</button><script>1</script>"));
            return ([(header::CONTENT_SECURITY_POLICY, POLICY)], page).into_response();
        }
        "/foreign-picture" => with("", &format!("<img src='{elsewhere}/dot.svg' alt=Dot>")),
        "/preconnects" => with(&format!("<link rel=preconnect href='{elsewhere}'>"), ""),
        "/heavy" => with("<link rel=stylesheet href=/heavy.css>", "<p><a href=/sound>To the sound page</a></p>"),
        "/two-headings" => with("", "<h1>Again</h1>"),
        "/nameless" => with("", "").replace("<html lang=en>", "<html>").replace("<title>Sound</title>", ""),
        "/wide" => with("", "<table><tr><td><div style='width: 800px'>Wide</div></table>"),
        "/no-viewport" => with("", "").replace("name=viewport", "name=other"),
        "/no-label" => with("", "<input name=lonely>"),
        "/weak-at-night" => with(
            "<style>.weak { color: #555 } @media (prefers-color-scheme: dark) { .weak { color: #333 } }</style>",
            "<p class=weak>Read me</p>",
        ),
        "/skipped" => with("", "<button tabindex=-1>Skipped</button>"),
        "/unseen-focus" => with("<style>button:focus { outline: none }</style>", "<button>Unseen</button>"),
        "/dot.svg" => {
            let dot = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><circle r='4'/></svg>";
            return ([(header::CONTENT_TYPE, "image/svg+xml")], dot).into_response();
        }
        "/heavy.css" => {
            return ([(header::CONTENT_TYPE, "text/css")], format!("/*{}*/", "x".repeat(210_000))).into_response();
        }
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    Html(page).into_response()
}
