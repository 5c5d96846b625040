//! Running checks and saying how they ended.

use super::{Check, scene::Scene};
use std::{fmt, io::Write};

/// How all checks ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// Came true.
    pub passed: u32,
    /// Did not.
    pub failed: u32,
    /// Could not be run here.
    pub skipped: u32,
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Checks whose names contain the pattern.
pub fn chosen(checks: Vec<Check>, pattern: Option<&str>) -> Vec<Check> {
    let pattern = pattern.unwrap_or_default().to_lowercase();
    checks.into_iter().filter(|check| check.name.to_lowercase().contains(&pattern)).collect()
}

/// Runs the checks, a line each.
pub fn run(scene: &mut Scene, checks: &[Check], out: &mut impl Write) -> std::io::Result<Total> {
    let mut total = Total::default();
    for check in checks {
        if let Some(reason) = scene.lacks(check.needs) {
            total.skipped += 1;
            writeln!(out, "skip  {} ({reason})", check.name)?;
            continue;
        }
        match (check.run)(scene) {
            Ok(()) => {
                total.passed += 1;
                writeln!(out, "ok    {}", check.name)?;
            }
            Err(error) => {
                total.failed += 1;
                let why = format!("{error:#}").replace('\n', "\n      ");
                writeln!(out, "FAIL  {}\n      {why}", check.name)?;
            }
        }
        out.flush()?;
    }
    writeln!(out, "{total}")?;
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contract::checks,
        stage::{Install, tokens},
    };
    use std::collections::BTreeSet;

    #[test]
    fn every_check_has_a_name_of_its_own_and_can_be_chosen_by_a_part_of_it() {
        let names: BTreeSet<&str> = checks().iter().map(|check| check.name).collect();
        assert_eq!(names.len(), checks().len());
        assert_eq!(chosen(checks(), None).len(), checks().len());
        let some = chosen(checks(), Some("SIGNATURE"));
        assert!(!some.is_empty() && some.iter().all(|check| check.name.contains("signature")));
    }

    #[test]
    fn a_check_that_fails_counts_as_failed_and_one_without_its_needs_as_skipped() {
        let nobody = Install::at("http://127.0.0.1:9", tokens());
        let mut scene = Scene { install: nobody, site: None, host: None, cron: Err("no".into()), applied: None };
        let mut out = Vec::new();
        let total = run(&mut scene, &checks(), &mut out).unwrap();
        assert_eq!(total.passed, 0);
        assert!(total.failed > 0 && total.skipped > 0);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("FAIL  ") && text.contains("skip  ") && text.contains("--simulator URL"), "{text}");
    }
}
