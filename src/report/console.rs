//! What the terminal says at the end: the same verdict as every other report, in a screenful.

use crate::gate::{GateVerdict, Verdict};
use crate::measure::units;
use crate::report::Summary;
use crate::report::summary::{Books, Fault, Ledger};

/// Escape sequences, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// For a terminal.
    On,
    /// For files, pipelines and `NO_COLOR`.
    Off,
}

impl Colours {
    /// On, if they are wanted.
    #[must_use]
    pub fn wanted(wanted: bool) -> Self {
        if wanted { Self::On } else { Self::Off }
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Off => text.to_owned(),
        }
    }

    fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    fn unsure(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// The closing summary. Without colours it is plain text, with no line over 120 columns unless a
/// name is long.
#[must_use]
pub fn render(summary: &Summary, colours: Colours) -> String {
    let mut out = String::new();
    requests(&mut out, summary, colours);
    steps(&mut out, summary, colours);
    faults(&mut out, summary, colours);
    promises(&mut out, summary, colours);
    gates(&mut out, summary, colours);
    verdict(&mut out, summary, colours);
    out
}

/// A row of a dotted list: `  requests ......: 17,139`.
fn dotted(out: &mut String, name: &str, value: &str) {
    *out += &format!("  {name:.<24}: {value}\n");
}

fn requests(out: &mut String, summary: &Summary, colours: Colours) {
    let requests = &summary.requests;
    let failed = match requests.failed {
        0 => colours.good("0"),
        failed => colours.bad(&units::count(failed)),
    };
    let availability = requests.availability.map_or(String::new(), |share| {
        format!(" · {} available", units::percent(share))
    });
    *out += "\n";
    dotted(
        out,
        "requests",
        &format!(
            "{} · {}",
            units::count(requests.total),
            units::rate(requests.rate)
        ),
    );
    dotted(out, "failed", &format!("{failed}{availability}"));
    if let (Some(offered), Some(achieved)) = (requests.offered_rate, requests.achieved_rate) {
        dotted(
            out,
            "iterations started",
            &format!(
                "{} of {} offered",
                units::rate(achieved),
                units::rate(offered)
            ),
        );
    }
    for (name, times) in [
        ("response time", requests.response_time_us),
        ("service time", requests.service_time_us),
    ] {
        if let Some(t) = times {
            let shown = [
                ("p50", t.p50),
                ("p90", t.p90),
                ("p95", t.p95),
                ("p99", t.p99),
                ("p99.9", t.p99_9),
                ("max", t.max),
            ]
            .map(|(name, us)| format!("{name} {}", units::micros(us)))
            .join("  ");
            dotted(out, name, &shown);
        }
    }
    let body = format!(
        "{} sent · {} received",
        units::bytes(requests.bytes_sent),
        units::bytes(requests.bytes_received)
    );
    dotted(out, "bodies", &body);
}

/// Columns as wide as their widest cell; the first is left-aligned.
fn table(out: &mut String, headers: &[&str], rows: &[Vec<String>], colours: Colours) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([headers[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let line = |cells: &[String]| {
        let mut text = String::from("  ");
        for (column, cell) in cells.iter().enumerate() {
            let pad = " ".repeat(width(column).saturating_sub(cell.chars().count()));
            text += &if column == 0 {
                format!("{cell}{pad}")
            } else {
                format!("  {pad}{cell}")
            };
        }
        text
    };
    let headers: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
    *out += &format!("{}\n", colours.faint(&line(&headers)));
    for row in rows {
        *out += &format!("{}\n", line(row));
    }
}

fn heading(out: &mut String, text: &str, colours: Colours) {
    *out += &format!("\n{}\n", colours.paint("1", text));
}

fn steps(out: &mut String, summary: &Summary, colours: Colours) {
    if summary.steps.is_empty() {
        return;
    }
    heading(out, "STEPS (response time)", colours);
    let rows: Vec<Vec<String>> = summary
        .steps
        .iter()
        .map(|step| {
            let time = |of: fn(&crate::report::summary::Latency) -> u64| {
                step.response_time_us
                    .as_ref()
                    .map_or("–".into(), |times| units::micros(of(times)))
            };
            let errors = match step.count {
                0 => "–".into(),
                count => units::percent(step.failed as f64 / count as f64),
            };
            vec![
                format!("{} / {}", step.journey, step.step),
                units::count(step.count),
                errors,
                time(|times| times.p50),
                time(|times| times.p95),
                time(|times| times.p99),
                time(|times| times.max),
            ]
        })
        .collect();
    table(
        out,
        &["step", "requests", "errors", "p50", "p95", "p99", "max"],
        &rows,
        colours,
    );
}

fn faults(out: &mut String, summary: &Summary, colours: Colours) {
    if summary.faults.is_empty() {
        return;
    }
    heading(out, "FAULTS", colours);
    let seconds = |seconds: Option<f64>| {
        seconds.map_or("–".into(), |seconds| units::duration(seconds * 1e6))
    };
    let rows: Vec<Vec<String>> = summary
        .faults
        .iter()
        .map(|fault| {
            vec![
                fault.name.clone(),
                fault.accepted_us.map_or("–".into(), units::instant),
                fault.detected_words().unwrap_or_else(|| "–".into()),
                seconds(fault.rto_seconds),
                seconds(fault.dead_window_seconds),
                fault.failed_requests.map_or("–".into(), units::count),
                undone(fault).into(),
            ]
        })
        .collect();
    table(
        out,
        &[
            "fault",
            "at",
            "detected after",
            "recovered in",
            "no success for",
            "failed",
            "undone",
        ],
        &rows,
        colours,
    );
    for fault in &summary.faults {
        if let Some(why) = &fault.not_injected {
            *out += &format!(
                "  {}\n",
                colours.bad(&format!("{}: never injected: {why}", fault.name))
            );
        }
        if let Some(undo) = fault.undo.as_ref().filter(|undo| !undo.done) {
            *out += &format!(
                "  {}\n",
                colours.bad(&format!("{}: not undone: {}", fault.name, undo.how))
            );
        }
    }
    for fault in &summary.faults {
        if let Some(words) = fault.rolled_back_words() {
            *out += &format!("  {}: {words}\n", fault.name);
        }
        if let Some(words) = fault.overlap_words() {
            *out += &format!("  {}: {words}\n", fault.name);
        }
        if let Some(words) = fault.slowest_words() {
            *out += &format!("  {}: {words}\n", fault.name);
        }
        if let Some(all) = fault.canary.first() {
            *out += &format!("  {}: canary: {}\n", fault.name, all.words());
        }
    }
}

/// What became of what the target promised.
fn promises(out: &mut String, summary: &Summary, colours: Colours) {
    let canaries = summary.canary.as_ref().and_then(|canary| canary.ledger);
    if summary.ledger.is_none() && canaries.is_none() && summary.books.is_none() {
        return;
    }
    heading(out, "PROMISES", colours);
    if let Some(ledger) = summary.ledger {
        *out += &writes(ledger, "acknowledged writes", colours);
    }
    if let Some(ledger) = canaries {
        *out += &writes(ledger, "acknowledged canary writes", colours);
    }
    if let Some(books) = &summary.books {
        *out += &format!("  {}\n", books_line(books, colours));
    }
}

/// `0 of 1,434 acknowledged writes lost · 2 without an answer`
fn writes(ledger: Ledger, what: &str, colours: Colours) -> String {
    let lost = format!(
        "{} of {} {what} lost",
        units::count(ledger.lost),
        units::count(ledger.acknowledged)
    );
    let lost = if ledger.lost > 0 {
        colours.bad(&lost)
    } else {
        colours.good(&lost)
    };
    let rest = [
        (ledger.duplicate, "there twice"),
        (ledger.phantom, "refused and there"),
        (ledger.stale, "there only later"),
        (ledger.unknown, "without an answer"),
        (ledger.unverified, "not read back"),
    ];
    let rest: String = rest
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(" · {} {what}", units::count(*count)))
        .collect();
    format!("  {lost}{rest}\n")
}

/// The target's own books in a line.
fn books_line(books: &Books, colours: Colours) -> String {
    if let Some(why) = &books.unread {
        return colours.unsure(&format!("the target's books could not be read: {why}"));
    }
    if books.pending > 0 {
        let jobs = units::count(books.pending);
        return colours.unsure(&format!(
            "the target's books are open: {jobs} jobs still wait"
        ));
    }
    let broken: Vec<String> = books
        .invariants
        .iter()
        .filter(|rule| rule.violations > 0)
        .map(|rule| format!("{} by {}", rule.name, units::count(rule.violations)))
        .collect();
    if broken.is_empty() {
        let rules = books.invariants.len();
        colours.good(&format!("all {rules} rules of the target's books hold"))
    } else {
        colours.bad(&format!(
            "rules of the target's books broken: {}",
            broken.join(", ")
        ))
    }
}

fn undone(fault: &Fault) -> &'static str {
    match (&fault.undo, fault.accepted_us) {
        (Some(undo), _) if undo.done => "yes",
        (None, None) => "–",
        _ => "NO",
    }
}

fn gates(out: &mut String, summary: &Summary, colours: Colours) {
    if summary.gates.is_empty() {
        return;
    }
    heading(out, "GATES", colours);
    let subject = |id: &str| id.split('/').next().unwrap_or(id).replacen(':', " ", 1);
    let widest = |of: &dyn Fn(&crate::gate::GateResult) -> String| {
        summary
            .gates
            .iter()
            .map(|gate| of(gate).chars().count())
            .max()
            .unwrap_or(0)
    };
    let subject_width = widest(&|gate| subject(&gate.id));
    let text_width = widest(&|gate| gate.text.clone());
    let shown = |gate: &crate::gate::GateResult| {
        gate.measured
            .map_or("–".into(), |value| gate.unit.show(value))
    };
    let value_width = widest(&|gate| shown(gate));
    for gate in &summary.gates {
        let (mark, explanation) = match gate.verdict {
            GateVerdict::Pass => (colours.good("✓"), colours.faint(&gate.explanation)),
            GateVerdict::Fail => (colours.bad("✗"), colours.bad(&gate.explanation)),
            GateVerdict::Inconclusive => (colours.unsure("?"), colours.unsure(&gate.explanation)),
        };
        *out += &format!(
            "  {mark} {:<subject_width$}  {:<text_width$}  {:>value_width$}  {explanation}\n",
            subject(&gate.id),
            gate.text,
            shown(gate)
        );
    }
}

fn verdict(out: &mut String, summary: &Summary, colours: Colours) {
    let word = summary.verdict.word();
    let word = match summary.verdict {
        Verdict::Pass => colours.paint("1;32", &format!("✓ {word}")),
        Verdict::Fail => colours.bad(&format!("✗ {word}")),
        Verdict::Inconclusive => colours.unsure(&format!("? {word}")),
        Verdict::Invalid => colours.bad(&format!("⊘ {word}")),
    };
    *out += &format!("\n{word}  {}\n", summary.reason);
    for cause in summary.invalid_causes.iter().skip(1) {
        *out += &format!("  also: {cause}\n");
    }
}
