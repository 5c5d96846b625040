//! An installation of Seatkeeper: a host with its files, its tokens, and the clients of the people who use it.

use super::{
    Answer, Manifest, Peer, Process, Program, Running, Site,
    client::{list, text},
    root, site,
};
use anyhow::{Result, bail, ensure};
use seatkeeper_web::{Secret, signature};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Ticks of one sweep at most.
const TICKS: u32 = 5_000;

/// The credentials of an installation.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Confluence's, for our account.
    pub confluence: String,
    /// For `/admin`.
    pub admin: String,
    /// For `/report`.
    pub report: String,
    /// For `/sweep` and `/alert`.
    pub trigger: String,
    /// Signs events.
    pub hook: String,
    /// People with tokens of their own.
    pub people: Vec<Somebody>,
}

/// A person with a token.
#[derive(Debug, Clone)]
pub struct Somebody {
    /// Name.
    pub name: &'static str,
    /// What they may do.
    pub role: &'static str,
    /// How they sign in.
    pub token: String,
}

impl Tokens {
    /// The token of somebody with this role; none where it is not known, as for an installation of somebody else.
    pub fn of(&self, role: &str) -> Option<&str> {
        self.people.iter().find(|somebody| somebody.role == role).map(|somebody| somebody.token.as_str())
    }

    /// The variable `people`: it holds hashes only.
    fn people_variable(&self) -> String {
        let entry = |Somebody { name, role, token }: &Somebody| {
            format!("{name}:{role}:{}", hex::encode(Sha256::digest(token.as_bytes())))
        };
        self.people.iter().map(entry).collect::<Vec<_>>().join(";")
    }
}

/// Credentials that open nothing but programs which end with the test.
pub fn tokens() -> Tokens {
    let made = |what: &str| format!("canary-{what}-4f1c9b7d20e86a35");
    Tokens {
        confluence: made("confluence"),
        admin: made("admin"),
        report: made("report"),
        trigger: made("trigger"),
        hook: made("hook"),
        people: [
            ("Vera", "viewer"),
            ("Otto", "operator"),
            ("Anna", "approver"),
            ("Bert", "approver"),
            ("Ada", "admin"),
        ]
        .map(|(name, role)| Somebody { name, role, token: made(&format!("{role}-{name}")) })
        .into(),
    }
}

/// Clients of a running Seatkeeper.
#[derive(Debug, Clone)]
pub struct Install {
    /// Without a token.
    pub anyone: Peer,
    /// The administrator.
    pub admin: Peer,
    /// A reader.
    pub report: Peer,
    /// The timer.
    pub trigger: Peer,
    /// All credentials.
    pub tokens: Tokens,
}

impl Install {
    /// The clients of a Seatkeeper at an address.
    pub fn at(base: &str, tokens: Tokens) -> Self {
        Self::of(&Peer::new(base), tokens)
    }

    /// The clients made from one without a token.
    pub fn of(anyone: &Peer, tokens: Tokens) -> Self {
        Self {
            admin: anyone.with_token(&tokens.admin),
            report: anyone.with_token(&tokens.report),
            trigger: anyone.with_token(&tokens.trigger),
            anyone: anyone.clone(),
            tokens,
        }
    }

    /// Sends an event with its signature.
    pub fn event(&self, body: &str) -> Result<Answer> {
        self.signed(body.as_bytes(), &sign(&self.tokens.hook, body.as_bytes())?)
    }

    /// Sends an event with any signature.
    pub fn signed(&self, body: &[u8], signature: &str) -> Result<Answer> {
        let headers = [("content-type", "application/json"), ("x-hub-signature", signature)];
        self.anyone.send("POST", "/hooks/login", &headers, Some(body))
    }

    /// Puts a policy in force.
    pub fn policy(&self, policy: &str) -> Result<Value> {
        self.admin.put("/admin/policy", &[], policy)?.success()
    }

    /// Drives ticks until the sweep rests, and returns the last report. `first` may open a sweep.
    pub fn sweep(&self, first: &str) -> Result<Value> {
        let mut path = first;
        for _ in 0..TICKS {
            let report = self.trigger.post(path, None)?.success()?;
            path = "/sweep";
            match text(&report, "/status")?.as_str() {
                "working" => {}
                // Somebody else has the lease for now.
                "busy" => std::thread::sleep(std::time::Duration::from_millis(100)),
                _ => return Ok(report),
            }
        }
        bail!("the sweep did not come to rest within {TICKS} ticks")
    }

    /// Opens a sweep that must end with a plan that waits, and returns the plan.
    pub fn plan(&self) -> Result<Value> {
        let report = self.sweep("/sweep?open=now")?;
        ensure!(text(&report, "/status")? == "waiting", "the plan should wait for an answer: {report}");
        Ok(report.get("plan").cloned().unwrap_or_default())
    }

    /// Approves a plan.
    pub fn approve(&self, plan: &Value) -> Result<Value> {
        let path = format!("/admin/plans/{}/approve", text(plan, "/id")?);
        self.admin.post(&path, Some(&json!({"hash": text(plan, "/hash")?})))?.success()
    }

    /// User keys of the accounts of a plan. Not names: some names cannot be part of a path.
    pub fn planned(&self, plan: &Value) -> Result<Vec<String>> {
        let id = text(plan, "/id")?;
        let mut keys = Vec::new();
        for page in 1.. {
            let plan = self.report.get(&format!("/report/plans/{id}.json?size=500&page={page}"))?.success()?;
            let accounts = list(&plan, "/accounts")?;
            if accounts.is_empty() {
                break;
            }
            for account in &accounts {
                keys.push(text(account, "/user-key")?);
            }
        }
        Ok(keys)
    }
}

/// The signature header of a body.
pub fn sign(secret: &str, body: &[u8]) -> Result<String> {
    Ok(signature::sign(&Secret::new("hook_secret", secret)?, body))
}

/// A policy with generous limits in this mode.
pub fn policy(mode: &str) -> String {
    format!(
        "version = 1\nmode = \"{mode}\"\n\
         licence-groups = [\"confluence-users\", \"confluence-contractors\"]\n\
         inactive.after-days = 90\nnever-logged-in.after-days = 60\n\
         cap = {{ accounts = 200000, percent = 100 }}\n\
         restore.seat-buffer = 2\n\
         [[exempt]]\npattern = \"svc-*\"\nwhy = \"integrations\"\nowner = \"platform team\"\n\
         [[alert]]\npercent = 90\n"
    )
}

/// How to start a host on a site: the files are put into `folder`, which becomes its home.
pub fn prepare(program: Program, folder: &Path, site: &Site, tokens: &Tokens, cron: bool) -> Result<Process> {
    fs::create_dir_all(folder)?;
    let manifest = Manifest::read(&root().join("spin.toml"))?;
    let manifest = if cron { manifest } else { manifest.without_cron()? };
    let process = Process {
        program,
        manifest: manifest.write(folder, "spin.toml")?,
        runtime_config: runtime_config(folder)?,
        state: folder.join("state"),
        variables: variables(site, tokens),
        cron,
    };
    Ok(process)
}

/// A runtime configuration that every host of Spin applications reads: the database of the default store.
fn runtime_config(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("runtime-config.toml");
    let database = folder.join("store.db");
    fs::write(&path, format!("[key_value_store.default]\ntype = \"spin\"\npath = \"{}\"\n", database.display()))?;
    Ok(path)
}

fn variables(site: &Site, tokens: &Tokens) -> Vec<(String, String)> {
    let people = &tokens.people_variable();
    let pairs = [
        ("confluence_origin", site.origin()),
        ("confluence_token", &tokens.confluence),
        ("confluence_user", site::BOT),
        ("admin_token", &tokens.admin),
        ("report_token", &tokens.report),
        ("trigger_token", &tokens.trigger),
        ("hook_secret", &tokens.hook),
        ("people", people),
        // The simulator keeps what chat would have received.
        ("slack_origin", site.origin()),
        ("slack_path", "/_sim/chat/slack"),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Our own host.
pub fn our_host(args: &[&str]) -> Result<Program> {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Ok(Program { path: super::program("seatkeeper")?, args })
}

/// A host that runs, and its clients.
pub type Started = (Running, Install);

/// Starts a host and returns it with its clients.
pub fn start(process: &Process, tokens: &Tokens) -> Result<Started> {
    let running = process.start()?;
    let install = Install::at(running.base(), tokens.clone());
    Ok((running, install))
}
