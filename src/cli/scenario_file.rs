//! Reading a scenario for a command: mistakes and warnings go to standard error.

use std::io::IsTerminal;
use std::path::Path;

use crate::scenario::{self, Mistakes, Overrides, Scenario, Severity};

/// Reads a scenario and tells what is wrong with it; `None` when it cannot run.
#[must_use]
pub fn load(path: &Path, overrides: &Overrides) -> Option<Scenario> {
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
    eprint!("{}", mistakes.render(colour(&std::io::stderr())));
    let count = mistakes.count(Severity::Mistake);
    if count > 1 {
        let file = &mistakes.0[0].file;
        eprintln!("{file}: {count} mistakes; nothing was started");
    }
}

/// Colour only where a person looks at it; <https://no-color.org>.
fn colour(stream: &impl IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !set("NO_COLOR") && !dumb
}
