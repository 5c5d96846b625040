//! A simulated Confluence on a socket: our own, or one that already runs and is asked by its control interface.

use super::{
    Peer,
    client::{number, segment},
};
use crate::Facts;
use anyhow::{Context, Result};
use seatkeeper_simulator::{Config, Simulator};
use serde_json::{Value, json};
use std::{net::TcpListener, thread};

/// The name of the account that the token belongs to.
pub const BOT: &str = "sk-bot";

/// A Confluence under our control.
#[derive(Clone)]
pub struct Site {
    /// Its control interface and its product.
    pub peer: Peer,
    /// The simulator itself, if it runs in this process.
    pub own: Option<Simulator>,
}

impl Site {
    /// Starts one with so many accounts in this process.
    pub fn start(users: u32, token: &str) -> Result<Self> {
        let config = Config { users, token: token.into(), admin: BOT.into(), ..Config::default() };
        let simulator = Simulator::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").context("the simulator has no port")?;
        let base = format!("http://{}", listener.local_addr()?);
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let served = simulator.clone();
        // The thread lives as long as the process: connections may stay open until the very end.
        thread::spawn(move || {
            runtime.block_on(async move { served.serve(tokio::net::TcpListener::from_std(listener)?).await })
        });
        Ok(Self { peer: Peer::new(&base), own: Some(simulator) })
    }

    /// One that already runs.
    pub fn at(url: &str) -> Self {
        Self { peer: Peer::new(url), own: None }
    }

    /// Where its product is.
    pub fn origin(&self) -> &str {
        self.peer.base()
    }

    /// Its state in numbers.
    pub fn state(&self) -> Result<Value> {
        self.peer.get("/_sim/state")?.success()
    }

    /// Writing requests so far, whatever became of them.
    pub fn writes(&self) -> Result<u64> {
        number(&self.state()?, "/writes")
    }

    /// Requests so far.
    pub fn requests(&self) -> Result<u64> {
        number(&self.state()?, "/requests")
    }

    /// Seats in use.
    pub fn seats_used(&self) -> Result<u64> {
        number(&self.state()?, "/seats/used")
    }

    /// An account.
    pub fn user(&self, name: &str) -> Result<Value> {
        self.peer.get(&format!("/_sim/users/{}", segment(name)))?.success()
    }

    /// Whether an account takes a seat.
    pub fn has_seat(&self, name: &str) -> Result<bool> {
        self.user(name)?.get("seat").and_then(Value::as_bool).context("the simulator does not tell the seat")
    }

    /// Sends login events to this address from now on.
    pub fn hook(&self, base: &str, secret: &str) -> Result<()> {
        let hook = json!({"url": format!("{base}/hooks/login"), "secret": secret});
        self.peer.post("/_sim/hook", Some(&hook))?.success().map(drop)
    }

    /// Somebody logs in; the answer comes when the webhook was answered.
    pub fn login(&self, name: &str) -> Result<Value> {
        self.peer.post("/_sim/login", Some(&json!({ "username": name })))?.success()
    }

    /// How many seats are bought.
    pub fn licence(&self, seats: Option<u64>) -> Result<()> {
        self.peer.post("/_sim/license", Some(&json!({ "max_users": seats })))?.success().map(drop)
    }

    /// Turns knobs.
    pub fn knobs(&self, knobs: &Value) -> Result<()> {
        self.peer.post("/_sim/knobs", Some(knobs))?.success().map(drop)
    }

    /// What chat has received and accepted.
    pub fn chat(&self) -> Result<Vec<Value>> {
        let chat = self.peer.get("/_sim/chat")?.success()?;
        let posts = chat.get("posts").unwrap_or(&chat).as_array().context("the simulator's chat is no list")?;
        Ok(posts
            .iter()
            .filter(|post| post.get("status").and_then(Value::as_u64).is_none_or(|s| s < 300))
            .cloned()
            .collect())
    }

    /// Forgets what chat has received.
    pub fn clear_chat(&self) -> Result<()> {
        self.peer.send("DELETE", "/_sim/chat", &[], None)?.success().map(drop)
    }

    /// Name, whether active, and direct groups of every account by key; only of our own simulator.
    pub fn facts(&self) -> Result<Facts> {
        let simulator = self.own.as_ref().context("only a simulator in this process can be looked into")?;
        let world = simulator.world();
        let facts = world.users().map(|(id, user)| {
            let groups = world.groups_of(id, false).iter().map(|group| world.group(*group).name.to_string()).collect();
            (user.key_text(), (user.username.to_string(), user.active, groups))
        });
        Ok(facts.collect())
    }
}
