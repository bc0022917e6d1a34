//! Runs beside each other, for a terminal and for a comment on a pull request.

use super::rows::{COMPARED, lost, ratio_words};
use super::{Beside, Comparison, FaultRow, StepRow};
use crate::gate::Verdict;
use crate::measure::units;
use crate::report::columns::Columns;
use crate::report::markdown::{icon, text};
use crate::report::summary::Fault;

/// Nothing was measured, which is not zero.
const ABSENT: &str = "–";

/// The text, in Markdown.
#[must_use]
pub fn render(comparison: &Comparison) -> String {
    let first = comparison.runs.first();
    let scenario = first.map_or("", |one| one.run.run.scenario.as_str());
    let mut out = format!(
        "## {} runs of {} side by side\n\n",
        comparison.runs.len(),
        text(scenario)
    );
    for warning in comparison.warnings() {
        out += &format!("> **Mind**: {}\n>\n", text(&warning));
    }
    if out.ends_with(">\n") {
        out.truncate(out.len() - 2);
        out += "\n";
    }
    out += &overview(&comparison.runs);
    out += &format!("### Steps\n\n{}\n\n", comparison.about_steps());
    out += &steps(&comparison.steps, &comparison.runs);
    if !comparison.faults.is_empty() {
        out += &faults(&comparison.faults, &comparison.runs);
    }
    out
}

/// One column for each run.
fn overview(runs: &[Beside]) -> String {
    let headers = runs.iter().map(|one| (one.label.as_str(), true));
    let mut columns = Columns::new(std::iter::once(("", false)).chain(headers));
    let mut row = |name: &str, of: &dyn Fn(&Beside) -> Option<String>| {
        let cells: Vec<Option<String>> = runs.iter().map(of).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(|cell| cell.unwrap_or(ABSENT.into()));
            columns.row(std::iter::once(name.to_owned()).chain(cells));
        }
    };
    row("Run", &|one| Some(text(&one.run.run.id)));
    row("Verdict", &|one| Some(verdict(one.run.verdict)));
    row("Revision", &|one| one.run.run.revision.as_deref().map(text));
    row("Target", &|one| Some(text(&one.run.run.target)));
    row("Requests", &|one| {
        Some(units::count(one.run.requests.total))
    });
    row("Requests per second", &|one| {
        Some(units::rate(one.run.requests.rate))
    });
    row("Iterations offered", &|one| {
        one.run.requests.offered_rate.map(units::rate)
    });
    row("Iterations achieved", &|one| {
        one.run.requests.achieved_rate.map(units::rate)
    });
    row("Errors", &|one| {
        let requests = &one.run.requests;
        requests
            .availability
            .map(|availability| units::percent(1.0 - availability))
    });
    let whole = |one: &Beside| one.run.requests.response_time_us;
    let steady = |one: &Beside| one.steady()?.response_time_us;
    row("p50, whole run", &|one| {
        whole(one).map(|times| units::micros(times.p50))
    });
    row("p99, whole run", &|one| {
        whole(one).map(|times| units::micros(times.p99))
    });
    row("p50, steady", &|one| {
        steady(one).map(|times| units::micros(times.p50))
    });
    row("p99, steady", &|one| {
        steady(one).map(|times| units::micros(times.p99))
    });
    row("Writes lost", &|one| {
        let ledger = one.run.ledger?;
        let (lost, all) = (units::count(ledger.lost), units::count(ledger.acknowledged));
        Some(format!("{lost} of {all}"))
    });
    columns.finish()
}

fn verdict(verdict: Verdict) -> String {
    format!("{} {}", icon(verdict), verdict.word())
}

fn steps(rows: &[StepRow], runs: &[Beside]) -> String {
    let first = runs.first().map_or("", |one| one.label.as_str());
    let relative = ["p50", "p95", "p99"].map(|name| format!("{name} ÷ {first}"));
    let mut columns = Columns::new(
        [
            ("Step", false),
            ("Run", false),
            ("Requests", true),
            ("Errors", true),
        ]
        .into_iter()
        .chain([("p50", true), ("p95", true), ("p99", true)])
        .chain(relative.iter().map(|name| (name.as_str(), true))),
    );
    for row in rows {
        let mut name = format!("{} / {}", text(&row.journey), text(&row.step));
        for (one, beside) in runs.iter().zip(&row.runs) {
            let mut cells = vec![std::mem::take(&mut name), one.label.clone()];
            if let Some(step) = beside {
                let share = step.failed as f64 / step.count as f64;
                cells.push(units::count(step.count));
                cells.push(if step.count == 0 {
                    ABSENT.into()
                } else {
                    units::percent(share)
                });
                cells.extend((0..COMPARED.len()).map(|n| {
                    step.times
                        .map_or(ABSENT.into(), |times| units::micros(times[n]))
                }));
                cells.extend(
                    step.ratios
                        .map(|ratio| ratio.map_or(String::new(), ratio_words)),
                );
            } else {
                cells.push("not in this run".into());
            }
            columns.row(cells);
        }
    }
    columns.finish()
}

fn faults(rows: &[FaultRow], runs: &[Beside]) -> String {
    let mut columns = Columns::new([
        ("Fault", false),
        ("Run", false),
        ("Recovered in", true),
        ("No success for", true),
        ("Unavailable", true),
        ("Failed", true),
        ("Writes lost", true),
    ]);
    for row in rows {
        let mut name = text(&row.name);
        for (one, fault) in runs.iter().zip(&row.runs) {
            let cells = fault.as_ref().map_or_else(
                || vec!["not in this run".to_owned()],
                |fault| recovery(fault, one),
            );
            let head = [std::mem::take(&mut name), one.label.clone()];
            columns.row(head.into_iter().chain(cells));
        }
    }
    format!("### Recovery\n\n{}", columns.finish())
}

fn recovery(fault: &Fault, one: &Beside) -> Vec<String> {
    if fault.accepted_us.is_none() {
        return vec!["never injected".to_owned()];
    }
    let seconds = |seconds: Option<f64>| {
        seconds.map_or(ABSENT.into(), |seconds| units::duration(seconds * 1e6))
    };
    vec![
        fault
            .rto_seconds
            .map_or("not by the end".into(), |rto| seconds(Some(rto))),
        seconds(fault.dead_window_seconds),
        seconds(fault.dead_seconds),
        fault.failed_requests.map_or(ABSENT.into(), units::count),
        lost(fault, one).map_or(ABSENT.into(), units::count),
    ]
}
