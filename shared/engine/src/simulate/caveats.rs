//! What a simulation cannot know, because the sweep that made the snapshot did not ask for it.

use seatkeeper_policy::{Directory, Policy};
use serde::{Deserialize, Serialize};

/// Something that the snapshot does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caveat {
    /// Stable word.
    pub code: String,
    /// What is not known, and which way it may change the result.
    pub text: String,
}

/// Everything about a policy that the snapshot of another one cannot tell.
pub(super) fn caveats(policy: &Policy, before: Option<&Policy>, emergency: bool) -> Vec<Caveat> {
    let mut found = Vec::new();
    let mut say = |code: &str, text: String| found.push(Caveat { code: code.to_owned(), text });
    if emergency {
        say(
            "emergency",
            "the snapshot was judged for an emergency, with windows of its own: the recorded decisions are not those of \
             its policy"
                .into(),
        );
    }
    let Some(before) = before else {
        say(
            "policy-gone",
            "the policy that judged the snapshot cannot be read any more, so nobody can tell which groups, sources and \
             directories it asked"
                .into(),
        );
        return found;
    };
    let unread: Vec<_> = policy.licence_groups.difference(&before.licence_groups).map(ToString::to_string).collect();
    if !unread.is_empty() {
        say(
            "licence-groups",
            format!("members of {} were not read: accounts that are only there are missing", unread.join(", ")),
        );
    }
    let dropped: Vec<_> = before.licence_groups.difference(&policy.licence_groups).map(ToString::to_string).collect();
    if !dropped.is_empty() {
        say(
            "other-groups",
            format!(
                "{} still gives a seat and is not named any more: its members are held where they would lose the rest",
                dropped.join(", ")
            ),
        );
    }
    let known = before.marked_groups();
    let marks: Vec<_> = policy
        .marked_groups()
        .into_iter()
        .filter(|group| !known.contains(group) && !before.licence_groups.contains(*group))
        .map(ToString::to_string)
        .collect();
    if !marks.is_empty() {
        say(
            "groups",
            format!(
                "who is in {} was not read: exemptions, populations and directories that name it fit nobody here",
                marks.join(", ")
            ),
        );
    }
    if policy.administrator_groups != before.administrator_groups {
        say(
            "administrators",
            "the groups of administrators differ: here those count as administrators whom the snapshot knows as such"
                .into(),
        );
    }
    if policy.sources.audit_log && !before.sources.audit_log {
        say("audit-log", "the audit log was not read: a sweep would see more logins and take fewer seats".into());
    }
    if policy.sources.contributions && !before.sources.contributions {
        say(
            "contributions",
            "contributions are looked up just before each reclaim: a sweep would take fewer seats".into(),
        );
    }
    if sources_went(policy, before) {
        say(
            "sightings",
            "sightings of sources that this policy does not ask any more still count here; in a sweep they are \
             remembered, too"
                .into(),
        );
    }
    directories(policy, before, &mut say);
    found
}

fn sources_went(policy: &Policy, before: &Policy) -> bool {
    let signs = |policy: &Policy, name: &str| policy.directory(name).is_some_and(|directory| directory.sign_ins);
    before.sources.audit_log && !policy.sources.audit_log
        || before.sources.contributions && !policy.sources.contributions
        || before.directories.iter().any(|directory| directory.sign_ins && !signs(policy, &directory.name))
}

fn directories(policy: &Policy, before: &Policy, say: &mut impl FnMut(&str, String)) {
    let asked = |directory: &Directory| {
        let Directory { provider, matching, responsible, sign_ins, .. } = directory.clone();
        (provider, matching, responsible, sign_ins)
    };
    for directory in &policy.directories {
        match before.directory(&directory.name) {
            None => say(
                "directory",
                format!(
                    "directory `{}` was not asked: whoever it says has left, or is there, is not known here",
                    directory.name
                ),
            ),
            Some(known) if asked(known) != asked(directory) => say(
                "directory",
                format!(
                    "directory `{}` was asked otherwise: its words here are those of the old settings",
                    directory.name
                ),
            ),
            Some(_) => {}
        }
    }
}
