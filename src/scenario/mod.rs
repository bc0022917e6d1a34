//! The scenario language: model, parsing, validation, templates.
//!
//! [`load`] is the way in. Text becomes a tree that knows its places (`syntax`), the tree becomes
//! the model section by section (`read`), and what only the whole can show is checked last
//! (`check`). Every mistake on the way is collected; all are told at once.

mod canary;
mod check;
mod document;
mod fingerprint;
mod overrides;
mod read;
mod schedule;
mod syntax;

pub mod extract;
pub mod mistake;
pub mod model;
pub mod surroundings;
pub mod template;

use std::path::Path;

pub use mistake::{Mistake, Mistakes, Severity};
pub use model::*;
pub use overrides::Overrides;
use surroundings::{Machine, Surroundings};
pub(crate) use syntax::units::{duration, rate};

use document::{is_name_character, read_document};
use read::Files;
use syntax::Log;

/// A sound scenario, and what is still worth telling about it.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The scenario.
    pub scenario: Scenario,
    /// Warnings and notes.
    pub warnings: Mistakes,
}

/// Reads a scenario file and all it draws on.
///
/// # Errors
/// All its mistakes.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Scenario, Mistakes> {
    read(path, overrides).map(|reading| reading.scenario)
}

/// Like [`load`], with warnings.
///
/// # Errors
/// All its mistakes.
pub fn read(path: &Path, overrides: &Overrides) -> Result<Reading, Mistakes> {
    let text = std::fs::read(path)
        .map_err(|error| error.to_string())
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned()));
    match text {
        Ok(text) => parse(&text, path, overrides, &Machine),
        Err(reason) => {
            let log = Log::default();
            log.add_source(path.display().to_string(), "");
            log.general(format!("`{}` cannot be read: {reason}", path.display()), "");
            Err(Mistakes(log.into_findings()))
        }
    }
}

/// Reads a scenario's text as if it stood at `path`.
///
/// # Errors
/// All its mistakes.
pub fn parse(
    text: &str,
    path: &Path,
    overrides: &Overrides,
    surroundings: &dyn Surroundings,
) -> Result<Reading, Mistakes> {
    let log = Log::default();
    let source = log.add_source(path.display().to_string(), text);
    let mut document = syntax::parse(&log, source, text);
    for assignment in &overrides.sets {
        syntax::apply_set(&log, &mut document, assignment);
    }
    let files = Files {
        surroundings,
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        fingerprint: std::cell::RefCell::default(),
    };
    let read = read_document(&log, &document, &files, overrides);
    let scenario = read.filter(|_| !log.has_mistakes()).map(|mut scenario| {
        let mut fingerprint = files.fingerprint.into_inner();
        fingerprint.add(text.as_bytes());
        for option in overrides.comparable_options() {
            fingerprint.add(option.as_bytes());
        }
        scenario.source = Source {
            path: path.to_owned(),
            text: text.to_owned(),
            hash: fingerprint.hex(),
            overrides: overrides.to_options(),
        };
        if scenario.name.is_empty() {
            scenario.name = default_name(path);
        }
        scenario
    });
    let findings = Mistakes(log.into_findings());
    match scenario {
        Some(scenario) => Ok(Reading {
            scenario,
            warnings: findings,
        }),
        None => Err(findings),
    }
}

/// The file's name without its ending, as far as a folder can be named so.
fn default_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name: String = stem
        .chars()
        .map(|c| if is_name_character(c) { c } else { '-' })
        .collect();
    match name.trim_matches(['-', '.']) {
        "" => "scenario".to_owned(),
        name => name.to_owned(),
    }
}
