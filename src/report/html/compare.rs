//! `compare.html`: runs beside each other, in the frame of every other page.

use super::cells::{Cell, Table, verdict_badge};
use super::page::Frame;
use super::timeline::figure;
use super::{Section, escape};
use crate::measure::units;
use crate::measure::window::PhaseKind;
use crate::report::charts;
use crate::report::compare::{Beside, COMPARED, Comparison, FaultRow, StepRow, lost, ratio_words};
use crate::report::summary::{Curve, Fault, Latency};

/// The whole page.
#[must_use]
pub fn render(comparison: &Comparison) -> String {
    let section = |id, title, body| Section { id, title, body };
    let sections = [
        section("runs", "Runs", Some(overview(&comparison.runs))),
        section(
            "distribution",
            "Distribution",
            distribution(&comparison.runs),
        ),
        section("steps", "Steps", Some(steps(comparison))),
        section("recovery", "Recovery", recovery(comparison)),
    ];
    let first = comparison.runs.first();
    let lead = lead(comparison);
    let frame = Frame {
        title: format!(
            "{} runs of {} side by side",
            comparison.runs.len(),
            first.map_or("", |one| &one.run.run.scenario)
        ),
        lead: &lead,
        tool: concat!("loadtest ", env!("CARGO_PKG_VERSION")),
        data: Frame::no_data(),
    };
    frame.around(&sections)
}

/// What must be known before a figure is read.
fn lead(comparison: &Comparison) -> String {
    let (icon, class, word) = match (comparison.is_like_with_like(), comparison.is_sound()) {
        (true, true) => ("=", "pass", "Like with like"),
        (true, false) => ("⊘", "invalid", "Not every run is valid"),
        (false, _) => ("≠", "maybe", "Not like with like"),
    };
    let scenario = comparison.runs.first().map(|one| &one.run.run);
    let name = scenario.map_or("", |run| &run.scenario);
    let labels: Vec<&str> = comparison
        .runs
        .iter()
        .map(|one| one.label.as_str())
        .collect();
    let mut markup = format!(
        "<header class=\"verdict {class}\"><p class=\"scenario\">{} <span>{} side by side; {} is the reference</span></p>\
         <h1><span class=\"icon\" aria-hidden=\"true\">{icon}</span> {word}</h1>",
        escape(name),
        escape(&labels.join(", ")),
        escape(labels.first().unwrap_or(&"")),
    );
    let warnings = comparison.warnings();
    if warnings.is_empty() {
        markup += "<p class=\"why\">The same scenario, made on the same machine, against the same topology.</p>";
    } else {
        markup += "<ul class=\"causes\">";
        for warning in warnings {
            markup += &format!("<li>{}</li>", escape(&warning));
        }
        markup += "</ul>";
    }
    markup + "</header>"
}

/// A row's name and what it says of each run.
type Row<'r> = (&'r str, &'r dyn Fn(&Beside) -> Option<String>);

/// One column for each run.
fn overview(runs: &[Beside]) -> String {
    let headers: Vec<(&str, bool)> = std::iter::once(("", false))
        .chain(runs.iter().map(|one| (one.label.as_str(), false)))
        .collect();
    let mut table = Table::new("The runs as a whole", &headers);
    let verdicts = runs
        .iter()
        .map(|one| Cell::markup(&verdict_badge(one.run.verdict)));
    table.row(std::iter::once(Cell::head("Verdict")).chain(verdicts));
    let p99 = |times: Option<Latency>| times.map(|times| units::micros(times.p99));
    let rows: [Row<'_>; 13] = [
        ("Why", &|one| Some(one.run.reason.clone())),
        ("Run", &|one| Some(one.run.run.id.clone())),
        ("Revision", &|one| one.run.run.revision.clone()),
        ("Target", &|one| Some(one.run.run.target.clone())),
        ("Started (UTC)", &|one| Some(one.run.run.started.clone())),
        ("Requests", &|one| {
            Some(units::count(one.run.requests.total))
        }),
        ("Requests per second", &|one| {
            Some(units::rate(one.run.requests.rate))
        }),
        ("Iterations offered", &|one| {
            one.run.requests.offered_rate.map(units::rate)
        }),
        ("Iterations achieved", &|one| {
            one.run.requests.achieved_rate.map(units::rate)
        }),
        ("Errors", &|one| {
            let availability = one.run.requests.availability;
            availability.map(|share| units::percent(1.0 - share))
        }),
        ("p99, whole run", &|one| {
            p99(one.run.requests.response_time_us)
        }),
        ("p99, steady", &|one| p99(one.steady()?.response_time_us)),
        ("Writes lost", &|one| {
            let ledger = one.run.ledger?;
            let (lost, all) = (units::count(ledger.lost), units::count(ledger.acknowledged));
            Some(format!("{lost} of {all} acknowledged"))
        }),
    ];
    for (name, of) in rows {
        let cells: Vec<Option<String>> = runs.iter().map(of).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells
                .into_iter()
                .map(|cell| Cell::text(cell.as_deref().unwrap_or("–")));
            table.row(std::iter::once(Cell::head(name)).chain(cells));
        }
    }
    table.finish()
}

/// One chart for each kind of phase that a run has a curve of.
fn distribution(runs: &[Beside]) -> Option<String> {
    let kinds = [
        (
            PhaseKind::Steady,
            "chart-steady",
            "Steady: nothing is broken",
        ),
        (PhaseKind::Fault, "chart-fault", "While something is broken"),
        (
            PhaseKind::Recovery,
            "chart-recovery",
            "Recovery: redundancy is coming back",
        ),
    ];
    let figures: String = kinds
        .into_iter()
        .filter_map(|(kind, id, title)| {
            let curve = |one: &Beside| {
                let mut curves = one.run.distribution.iter();
                curves.find(|curve| curve.kind == kind).cloned()
            };
            let curves: Vec<(String, Curve)> = runs
                .iter()
                .filter_map(|one| {
                    let curve = curve(one)?;
                    let requests = units::count(curve.count);
                    Some((format!("{} ({requests} requests)", one.label), curve))
                })
                .collect();
            let lines: Vec<(String, &[_])> = curves
                .iter()
                .map(|(name, curve)| (name.clone(), curve.response.as_slice()))
                .collect();
            charts::overlay(id, title, &lines)
                .map(|chart| figure(&chart, "single") + &quantiles(&curves))
        })
        .collect();
    (!figures.is_empty()).then(|| {
        "<p class=\"hint\">Response time, from the intended start, by quantile: the tail is where runs differ. \
         Each curve ends where fewer than ten requests lie beyond.</p>"
            .to_owned()
            + &figures
    })
}

fn quantiles(curves: &[(String, Curve)]) -> String {
    let wanted = [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999];
    let names = wanted.map(units::quantile);
    let headers: Vec<(&str, bool)> = std::iter::once(("Run", false))
        .chain(names.iter().map(|name| (name.as_str(), true)))
        .collect();
    let mut table = Table::new("The curves at the usual quantiles", &headers);
    for (name, curve) in curves {
        let at = |q: f64| {
            let near = curve.response.iter().find(|point| point.q >= q - 1e-6);
            Cell::micros(near.map(|point| point.us))
        };
        table.row(std::iter::once(Cell::head(name)).chain(wanted.map(at)));
    }
    format!(
        "<details><summary>The curves as a table</summary>{}</details>",
        table.finish()
    )
}

fn steps(comparison: &Comparison) -> String {
    let first = comparison.runs.first().map_or("", |one| one.label.as_str());
    let relative = ["p50", "p95", "p99"].map(|name| format!("{name} ÷ {first}"));
    let headers: Vec<(&str, bool)> = [
        ("Step", false),
        ("Run", false),
        ("Requests", true),
        ("Errors", true),
    ]
    .into_iter()
    .chain([("p50", true), ("p95", true), ("p99", true)])
    .chain(relative.iter().map(|name| (name.as_str(), true)))
    .collect();
    let mut table = Table::new(
        "Steps, in the scenario’s order; each in every run",
        &headers,
    );
    for row in &comparison.steps {
        step(&mut table, row, &comparison.runs);
    }
    let about = escape(&comparison.about_steps().replace('`', ""));
    format!("<p class=\"hint\">{about}</p>{}", table.finish())
}

fn step(table: &mut Table, row: &StepRow, runs: &[Beside]) {
    let name = format!(
        "<b>{}</b> <small>{}</small>",
        escape(&row.step),
        escape(&row.journey)
    );
    for (one, beside) in runs.iter().zip(&row.runs) {
        let mut cells = vec![Cell::name(&name), Cell::text(&one.label)];
        if let Some(step) = beside {
            cells.push(Cell::count(step.count));
            cells.push(Cell::error_share(step.failed, step.count));
            cells.extend(
                (0..COMPARED.len()).map(|n| Cell::micros(step.times.map(|times| times[n]))),
            );
            cells.extend(step.ratios.map(|ratio| {
                ratio.map_or_else(Cell::absent, |ratio| {
                    Cell::number(&ratio_words(ratio), ratio.ratio)
                })
            }));
        } else {
            cells.extend((0..5 + COMPARED.len()).map(|_| Cell::absent()));
        }
        table.row(cells);
    }
}

fn recovery(comparison: &Comparison) -> Option<String> {
    if comparison.faults.is_empty() {
        return None;
    }
    let headers = [
        ("Fault", false),
        ("Run", false),
        ("Recovered in", true),
        ("No success for", true),
        ("Unavailable", true),
        ("Failed", true),
        ("Writes lost", true),
        ("What it waited for", false),
    ];
    let mut table = Table::new("Faults: recovery beside recovery", &headers);
    for row in &comparison.faults {
        fault_rows(&mut table, row, &comparison.runs);
    }
    Some(table.finish())
}

fn fault_rows(table: &mut Table, row: &FaultRow, runs: &[Beside]) {
    let absent = || (0..5).map(|_| Cell::absent());
    for (one, fault) in runs.iter().zip(&row.runs) {
        let mut cells = vec![Cell::head(&row.name), Cell::text(&one.label)];
        match fault {
            None => {
                cells.extend(absent());
                cells.push(Cell::text("not in this run"));
            }
            Some(fault) if fault.accepted_us.is_none() => {
                cells.extend(absent());
                let why = fault.not_injected.as_deref().unwrap_or("");
                cells.push(Cell::text(format!("never injected {why}").trim()));
            }
            Some(fault) => cells.extend(felt(fault, one)),
        }
        table.row(cells);
    }
}

fn felt(fault: &Fault, one: &Beside) -> [Cell; 6] {
    [
        Cell::seconds(fault.rto_seconds),
        Cell::seconds(fault.dead_window_seconds),
        Cell::seconds(fault.dead_seconds),
        fault
            .failed_requests
            .map_or_else(Cell::absent, Cell::bad_count),
        lost(fault, one).map_or_else(Cell::absent, Cell::bad_count),
        Cell::text(&match fault.rto_seconds {
            None => "not recovered by the end".to_owned(),
            Some(_) => fault.slowest_words().unwrap_or_default(),
        }),
    ]
}
