//! `seatkeeper undo`: give back what a run took.

use clap::Args;
use seatkeeper_engine::admin::UndoReport;
use serde_json::json;

use super::connection::Connection;
use super::drive::Progress;
use super::exit::{Exit, Failure};
use super::render::plural;

/// Calls in a row that may come no further before we give up.
const STANDSTILLS: u32 = 3;

/// Arguments of `seatkeeper undo`.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The run's id, which is its plan's id.
    run: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Undo {
    /// Repeats the call until the instance says that nothing is left.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let output = self.connection.output();
        let client = self.connection.client()?;
        let id = super::path_segment(&self.run);
        let progress = Progress::new(output);
        let (mut sum, mut from, mut standstills) = (UndoReport::default(), 0, 0);
        loop {
            let path = format!("/admin/runs/{id}/undo?from={from}");
            let report: UndoReport = client.order(&path, &json!({}))?;
            sum = added(sum, &report);
            let Some(next) = report.next else { break };
            standstills = if next > from { 0 } else { standstills + 1 };
            if standstills >= STANDSTILLS {
                return Err(Failure::new("the undo comes no further")
                    .detail(format!("{from} of {} accounts are handled", report.total))
                    .next_step("Look into the log of the instance, then repeat the command; nothing is done twice."));
            }
            from = next;
            progress.count(u64::from(from), u64::from(report.total), "accounts done");
        }
        drop(progress);
        let (text, exit) = (text(&self.run, &sum), exit(&sum));
        output.show(&text, &json!({"exit": exit.code(), "run": self.run, "undo": sum}));
        Ok(exit)
    }
}

/// Adds one call's numbers to those before it.
fn added(sum: UndoReport, report: &UndoReport) -> UndoReport {
    let UndoReport { total, next, restored, nothing, waiting, failed } = report.clone();
    UndoReport {
        total,
        next,
        restored: sum.restored.saturating_add(restored),
        nothing: sum.nothing.saturating_add(nothing),
        waiting: [sum.waiting, waiting].concat(),
        failed: [sum.failed, failed].concat(),
    }
}

fn exit(report: &UndoReport) -> Exit {
    match (report.failed.is_empty(), report.waiting.is_empty()) {
        (false, _) => Exit::Failed,
        (true, false) => Exit::Planned,
        (true, true) => Exit::Done,
    }
}

fn text(id: &str, report: &UndoReport) -> String {
    let UndoReport { total, next: _, restored, nothing, waiting, failed } = report;
    let mut lines = vec![
        format!("Undo of run {id}: {}", plural(*total, "account")),
        format!("{restored} got everything back, {nothing} had nothing to get back"),
    ];
    for (what, list) in [("waits", waiting), ("FAILED", failed)] {
        lines.extend(list.iter().map(|(user, why)| format!("{what}: {user}: {why}")));
    }
    if !failed.is_empty() {
        lines.push("\nNext step: repeat the command; what is done stays done.".to_owned());
    } else if !waiting.is_empty() {
        lines.push(
            "\nNext step: repeat the command when the reason is gone, for example when seats are free.".to_owned(),
        );
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_add_up() {
        let pair = |user: &str| vec![(user.to_owned(), "no seat is free".to_owned())];
        let first = UndoReport { total: 5, next: Some(3), restored: 2, nothing: 1, waiting: vec![], failed: vec![] };
        let second = UndoReport { total: 5, next: None, restored: 1, nothing: 0, waiting: pair("a"), failed: vec![] };
        let sum = added(added(UndoReport::default(), &first), &second);
        assert_eq!((sum.total, sum.next, sum.restored, sum.nothing), (5, None, 3, 1));
        assert_eq!(exit(&sum), Exit::Planned);
        assert_eq!(
            text("x", &sum),
            "Undo of run x: 5 accounts\n3 got everything back, 1 had nothing to get back\nwaits: a: no seat is free\n\n\
             Next step: repeat the command when the reason is gone, for example when seats are free."
        );
        assert_eq!(exit(&UndoReport { failed: pair("b"), ..sum }), Exit::Failed);
        assert_eq!(exit(&first), Exit::Done);
    }
}
