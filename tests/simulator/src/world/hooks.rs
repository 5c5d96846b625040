//! Webhooks: what is registered, what goes out, and the breaker that skips a dead receiver.

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{GroupId, UserId, World};

/// An address with the secret that signs what is sent there.
#[derive(Clone, Debug)]
pub struct HookUrl {
    /// The address.
    pub url: String,
    /// The secret; empty sends unsigned.
    pub secret: String,
}

/// A registered webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The events it wants.
    pub events: Vec<String>,
    /// Where it goes.
    pub target: HookUrl,
    /// Switched on.
    pub active: bool,
    /// Whether certificates are checked.
    pub ssl_verification: bool,
    /// When it was made.
    pub created_ms: i64,
    /// When it was last changed.
    pub updated_ms: i64,
    /// Failures in a row.
    pub failures: u32,
    /// Deliveries are skipped until then.
    pub skip_until_ms: i64,
}

/// One request that has to go out.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The webhook it belongs to; `None` is the login hook.
    pub webhook: Option<u64>,
    /// Where it goes.
    pub url: String,
    /// The name of the event.
    pub event: String,
    /// Unlike in every other place, these are the exact bytes that are signed.
    pub body: String,
    /// `X-Hub-Signature`, when there is a secret.
    pub signature: Option<String>,
    /// `X-Request-Id`.
    pub request_id: String,
}

/// What came of a delivery.
#[derive(Clone, Debug, Serialize)]
pub struct Delivered {
    /// The webhook; `None` is the login hook.
    pub webhook: Option<u64>,
    /// The event.
    pub event: String,
    /// Where it went.
    pub url: String,
    /// `X-Request-Id`.
    pub request_id: String,
    /// What was sent.
    pub request_body: String,
    /// What was answered; `None` when nobody was there.
    pub status: Option<u16>,
    /// The answer's body, or why there was none.
    pub response_body: String,
    /// When it was sent, in milliseconds of the site.
    pub at_ms: i64,
}

/// `sha256=` and the HMAC of the body in hexadecimal.
pub(crate) fn sign(secret: &str, body: &str) -> Option<String> {
    if secret.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body.as_bytes());
    Some(format!("sha256={}", hex::encode(mac.finalize().into_bytes())))
}

impl World {
    /// Sends an event about an account to every webhook that wants it.
    pub(crate) fn announce_user(&mut self, event: &str, actor: Option<UserId>, id: UserId) {
        let user = self.user(id);
        let about = if self.knobs.webhook_user_key_only {
            json!({"key": user.key_text()})
        } else {
            json!({"userKey": user.key_text(), "username": &*user.username})
        };
        self.announce(event, actor, "user", &about);
    }

    /// Sends an event about a group to every webhook that wants it.
    pub(crate) fn announce_group(&mut self, event: &str, actor: Option<UserId>, group: GroupId) {
        let about = json!({"name": &*self.group(group).name});
        self.announce(event, actor, "group", &about);
    }

    fn announce(&mut self, event: &str, actor: Option<UserId>, field: &str, about: &Value) {
        let now = self.now_ms();
        let mut body = json!({"timestamp": now, "event": event, field: about});
        if let (Some(actor), Some(map)) = (actor, body.as_object_mut()) {
            map.insert("userKey".to_owned(), self.user(actor).key_text().into());
        }
        let wanted: Vec<(u64, HookUrl)> = self
            .webhooks
            .iter()
            .filter(|hook| hook.active && now >= hook.skip_until_ms && hook.events.iter().any(|own| own == event))
            .map(|hook| (hook.id, hook.target.clone()))
            .collect();
        for (id, target) in wanted {
            let delivery = self.delivery(Some(id), &target, event, body.to_string());
            self.outbox.push(delivery);
        }
    }

    /// Makes a signed request; its id is counted so that the same story gives the same ids.
    pub(crate) fn delivery(&mut self, webhook: Option<u64>, target: &HookUrl, event: &str, body: String) -> Delivery {
        self.audit.requests = self.audit.requests.saturating_add(1);
        let number = self.audit.requests;
        Delivery {
            webhook,
            url: target.url.clone(),
            event: event.to_owned(),
            signature: sign(&target.secret, &body),
            body,
            request_id: format!("5ea7cee9-0000-4000-8000-{number:012x}"),
        }
    }

    /// Remembers what a receiver answered; repeated failures open the breaker.
    pub fn note_delivery(&mut self, outcome: Delivered) {
        const LONGEST_MS: i64 = 36_000_000;
        let (now, limit) = (self.now_ms(), self.knobs.webhook_breaker_after);
        let good = outcome.status.is_some_and(|status| (200..300).contains(&status));
        if let Some(hook) = self.webhooks.iter_mut().find(|hook| Some(hook.id) == outcome.webhook) {
            hook.failures = if good { 0 } else { hook.failures.saturating_add(1) };
            if good {
                hook.skip_until_ms = 0;
            } else if limit > 0 && hook.failures >= limit {
                let doublings = hook.failures.saturating_sub(limit).min(20);
                hook.skip_until_ms = now.saturating_add(LONGEST_MS.min(10_000_i64.saturating_mul(1 << doublings)));
            }
        }
        self.delivered.push(outcome);
    }
}
