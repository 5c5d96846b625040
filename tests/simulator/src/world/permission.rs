//! Global permissions: which group or account may do what on the whole site.

use super::{GroupId, UserId, World};

/// A kind of permission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// `application`, `system`, `space`, `personal_space` or `user`.
    pub target: String,
    /// `use`, `administer`, `create`, `use_unlicensed` or `read`.
    pub key: String,
}

impl Operation {
    /// A permission by its two words.
    pub fn new(target: &str, key: &str) -> Self {
        Self { target: target.to_owned(), key: key.to_owned() }
    }

    /// The pairs that a group or an account can hold.
    pub const KNOWN: [(&'static str, &'static str); 5] = [
        ("application", "use"),
        ("application", "administer"),
        ("system", "administer"),
        ("personal_space", "create"),
        ("space", "create"),
    ];

    /// Whether it exists for groups and accounts.
    pub fn is_known(&self) -> bool {
        Self::KNOWN.contains(&(self.target.as_str(), self.key.as_str()))
    }

    /// Whether it is the permission that takes a seat.
    pub fn is_use(&self) -> bool {
        self.target == "application" && self.key == "use"
    }

    /// Whether it makes an administrator.
    pub fn is_administer(&self) -> bool {
        self.key == "administer"
    }

    /// The name in the audit log and in the database.
    pub fn database_name(&self) -> &'static str {
        match (self.target.as_str(), self.key.as_str()) {
            ("application", "use") => "USECONFLUENCE",
            ("application", "administer") => "ADMINISTRATECONFLUENCE",
            ("system", "administer") => "SYSTEMADMINISTRATOR",
            ("personal_space", "create") => "PERSONALSPACE",
            ("space", "create") => "CREATESPACE",
            _ => "OTHER",
        }
    }
}

/// Who holds a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Everybody in a group.
    Group(GroupId),
    /// One account.
    User(UserId),
    /// Visitors without an account.
    Anonymous,
    /// Accounts without a licence.
    Unlicensed,
}

/// One permission of one holder.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The permission.
    pub operation: Operation,
    /// The holder.
    pub subject: Subject,
}

impl World {
    /// All global permissions in the order they were given.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Gives a permission; a second time changes nothing.
    pub fn grant(&mut self, subject: Subject, operation: Operation) -> bool {
        let grant = Grant { operation, subject };
        if self.grants.contains(&grant) {
            return false;
        }
        self.grants.push(grant);
        self.recount_seats();
        true
    }

    /// Takes a permission away; without the permission to use the site nothing else is left.
    pub fn revoke(&mut self, subject: Subject, operation: &Operation) -> bool {
        let before = self.grants.len();
        self.grants.retain(|grant| grant.subject != subject || !(grant.operation == *operation || operation.is_use()));
        let changed = self.grants.len() != before;
        if changed {
            self.recount_seats();
        }
        changed
    }

    /// Whether the account administers the site.
    pub fn is_admin(&self, id: UserId) -> bool {
        self.grants.iter().filter(|grant| grant.operation.is_administer()).any(|grant| match grant.subject {
            Subject::Group(group) => self.is_member(id, group, true),
            Subject::User(user) => user == id,
            Subject::Anonymous | Subject::Unlicensed => false,
        })
    }

    /// Whether being in the group makes an administrator.
    pub fn is_admin_group(&self, group: GroupId) -> bool {
        self.grants.iter().any(|grant| {
            grant.operation.is_administer()
                && matches!(grant.subject, Subject::Group(holder) if self.group(group).ancestors.contains(&holder))
        })
    }
}
