//! Reads a scenario for a command, and tells everything about it that a person should know.

use std::path::Path;

use super::style::Style;
use crate::scenario::{self, Overrides, Scenario};

/// The scenario, or none after all its mistakes were told on standard error.
pub(super) fn load(path: &Path, overrides: &Overrides) -> Option<Scenario> {
    let colour = Style::of_stderr().is_colour();
    match scenario::read(path, overrides) {
        Ok(reading) => {
            eprint!("{}", reading.warnings.render(colour));
            Some(reading.scenario)
        }
        Err(mistakes) => {
            eprint!("{}", mistakes.render(colour));
            None
        }
    }
}
