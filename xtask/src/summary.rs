//! Sums up what the test programs report. Pure.

use std::fmt;

/// How many tests ended in which way.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were not run.
    pub ignored: u64,
}

impl Summary {
    /// Adds what one line of a test program's output says; most lines say nothing.
    pub fn read(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else { return };
        for part in counts.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(kind)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match kind {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    fn summary(lines: &[&str]) -> Summary {
        let mut summary = Summary::default();
        for line in lines {
            summary.read(line);
        }
        summary
    }

    #[test]
    fn all_test_programs_are_summed_up() {
        let sum = summary(&[
            "running 3 tests",
            "test decide::tests::unknown_is_never_inactive ... ok",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "",
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 5 filtered out; finished in 12.34s",
        ]);
        assert_eq!(sum, Summary { passed: 13, failed: 2, ignored: 1 });
        assert_eq!(sum.to_string(), "13 passed, 2 failed");
    }

    #[test]
    fn a_result_behind_other_output_on_the_same_line_still_counts() {
        let sum = summary(&["no newline at the endtest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured"]);
        assert_eq!(sum.passed, 1);
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(summary(&["5 passed; 3 failed", "test result", "test result: pending"]), Summary::default());
    }
}
