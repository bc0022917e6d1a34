//! `summary.md`: the verdict for a pull request. Under 64 KB, which is what comment fields take.

use crate::gate::{GateResult, GateVerdict, Verdict};
use crate::measure::units;
use crate::report::Summary;

/// Most that a comment may hold, bytes.
pub const MOST_BYTES: usize = 64 * 1024;

/// Most rows of a table: enough for any sane scenario. Where they make the text too long, fewer.
const ROWS: [usize; 3] = [60, 20, 5];

/// A text in the making.
struct Draft {
    text: String,
    /// Most rows of a table.
    rows: usize,
}

/// The file's text, under [`MOST_BYTES`].
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut shortest = String::new();
    for rows in ROWS {
        shortest = draft(summary, rows);
        if shortest.len() < MOST_BYTES {
            return shortest;
        }
    }
    cut(&shortest)
}

/// Ends a text that is too long even so.
fn cut(text: &str) -> String {
    const END: &str = "\n\n… the rest is in `report.html`.\n";
    let mut end = MOST_BYTES - END.len() - 1;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{END}", &text[..end])
}

/// A verdict at a glance.
#[must_use]
pub(super) fn icon(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✅",
        Verdict::Fail => "❌",
        Verdict::Inconclusive => "❔",
        Verdict::Invalid => "🚫",
    }
}

/// A gate's verdict at a glance.
#[must_use]
pub(super) fn gate_icon(verdict: GateVerdict) -> &'static str {
    icon(match verdict {
        GateVerdict::Pass => Verdict::Pass,
        GateVerdict::Fail => Verdict::Fail,
        GateVerdict::Inconclusive => Verdict::Inconclusive,
    })
}

fn draft(summary: &Summary, rows: usize) -> String {
    let icon = icon(summary.verdict);
    let heading = format!(
        "## {icon} {} · {}\n\n{}\n\n",
        summary.verdict.word(),
        text(&summary.run.scenario),
        text(&summary.reason)
    );
    let mut out = Draft {
        text: heading,
        rows,
    };
    for cause in summary.invalid_causes.iter().take(rows) {
        out.text += &format!("- {}\n", text(&cause.to_string()));
    }
    gates(&mut out, summary);
    faults(&mut out, summary);
    beliefs(&mut out, summary);
    drill(&mut out, summary);
    steps(&mut out, summary);
    about(&mut out, summary);
    out.text
}

/// Free text in a table cell: nothing in it may end the cell or start markup.
pub(super) fn text(free: &str) -> String {
    let mut safe = String::with_capacity(free.len());
    for c in free.chars().take(400) {
        match c {
            '\n' | '\r' => safe.push(' '),
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Markdown as a terminal shows it: what was escaped is itself again.
#[must_use]
pub fn plain(markdown: &str) -> String {
    let mut plain = String::with_capacity(markdown.len());
    let mut rest = markdown.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some(escaped) if c == '\\' && escaped.is_ascii_punctuation() => {
                plain.extend(rest.next());
            }
            _ => plain.push(c),
        }
    }
    plain.replace("&lt;", "<").replace("&amp;", "&")
}

/// Columns of words; all others are figures and stand right.
const WORDS: [&str; 10] = [
    "Gate",
    "Phase",
    "In words",
    "Fault",
    "Undone",
    "Step",
    "Hypothesis",
    "Result",
    "Runbook",
    "Owner",
];

fn table(out: &mut Draft, headers: &[&str], rows: impl ExactSizeIterator<Item = Vec<String>>) {
    let more = rows.len().saturating_sub(out.rows);
    out.text += &format!("| {} |\n", headers.join(" | "));
    let rule: Vec<&str> = headers
        .iter()
        .map(|header| {
            if WORDS.contains(header) {
                "---"
            } else {
                "---:"
            }
        })
        .collect();
    out.text += &format!("| {} |\n", rule.join(" | "));
    for row in rows.take(out.rows) {
        out.text += &format!("| {} |\n", row.join(" | "));
    }
    if more > 0 {
        out.text += &format!("\n… and {more} more in `report.html`.\n");
    }
    out.text += "\n";
}

fn gates(out: &mut Draft, summary: &Summary) {
    if summary.gates.is_empty() {
        return;
    }
    out.text += "### Gates\n\n";
    let mut gates: Vec<&GateResult> = summary.gates.iter().collect();
    // What needs a person comes first: the end of a long table is left out.
    gates.sort_by_key(|gate| gate.verdict.urgency());
    let rows = gates.into_iter().map(|gate| {
        let icon = gate_icon(gate.verdict);
        let subject = gate.id.split('/').next().unwrap_or(&gate.id);
        let measured = gate
            .measured
            .map_or("–".into(), |value| gate.unit.show(value));
        vec![
            format!("{icon} {} · {}", text(subject), text(&gate.text)),
            text(&gate.phase),
            measured,
            format!("{} {}", text(&gate.op), gate.unit.show(gate.limit)),
            text(&gate.explanation),
        ]
    });
    table(
        out,
        &["Gate", "Phase", "Measured", "Limit", "In words"],
        rows,
    );
}

fn faults(out: &mut Draft, summary: &Summary) {
    if summary.faults.is_empty() {
        return;
    }
    out.text += "### Faults\n\n";
    let seconds = |seconds: Option<f64>| {
        seconds.map_or("–".into(), |seconds| units::duration(seconds * 1e6))
    };
    let rows = summary.faults.iter().map(|fault| {
        let undone = match &fault.undo {
            Some(undo) if undo.done => "yes".into(),
            Some(undo) => format!("**no**: {}", text(&undo.how)),
            None if fault.accepted_us.is_none() => "never injected".into(),
            None => "**unknown**".into(),
        };
        vec![
            format!("{} · {}", text(&fault.name), text(&fault.kind)),
            seconds(fault.rto_seconds),
            seconds(fault.dead_window_seconds),
            fault.failed_requests.map_or("–".into(), units::count),
            undone,
        ]
    });
    table(
        out,
        &[
            "Fault",
            "Recovered in",
            "No success for",
            "Failed",
            "Undone",
        ],
        rows,
    );
    for fault in summary.faults.iter().take(out.rows) {
        if let Some(words) = fault.slowest_words() {
            out.text += &format!("- {}: {}\n", text(&fault.name), text(&words));
        }
    }
    out.text += "\n";
    if let Some(ledger) = summary.ledger {
        let stale = match ledger.stale {
            0 => String::new(),
            stale => format!(", {} there only later", units::count(stale)),
        };
        out.text += &format!(
            "**{} of {} acknowledged writes lost**, {} duplicate, {} phantom{stale}, {} without an answer.\n\n",
            units::count(ledger.lost),
            units::count(ledger.acknowledged),
            units::count(ledger.duplicate),
            units::count(ledger.phantom),
            units::count(ledger.unknown)
        );
    }
    for rule in summary.books.iter().flat_map(|books| &books.invariants) {
        if rule.violations > 0 {
            out.text += &format!(
                "- **{} of {} break a rule of the target's books**: {}\n",
                units::count(rule.violations),
                units::count(rule.checked),
                text(&rule.rule)
            );
        }
    }
}

/// What was believed beside what came of it.
fn beliefs(out: &mut Draft, summary: &Summary) {
    if !summary.has_hypotheses() {
        return;
    }
    out.text += "### Hypothesis and result\n\n";
    let rows = summary.faults.iter().map(|fault| {
        let outcome = summary.outcome(fault);
        let icon = match outcome.verdict {
            Some(GateVerdict::Pass) => "✅ ",
            Some(GateVerdict::Fail) => "❌ ",
            Some(GateVerdict::Inconclusive) => "❔ ",
            None => "",
        };
        vec![
            text(&fault.name),
            fault.hypothesis.as_deref().map_or("–".into(), text),
            format!("{icon}{}; {}", text(&outcome.users), text(&outcome.gates)),
        ]
    });
    table(out, &["Fault", "Hypothesis", "Result"], rows);
}

/// What people did.
fn drill(out: &mut Draft, summary: &Summary) {
    let Some(drill) = &summary.drill else { return };
    if drill.attended {
        out.text += "### People\n\n";
        let said = |said: Option<(String, f64)>| said.map_or("–".into(), |(words, _)| words);
        let rows = summary.faults.iter().map(|fault| {
            vec![
                text(&fault.name),
                fault.detected_words().unwrap_or("–".into()),
                said(fault.noticed_words()),
                said(fault.mended_words()),
            ]
        });
        let headers = [
            "Fault",
            "Detectors",
            "A person noticed",
            "A person mitigated",
        ];
        table(out, &headers, rows);
    }
    if !drill.runbook.is_empty() && drill.attended {
        let rows = drill.runbook.iter().map(|step| {
            vec![
                text(&step.step),
                step.owner.as_deref().map_or("–".into(), text),
                step.done_us.map_or("–".into(), units::instant),
            ]
        });
        table(out, &["Runbook", "Owner", "Done at"], rows);
    }
    for note in drill.notes.iter().take(out.rows) {
        out.text += &format!("- {} {}\n", units::instant(note.at_us), text(&note.text));
    }
    if !drill.notes.is_empty() {
        out.text += "\n";
    }
}

fn steps(out: &mut Draft, summary: &Summary) {
    out.text += "<details><summary>Steps</summary>\n\n";
    let rows = summary.steps.iter().map(|step| {
        let time = |us: Option<u64>| us.map_or("–".into(), units::micros);
        let times = step.response_time_us;
        vec![
            format!("{} / {}", text(&step.journey), text(&step.step)),
            units::count(step.count),
            units::count(step.failed),
            time(times.map(|times| times.p50)),
            time(times.map(|times| times.p95)),
            time(times.map(|times| times.p99)),
            time(times.map(|times| times.max)),
        ]
    });
    table(
        out,
        &["Step", "Requests", "Failed", "p50", "p95", "p99", "max"],
        rows,
    );
    out.text += "</details>\n\n";
}

fn about(out: &mut Draft, summary: &Summary) {
    let (run, requests) = (&summary.run, &summary.requests);
    out.text += &format!(
        "{} requests, {} failed, in {} · seed {} · scenario `{}` · {}\n\n```sh\n{}\n```\n",
        units::count(requests.total),
        units::count(requests.failed),
        units::micros(run.duration_us),
        run.seed,
        run.hash,
        text(&run.tool),
        run.command.replace("```", "")
    );
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, cut, plain, text};

    #[test]
    fn what_is_too_long_ends_between_two_letters() {
        let long = "ä".repeat(MOST_BYTES);
        let short = cut(&long);
        assert!(short.len() < MOST_BYTES && short.len() > MOST_BYTES - 8);
        assert!(short.ends_with("report.html`.\n"));
    }

    #[test]
    fn free_text_can_neither_end_a_cell_nor_start_markup() {
        assert_eq!(
            text("a|b\n<img> `x` & *y*"),
            "a\\|b &lt;img> \\`x\\` &amp; \\*y\\*"
        );
    }

    #[test]
    fn a_terminal_shows_free_text_as_it_was() {
        for free in [
            "a|b <img> `x` & *y*",
            "&lt; \\ [z]_",
            "p99 <= 400ms",
            "1–2 ✅",
        ] {
            assert_eq!(plain(&text(free)), free);
        }
    }
}
