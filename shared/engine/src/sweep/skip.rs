//! Why an account of a plan was left alone in the end: each with a text for people and a code for statistics.

/// A reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// It does not exist any more.
    Gone,
    /// It has another name.
    Renamed,
    /// It is not active any more.
    NotActive,
    /// It is in no licence group any more.
    NoGroup,
    /// It has one licence group more than the plan knows.
    MoreGroups,
    /// It became an administrator.
    Administrator,
    /// It became exempt.
    Exempt,
    /// A login was heard of.
    LoggedIn,
    /// A login was heard of in the middle.
    CameBack,
    /// The directory behind the plan is not in the policy any more.
    DirectoryRemoved,
    /// The directory behind the plan does not speak about the account any more.
    NotResponsible,
    /// The directory behind the plan takes its word back.
    NotLeft,
    /// Another directory knows the person.
    PresentElsewhere,
    /// Another directory does not answer.
    DirectorySilent,
    /// A contribution was found.
    Contributed,
    /// A person struck it off the plan.
    Struck,
}

impl Skip {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Gone,
        Self::Renamed,
        Self::NotActive,
        Self::NoGroup,
        Self::MoreGroups,
        Self::Administrator,
        Self::Exempt,
        Self::LoggedIn,
        Self::CameBack,
        Self::DirectoryRemoved,
        Self::NotResponsible,
        Self::NotLeft,
        Self::PresentElsewhere,
        Self::DirectorySilent,
        Self::Contributed,
        Self::Struck,
    ];

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Renamed => "renamed",
            Self::NotActive => "not-active",
            Self::NoGroup => "no-group",
            Self::MoreGroups => "more-groups",
            Self::Administrator => "administrator",
            Self::Exempt => "exempt",
            Self::LoggedIn => "logged-in",
            Self::CameBack => "came-back",
            Self::DirectoryRemoved => "directory-removed",
            Self::NotResponsible => "not-responsible",
            Self::NotLeft => "not-left",
            Self::PresentElsewhere => "present-elsewhere",
            Self::DirectorySilent => "directory-silent",
            Self::Contributed => "contributed",
            Self::Struck => "struck",
        }
    }

    /// For people, after a dash.
    pub fn why(self) -> &'static str {
        match self {
            Self::Gone => "the account does not exist any more",
            Self::Renamed => "the account was renamed since the plan was made",
            Self::NotActive => "the account is not active any more",
            Self::NoGroup => "the account is in none of the licence groups any more",
            Self::MoreGroups => "the account has another licence group by now, so taking these would free no seat",
            Self::Administrator => "the account became an administrator",
            Self::Exempt => "the account became exempt",
            Self::LoggedIn => "the person logged in since the plan was made",
            Self::CameBack => "the person logged in while the seat was being taken",
            Self::DirectoryRemoved => "the directory that said the person had left is not in the policy any more",
            Self::NotResponsible => {
                "the directory that said the person had left does not speak about the account any more"
            }
            Self::NotLeft => "the directory does not say any more that the person has left",
            Self::PresentElsewhere => "another directory knows the person as present by now",
            Self::DirectorySilent => "another directory does not answer about the person",
            Self::Contributed => "the person contributed after the last known login",
            Self::Struck => "a person struck it off the plan",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_code_and_a_text_of_its_own() {
        let codes: std::collections::BTreeSet<_> = Skip::ALL.iter().map(|skip| skip.code()).collect();
        let texts: std::collections::BTreeSet<_> = Skip::ALL.iter().map(|skip| skip.why()).collect();
        assert_eq!((codes.len(), texts.len()), (Skip::ALL.len(), Skip::ALL.len()));
    }
}
