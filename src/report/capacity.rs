//! What a search for capacity came to, for a terminal and for a comment on a pull request.

use super::columns::Columns;
use super::markdown::{icon, text};
use crate::capacity::result::{Capacity, Step};
use crate::capacity::search::{Kind, Outcome};
use crate::measure::units;

/// The text, in Markdown.
#[must_use]
pub fn markdown(result: &Capacity) -> String {
    let icon = icon(result.verdict);
    let mut out = format!(
        "## {icon} Capacity of {}\n\n{}\n\n",
        text(&result.scenario),
        text(&result.reason)
    );
    let limits: Vec<String> = result.limits.iter().map(|limit| text(limit)).collect();
    out += &format!("What has to hold: {}.\n\n", limits.join("; "));
    if let Some(knee) = result.knee {
        let knee = units::rate(knee);
        out += &format!("From {knee} on waiting grows faster than the load.\n\n");
    }
    let mut columns = Columns::new([
        ("Offered", true),
        ("For", false),
        ("Outcome", false),
        ("Requests", true),
        ("Errors", true),
        ("p50", true),
        ("p99", true),
        ("Why", false),
    ]);
    for step in &result.steps {
        let share = step.failed as f64 / step.requests.max(1) as f64;
        columns.row([
            units::rate(step.rate),
            kind(step).to_owned(),
            outcome(step).to_owned(),
            units::count(step.requests),
            units::percent(share),
            units::micros_if_known(step.p50_us),
            units::micros_if_known(step.p99_us),
            text(&step.why),
        ]);
    }
    out + &columns.finish()
}

/// How long a rate was tried, in a word.
#[must_use]
pub fn kind(step: &Step) -> &'static str {
    match step.kind {
        Kind::Probe => "a step",
        Kind::Hold => "a hold",
    }
}

/// What a rate came to, in a word.
#[must_use]
pub fn outcome(step: &Step) -> &'static str {
    match (step.outcome, step.is_unsure) {
        (Outcome::Held, false) => "held",
        (Outcome::Held, true) => "held, not for sure",
        (Outcome::Failed, _) => "failed",
        (Outcome::Invalid, _) => "invalid",
    }
}
