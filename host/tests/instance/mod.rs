//! A stand-in for an instance: replays recorded answers and remembers what it was asked.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

pub const TRIGGER: &str = "trigger-token-0123456789";
pub const REPORT: &str = "report-token-0123456789";
pub const ADMIN: &str = "admin-token-0123456789";
pub const HOOK: &str = "hook-secret-0123456789";
/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub line: String,
    pub headers: Vec<String>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A recorded answer: the request line it belongs to, the status and the body.
pub type Reply = (&'static str, u16, String);

/// The stand-in. Answers with the same request line are given in order; the last one is given again and again.
pub struct Instance {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    pub dir: tempfile::TempDir,
}

impl Instance {
    pub fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut replies: VecDeque<Reply> = replies.into();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = receive(&stream);
                let place = replies.iter().position(|(line, ..)| *line == request.line);
                let (status, body) = match place {
                    None => (404, format!(r#"{{"title":"There is nothing here","detail":"{}"}}"#, request.line)),
                    Some(place) => {
                        let (line, status, body) = replies.get(place).cloned().unwrap();
                        if replies.iter().filter(|(other, ..)| *other == line).count() > 1 {
                            replies.remove(place);
                        }
                        (status, body)
                    }
                };
                log.lock().unwrap().push(request);
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status} Recorded\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                // A client that went away is the client's business.
                let _ = stream.write_all(format!("{head}{body}").as_bytes());
            }
        });
        Self { url, seen, dir: tempfile::tempdir().unwrap() }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seatkeeper"));
        command.args(arguments).env_clear().current_dir(self.dir.path()).env("SEATKEEPER_URL", &self.url);
        command.env("USER", "anna");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        let tokens =
            [("TRIGGER_TOKEN", TRIGGER), ("REPORT_TOKEN", REPORT), ("ADMIN_TOKEN", ADMIN), ("HOOK_SECRET", HOOK)];
        let tokens = tokens.map(|(name, value)| (format!("SEATKEEPER_{name}"), value));
        Ended::of(self.command(arguments).envs(tokens).output().unwrap())
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|request| request.line).collect()
    }

    pub fn find(&self, line: &str) -> Seen {
        self.seen().into_iter().find(|request| request.line == line).unwrap_or_default()
    }
}

fn receive(stream: &TcpStream) -> Seen {
    let mut reader = BufReader::new(stream);
    let mut request = Seen::default();
    reader.read_line(&mut request.line).unwrap();
    request.line = request.line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim_end().is_empty() {
            break;
        }
        request.headers.push(line.trim_end().to_owned());
    }
    let length = request.header("Content-Length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request.body = String::from_utf8(body).unwrap();
    request
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub fn expect(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{self:#?}");
        for part in parts {
            assert!(self.out.contains(part) || self.err.contains(part), "{part:?} is missing in {self:#?}");
        }
    }
}
