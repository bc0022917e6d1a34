//! What a fault cost, in sentences.

use super::super::escape;
use crate::measure::units;
use crate::report::summary::{Fault, Undo};

pub(super) fn sentences(fault: &Fault) -> String {
    let mut lines: Vec<String> = fault
        .overlap_words()
        .map(|words| format!("It {words}."))
        .into_iter()
        .collect();
    if let Some(words) = fault.rolled_back_words() {
        lines.push(format!("It was {}.", words.trim_end_matches('.')));
    }
    if let (Some(requests), Some(failed)) = (fault.requests, fault.failed_requests) {
        lines.push(format!(
            "{} of {} requests in its window failed.",
            units::count(failed),
            units::count(requests)
        ));
    }
    if let Some(budget) = fault.budget {
        lines.push(format!(
            "It spent {} of the run’s error budget, at {:.1} times the rate the SLO allows.",
            units::percent(budget.spent),
            budget.burn_rate
        ));
    }
    if let Some(relapses) = fault.relapses.filter(|relapses| *relapses > 0) {
        let times = if relapses == 1 {
            "once"
        } else {
            "several times"
        };
        lines.push(format!(
            "The SLO was missed again {times} after it had held."
        ));
    }
    if let Some(ledger) = fault.ledger {
        let mut line = format!(
            "{} of {} acknowledged writes lost",
            units::count(ledger.lost),
            units::count(ledger.acknowledged)
        );
        for (count, what) in [
            (ledger.duplicate, "there twice"),
            (ledger.phantom, "refused and there all the same"),
            (ledger.stale, "there only later"),
            (ledger.unknown, "without an answer"),
            (ledger.unverified, "not read back"),
        ] {
            if count > 0 {
                line += &format!(", {} {what}", units::count(count));
            }
        }
        if let Some(rpo) = fault.rpo_seconds.filter(|rpo| *rpo > 0.0) {
            line += &format!(
                ", the oldest acknowledged {} before the fault",
                units::duration(rpo * 1e6)
            );
        }
        lines.push(line + ".");
    }
    if let Some(undo) = &fault.undo {
        lines.push(undone(undo));
    }
    lines
        .iter()
        .map(|line| format!("<p>{}</p>", escape(line)))
        .collect()
}

/// `Undone: pods were started again.`, without saying a word twice.
fn undone(undo: &Undo) -> String {
    let how = undo.how.trim_end_matches('.');
    let word = if undo.done { "Undone" } else { "Not undone" };
    match how.strip_prefix("undone") {
        Some(rest) if undo.done => format!("{word}{rest}."),
        _ => format!("{word}: {how}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undone_is_said_once() {
        let told = |done, how: &str| {
            let undo = Undo {
                done,
                how: how.to_owned(),
                at_us: None,
            };
            undone(&undo)
        };
        assert_eq!(
            told(true, "undone, and all is whole"),
            "Undone, and all is whole."
        );
        assert_eq!(
            told(true, "zone b takes pods again."),
            "Undone: zone b takes pods again."
        );
        assert_eq!(
            told(false, "undone, but a pod is missing"),
            "Not undone: undone, but a pod is missing."
        );
    }
}
