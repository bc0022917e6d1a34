//! What a person sees while the climb goes on.

use crate::cli::style::Style;
use crate::ladder::result::Rung;
use crate::measure::units;

/// A rung begins, one of so many that are climbed.
pub(super) fn begins(rung: &Rung, (nth, of): (usize, usize)) {
    let style = Style::of_stderr();
    eprintln!(
        "\n{} {}",
        style.strong(format!(
            "rung {}, {nth} of {of}: {}",
            rung.number, rung.name
        )),
        style.dim(rung.stated.join(" · "))
    );
}

/// A search said nothing, and is made again.
pub(super) fn again(why: &str) {
    eprintln!("{} {why}", Style::of_stderr().warn("once more:"));
}

/// A rung has ended.
pub(super) fn ends(rung: &Rung) {
    let style = Style::of_stderr();
    let told = match rung.rate {
        Some(rate) => style.good(format!("✓ holds {}", units::rate(rate))),
        None => style.warn("? its rate is not known"),
    };
    let bought = rung.gain().unwrap_or_default();
    eprintln!("{told} {bought}  {}", style.dim(&rung.reason));
}
