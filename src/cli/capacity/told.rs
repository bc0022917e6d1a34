//! What a person sees while the search goes on.

use super::CapacityArgs;
use crate::capacity::result::Step;
use crate::capacity::search::{Kind, Outcome};
use crate::cli::style::Style;
use crate::measure::units;

/// A step begins.
pub(super) fn begins(number: usize, rate: f64, kind: Kind, args: &CapacityArgs) {
    let (what, measured) = match kind {
        Kind::Probe => ("step", args.step_duration),
        Kind::Hold => ("hold", args.hold),
    };
    let during = args
        .during
        .as_ref()
        .map_or(String::new(), |fault| format!(", “{fault}” held"));
    eprintln!(
        "{what} {number}: {} for {}{during}",
        units::rate(rate),
        units::duration(measured.as_secs_f64() * 1e6)
    );
}

/// A step has ended.
pub(super) fn ends(step: &Step) {
    let style = Style::of_stderr();
    let mark = match step.outcome {
        Outcome::Held if step.is_unsure => style.warn("? held, not for sure"),
        Outcome::Held => style.good("✓ held"),
        Outcome::Failed => style.bad("✗ failed"),
        Outcome::Invalid => style.warn("⊘ invalid"),
    };
    eprintln!(
        "  {mark}  p50 {} p99 {}  {}",
        units::micros_if_known(step.p50_us),
        units::micros_if_known(step.p99_us),
        style.dim(&step.why)
    );
}
