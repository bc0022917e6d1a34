//! Reading a scenario for a command: mistakes and warnings go to standard error.

use std::path::Path;

use super::style::Style;
use crate::scenario::{self, Mistakes, Overrides, Scenario, Severity};

/// Reads a scenario and tells what is wrong with it; `None` when it cannot run.
#[must_use]
pub(super) fn load(path: &Path, overrides: &Overrides) -> Option<Scenario> {
    match scenario::read(path, overrides) {
        Ok(reading) => {
            tell(&reading.warnings);
            Some(reading.scenario)
        }
        Err(mistakes) => {
            tell(&mistakes);
            None
        }
    }
}

/// Writes mistakes to standard error, with their number where it is worth counting.
fn tell(mistakes: &Mistakes) {
    eprint!("{}", mistakes.render(Style::of_stderr().is_colour()));
    let count = mistakes.count(Severity::Mistake);
    if count > 1 {
        let file = &mistakes.0[0].file;
        eprintln!("{file}: {count} mistakes; nothing was started");
    }
}
