//! Passwords, personal access tokens and the Crowd application.

use std::collections::HashMap;

use super::UserId;

/// A personal access token.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its number.
    pub id: u64,
    /// The name its owner gave it.
    pub name: String,
    /// Whose it is.
    pub owner: UserId,
    /// The secret text.
    pub raw: String,
    /// When it was made.
    pub created_ms: i64,
    /// When it ends; `None` never.
    pub expires_ms: Option<i64>,
}

/// Everything that proves who somebody is.
#[derive(Debug, Default)]
pub struct Secrets {
    pub(crate) tokens: Vec<Token>,
    pub(crate) passwords: HashMap<UserId, String>,
    pub(crate) failures: HashMap<UserId, u32>,
    /// Name and password of the application that may use the Crowd interface.
    pub crowd_application: Option<(String, String)>,
    next_token: u64,
}

impl Secrets {
    /// Gives an account a token.
    pub fn add_token(&mut self, owner: UserId, name: &str, raw: &str, now_ms: i64, expires_ms: Option<i64>) -> Token {
        self.next_token = self.next_token.saturating_add(1);
        let token = Token {
            id: self.next_token,
            name: name.to_owned(),
            owner,
            raw: raw.to_owned(),
            created_ms: now_ms,
            expires_ms,
        };
        self.tokens.push(token.clone());
        token
    }

    /// Takes a token away.
    pub fn remove_token(&mut self, owner: UserId, id: u64) -> bool {
        let before = self.tokens.len();
        self.tokens.retain(|token| token.owner != owner || token.id != id);
        self.tokens.len() != before
    }

    /// Whose token it is, unless it has ended.
    pub fn owner_of(&self, raw: &str, now_ms: i64) -> Option<UserId> {
        let valid = |token: &&Token| token.raw == raw && token.expires_ms.is_none_or(|end| now_ms < end);
        self.tokens.iter().find(valid).map(|token| token.owner)
    }

    /// The tokens of an account.
    pub fn tokens_of(&self, owner: UserId) -> impl Iterator<Item = &Token> {
        self.tokens.iter().filter(move |token| token.owner == owner)
    }

    /// Sets a password.
    pub fn set_password(&mut self, id: UserId, password: &str) {
        self.passwords.insert(id, password.to_owned());
        self.failures.remove(&id);
    }
}
