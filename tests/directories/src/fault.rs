//! What can go wrong with single calls.

use serde::{Deserialize, Serialize};

/// A fault. The texts of errors are those of the directory's kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// This status with an error of the directory's kind.
    Status(u16),
    /// 403 or another status with this code in the directory's error body.
    Refusal(u16, String),
    /// 429, told with the headers of this kind of directory, for so many seconds.
    Throttled(u32),
    /// 200 and something that is no JSON.
    BrokenJson,
    /// 200, and the JSON stops in the middle.
    CutOff,
    /// 200, only half of the people of the page, and what follows them is told as if all had come.
    HalfPage,
    /// 200, nobody on this page, and a way on to the next one.
    EmptyPage,
    /// 200 with a sign-in page.
    Html,
    /// 302 to this address.
    Redirect(String),
    /// No answer.
    Timeout,
    /// The link to the next page goes to this origin; SCIM has no links.
    NextElsewhere(String),
    /// The way to the next page leads to the same page.
    NextRepeats,
    /// The number of all people is another one than before; SCIM only.
    OtherTotal,
    /// The token does not hold any more, although it was good.
    TokenEnded,
}

/// Which calls are hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Questions about people.
    #[default]
    People,
    /// Questions for a token.
    Token,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Hits {
    /// One call.
    #[default]
    Once,
    /// So many calls in a row.
    Times(u32),
    /// This call and all that follow.
    Forever,
}

/// A fault and the calls that it hits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// With which calls.
    #[serde(default)]
    pub target: Target,
    /// The first call that is hit, counted from 1 and from now.
    #[serde(default = "first")]
    pub call: u32,
    /// How many are hit.
    #[serde(default)]
    pub hits: Hits,
}

fn first() -> u32 {
    1
}

impl Rule {
    /// The next question about people goes wrong.
    pub fn next(fault: Fault) -> Self {
        Self { fault, target: Target::People, call: 1, hits: Hits::Once }
    }

    /// The question of this number goes wrong, counted from 1 and from now.
    #[must_use]
    pub fn at(self, call: u32) -> Self {
        Self { call, ..self }
    }

    /// All that follow go wrong too.
    #[must_use]
    pub fn forever(self) -> Self {
        Self { hits: Hits::Forever, ..self }
    }

    /// So many go wrong in a row.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { hits: Hits::Times(times), ..self }
    }

    /// Questions for a token go wrong.
    #[must_use]
    pub fn of_token(self) -> Self {
        Self { target: Target::Token, ..self }
    }
}

/// The fault that hits a call; every rule for the target counts it, the first that is due strikes.
pub(crate) fn strike(rules: &mut Vec<Rule>, target: Target) -> Option<Fault> {
    let mut hit = None;
    for rule in rules.iter_mut().filter(|rule| rule.target == target) {
        if rule.call > 1 {
            rule.call -= 1;
        } else if hit.is_none() && rule.hits != Hits::Times(0) {
            hit = Some(rule.fault.clone());
            rule.hits = match rule.hits {
                Hits::Once => Hits::Times(0),
                Hits::Times(left) => Hits::Times(left.saturating_sub(1)),
                Hits::Forever => Hits::Forever,
            };
        }
    }
    rules.retain(|rule| rule.hits != Hits::Times(0));
    hit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_hits_the_calls_it_names_and_no_other() {
        let mut rules = vec![
            Rule::next(Fault::Status(500)).at(2).times(2),
            Rule::next(Fault::Html).at(5).forever(),
            Rule::next(Fault::Status(400)).of_token(),
        ];
        let hits: Vec<_> = (0..6).map(|_| strike(&mut rules, Target::People)).collect();
        let fault = |status| Some(Fault::Status(status));
        assert_eq!(hits, [None, fault(500), fault(500), None, Some(Fault::Html), Some(Fault::Html)]);
        assert_eq!(strike(&mut rules, Target::Token), fault(400));
        assert_eq!(strike(&mut rules, Target::Token), None);
    }
}
