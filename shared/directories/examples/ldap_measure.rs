//! Measures reading people from a real `slapd`: in bulk, and one by one over eight connections.
//!
//! `cargo run --release -p seatkeeper-directories --example ldap_measure -- [people] [milliseconds a call] [one by one]`
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use seatkeeper_directories::ldap::{Ldap, LdapSettings};
use seatkeeper_engine::{
    directories::{ByteStream, Directories, Tcp, TcpError},
    ports::Clock,
};
use seatkeeper_policy::directory::{Directory, DirectoryGuard, LdapDialect, LdapRules, Match, Provider};
use seatkeeper_slapd::{Options, PASSWORD, PEOPLE, PeopleOf, READER, SERVER_NAME, Server};
use std::{
    cell::Cell,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Connections of this machine with a longer way: each thing that is said takes a while.
struct Far<'a> {
    way: Duration,
    said: &'a Cell<usize>,
}

struct FarStream<'a> {
    stream: TcpStream,
    way: Duration,
    said: &'a Cell<usize>,
}

struct Real;

impl<'a> Tcp for Far<'a> {
    type Stream = FarStream<'a>;

    async fn connect(&self, address: SocketAddr) -> Result<FarStream<'a>, TcpError> {
        let stream = TcpStream::connect(address).await.map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        Ok(FarStream { stream, way: self.way, said: self.said })
    }
}

impl ByteStream for FarStream<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError> {
        self.said.set(self.said.get() + 1);
        if !self.way.is_zero() {
            tokio::time::sleep(self.way).await;
        }
        self.stream.write_all(bytes).await.map_err(broken)
    }

    async fn read(&mut self) -> Result<Vec<u8>, TcpError> {
        let mut bytes = vec![0; 64 * 1024];
        let read = self.stream.read(&mut bytes).await.map_err(broken)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

impl Clock for Real {
    fn now(&self) -> DateTime<Utc> {
        std::time::SystemTime::now().into()
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands behind map_err")]
fn broken(error: std::io::Error) -> TcpError {
    TcpError::Connection(error.to_string())
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let number = |at: usize, usual: usize| std::env::args().nth(at).map_or(Ok(usual), |text| text.parse());
    let (people, way, asked) = (number(1, 100_000)?, number(2, 20)?, number(3, 10_000)?);
    let started = Instant::now();
    let server = Server::start(Options { ldif: &PeopleOf::Openldap.many(people), ..Options::default() })?;
    println!("{people} people in slapd after {:.1} s", started.elapsed().as_secs_f64());
    let plain = LdapSettings::parse(&format!("127.0.0.1:{}", server.port()), "off", "", "", READER, PASSWORD)?;
    let address = format!("127.0.0.1:{}", server.tls_port());
    let ldaps = LdapSettings::parse(&address, "ldaps", SERVER_NAME, &server.authority()?, READER, PASSWORD)?;
    for (name, settings, way) in
        [("plain", &plain, 0), ("plain", &plain, way), ("ldaps", &ldaps, 0), ("ldaps", &ldaps, way)]
    {
        measure(name, settings, Duration::from_millis(u64::try_from(way)?), asked.min(people)).await?;
    }
    println!("slapd has {} MB", server.memory().unwrap_or_default() / 1_000_000);
    Ok(())
}

async fn measure(name: &str, settings: &LdapSettings, way: Duration, asked: usize) -> Outcome {
    let (said, directory) = (Cell::new(0), directory());
    let client = Ldap::new(Far { way, said: &said }, Real, settings.clone());
    let started = Instant::now();
    let (mut found, mut cursor) = (0, None);
    loop {
        let page = client.people(&directory, cursor.as_deref()).await?;
        found += page.people.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let took = started.elapsed().as_secs_f64();
    let milliseconds = way.as_millis();
    println!(
        "{name}, {milliseconds} ms a call, bulk: {found} people, {} requests, {took:.2} s, our memory at most {} MB",
        said.replace(0),
        peak_memory() / 1_000_000
    );
    let client = Ldap::new(Far { way, said: &said }, Real, settings.clone());
    let started = Instant::now();
    let names: Vec<String> = (0..asked).map(|number| format!("u{number:05}")).collect();
    let answers = stream::iter(&names).map(|name| client.person(&directory, name)).buffer_unordered(8);
    let answers: Vec<_> = answers.collect().await;
    let answered = answers.into_iter().collect::<Result<Vec<_>, _>>()?.len();
    let took = started.elapsed().as_secs_f64();
    println!(
        "{name}, {milliseconds} ms a call, one by one over 8 connections: {answered} people, {} requests, {took:.2} s",
        said.get()
    );
    Ok(())
}

fn directory() -> Directory {
    let rules = LdapRules { base: PEOPLE.into(), dialect: LdapDialect::Openldap, filter: None, leavers_base: None };
    Directory {
        name: "staff".into(),
        provider: Provider::Ldap(rules),
        matching: Match::Username,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: true,
        one_by_one: false,
        guard: DirectoryGuard { leavers_percent: 10, leavers_accounts: 5, drop_percent: 10, unknown_percent: 5 },
    }
}

/// The most memory that this process ever had.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).and_then(|text| text.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}
