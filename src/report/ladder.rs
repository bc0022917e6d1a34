//! What a climb came to, for a terminal and for a comment on a pull request.

use super::columns::Columns;
use super::markdown::text;
use crate::ladder::result::{Ladder, Rung};
use crate::measure::units;

/// What is to be known with every figure of a ladder.
pub(super) const STATED: &str = "Pods and databases have stated times and limits, which are slept and not computed: \
     what is compared is how the parts are put together, not this machine.";

/// The text, in Markdown.
#[must_use]
pub fn markdown(ladder: &Ladder) -> String {
    let mut out = format!(
        "## From one server to many: {}\n\n{}\n\n",
        text(&ladder.scenario),
        text(&ladder.headline())
    );
    let limits: Vec<String> = ladder.limits.iter().map(|limit| text(limit)).collect();
    out += &format!(
        "What has to hold: {}. Rates are iterations per second, found to {}.\n\n",
        limits.join("; "),
        units::percent(ladder.precision)
    );
    let mut columns = Columns::new([
        ("", true),
        ("Rung", false),
        ("Holds", true),
        ("Bought", true),
        ("Fails at", true),
        ("p50", true),
        ("p99", true),
    ]);
    for rung in &ladder.rungs {
        columns.row([
            rung.number.to_string(),
            text(&rung.name),
            rung.rate.map_or("–".to_owned(), units::rate),
            rung.gain().unwrap_or_else(|| "–".to_owned()),
            rung.fails_at.map_or("–".to_owned(), units::rate),
            units::micros_if_known(rung.p50_us),
            units::micros_if_known(rung.p99_us),
        ]);
    }
    out += &columns.finish();
    out += &format!("{STATED}\n\n");
    for rung in &ladder.rungs {
        out += &format!(
            "{}. {}: {}.\n",
            rung.number,
            text(&rung.name),
            text(&about(rung))
        );
    }
    out + "\n"
}

/// What a rung states, and what became of it where its rate is not known.
fn about(rung: &Rung) -> String {
    let stated = rung.stated.join("; ");
    match rung.rate {
        Some(_) => stated,
        None => format!("{stated}. {}", rung.reason.trim_end_matches('.')),
    }
}
