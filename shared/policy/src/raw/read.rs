//! From the content of a file to a policy, with every mistake that can be told at once. A reader of a format stops at
//! the first unknown key or value of a wrong kind; this one takes the mistake out and goes on.

use super::{Policy, Problem, RawPolicy};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// Mistakes after which reading stops: nobody works through more of them at a time.
const MOST: usize = 50;

/// Reads a policy from what a file says, whatever its format. Unknown keys and values of a wrong kind come out
/// together, and with them what is wrong with the rest.
pub fn read(mut file: Value) -> Result<Policy, Vec<Problem>> {
    let mut problems: Vec<Problem> = Vec::new();
    while problems.len() < MOST {
        let error = match serde_path_to_error::deserialize::<_, RawPolicy>(&file) {
            Ok(raw) => return judged(raw, problems),
            Err(error) => error,
        };
        let (place, problem) = (error.path().to_string(), error.inner().to_string());
        if let Some(key) = problem.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            let field = if error.path().iter().len() == 0 { key.to_owned() } else { format!("{place}.{key}") };
            // It may be missing only because its value was taken out.
            if !problems.iter().any(|known| known.field.starts_with(&field)) {
                problems.push(Problem { field, value: "(missing)".into(), problem: "must be given".into() });
            }
            if take(&mut file, error.path()).is_none() {
                break;
            }
        } else if let Some(value) = take(&mut file, error.path()) {
            problems.push(Problem { field: place, value: value.to_string(), problem });
        } else {
            problems.push(Problem { field: place, value: file.to_string(), problem });
            break;
        }
    }
    Err(problems)
}

/// The policy, if nothing was found so far and nothing is wrong with its values.
fn judged(raw: RawPolicy, mut problems: Vec<Problem>) -> Result<Policy, Vec<Problem>> {
    match Policy::try_from(raw) {
        Ok(policy) if problems.is_empty() => return Ok(policy),
        Ok(_) => {}
        Err(more) => {
            // A table from which a mistake was taken out may look incomplete; the mistake says it better.
            let news = |problem: &Problem| !problems.iter().any(|known| known.field.starts_with(&problem.field));
            let more: Vec<_> = more.into_iter().filter(news).collect();
            problems.extend(more);
        }
    }
    Err(problems)
}

/// Takes the value at a path out of the file, if there is one. Taking one element of a list would renumber the others,
/// so the whole list is taken.
fn take(file: &mut Value, path: &Path) -> Option<Value> {
    let keys: Vec<&Segment> = path.iter().collect();
    let end = keys.iter().rposition(|segment| matches!(segment, Segment::Map { .. }))?;
    let (last, parents) = keys.get(..=end)?.split_last()?;
    let mut place = file;
    for segment in parents {
        place = match segment {
            Segment::Map { key } => place.get_mut(key)?,
            Segment::Seq { index } => place.get_mut(index)?,
            Segment::Enum { .. } | Segment::Unknown => return None,
        };
    }
    let Segment::Map { key } = last else { return None };
    place.as_object_mut()?.remove(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(file: Value) -> Vec<String> {
        read(file).unwrap_err().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn unknown_keys_wrong_kinds_and_wrong_values_come_out_together() {
        let mut found = fields(json!({
            "version": 1,
            "licence-groups": ["users"],
            "inactiv": { "after-days": 90 },
            "inactive": { "after-days": 0 },
            "mode": "enforced",
            "cap": { "accounts": "many", "percents": 5 },
            "exempt": [
                { "user": "a", "why": "b", "owner": "c", "until": "2027-01-01" },
                { "user": 7, "why": "", "owner": "c" },
            ],
            "population": [{ "name": "p", "priority": -1, "users": ["*"] }],
            "zone": "Mars",
        }));
        found.sort();
        let expected = [
            "cap.accounts",
            "cap.percents",
            "exempt[0].until",
            "exempt[1].user",
            "exempt[1].why",
            "inactiv",
            "inactive.after-days",
            "mode",
            "population[0].priority",
            "zone",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_missing_key_is_named_and_does_not_hide_the_rest() {
        let good = json!({ "version": 1, "licence-groups": ["users"], "preset": "cis" });
        assert!(read(good.clone()).is_ok());
        let with = |key: &str, value: Value| {
            let mut file = good.clone();
            file[key] = value;
            fields(file)
        };
        let exempt = json!([{ "user": "a", "why": "b" }]);
        assert_eq!(with("exempt", exempt), ["exempt[0].owner"]);
        assert_eq!(with("licence-groups", json!(["a", 1])), ["licence-groups[1]"]);
        assert_eq!(with("inactive", json!({})), ["inactive.after-days"]);
        assert_eq!(fields(json!({ "preset": "cis", "zones": 1 })), ["zones", "version"]);
        assert_eq!(fields(json!([])).len(), 1);
    }

    #[test]
    fn a_file_full_of_nonsense_comes_to_an_end() {
        let nonsense: serde_json::Map<_, _> = (0..500).map(|n| (format!("k{n}"), json!(n))).collect();
        assert_eq!(read(Value::Object(nonsense)).unwrap_err().len(), MOST);
    }
}
