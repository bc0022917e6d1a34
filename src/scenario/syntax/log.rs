//! Collects mistakes while a scenario is read, so that all are told at once.

use std::cell::RefCell;

use super::tree::Place;
use crate::scenario::mistake::{Mistake, Severity};

/// A text that mistakes can point into.
#[derive(Debug)]
struct SourceText {
    name: String,
    text: String,
}

/// A mistake and where it is, before it is turned into lines and columns.
#[derive(Debug)]
struct Entry {
    at: Option<Place>,
    severity: Severity,
    message: String,
    help: Option<String>,
    /// Follows from something missing: not believed while the syntax itself is broken.
    derived: bool,
    syntax: bool,
}

/// The collection.
#[derive(Debug, Default)]
pub(crate) struct Log {
    sources: RefCell<Vec<SourceText>>,
    entries: RefCell<Vec<Entry>>,
    /// Tables with a misspelt key, and the key that was meant: that it is missing is no news.
    misspelt: RefCell<Vec<(Place, &'static str)>>,
}

impl Log {
    /// Adds a text; places refer to it by the number returned.
    pub(crate) fn add_source(&self, name: impl Into<String>, text: impl Into<String>) -> usize {
        let mut sources = self.sources.borrow_mut();
        sources.push(SourceText {
            name: name.into(),
            text: text.into(),
        });
        sources.len() - 1
    }

    /// Something is wrong here.
    pub(crate) fn error(&self, at: Place, message: impl Into<String>) {
        self.add(Some(at), Severity::Mistake, message.into(), None, false);
    }

    /// Something is wrong here, and there is more to say about the remedy.
    pub(crate) fn error_help(
        &self,
        at: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let help = Some(help.into()).filter(|help| !help.is_empty());
        self.add(Some(at), Severity::Mistake, message.into(), help, false);
    }

    /// A table's key is misspelt: what it lacks is not worth telling too.
    pub(crate) fn misspelt(&self, table: Place, meant: &'static str) {
        self.misspelt.borrow_mut().push((table, meant));
    }

    /// Something that should be there is not; untrustworthy while the syntax is broken.
    pub(crate) fn missing(&self, at: Place, message: impl Into<String>, help: impl Into<String>) {
        let help = Some(help.into()).filter(|help| !help.is_empty());
        self.add(Some(at), Severity::Mistake, message.into(), help, true);
    }

    /// The file as a whole, or something outside it, is wrong.
    pub(crate) fn general(&self, message: impl Into<String>, help: impl Into<String>) {
        let help = Some(help.into()).filter(|help| !help.is_empty());
        self.add(None, Severity::Mistake, message.into(), help, true);
    }

    /// The text is not TOML.
    pub(crate) fn syntax(&self, at: Place, message: impl Into<String>, help: Option<String>) {
        self.entries.borrow_mut().push(Entry {
            at: Some(at),
            severity: Severity::Mistake,
            message: message.into(),
            help,
            derived: false,
            syntax: true,
        });
    }

    /// Probably not what was meant.
    pub(crate) fn warn(&self, at: Place, message: impl Into<String>, help: impl Into<String>) {
        let help = Some(help.into()).filter(|help| !help.is_empty());
        self.add(Some(at), Severity::Warning, message.into(), help, true);
    }

    /// What an override did.
    pub(crate) fn note(&self, message: impl Into<String>) {
        self.add(None, Severity::Note, message.into(), None, true);
    }

    fn add(
        &self,
        at: Option<Place>,
        severity: Severity,
        message: String,
        help: Option<String>,
        derived: bool,
    ) {
        self.entries.borrow_mut().push(Entry {
            at,
            severity,
            message,
            help,
            derived,
            syntax: false,
        });
    }

    /// Whether anything is wrong so far.
    pub(crate) fn has_mistakes(&self) -> bool {
        self.entries
            .borrow()
            .iter()
            .any(|entry| entry.severity == Severity::Mistake)
    }

    /// The line a place is on, from 1.
    pub(crate) fn line(&self, at: Place) -> usize {
        let sources = self.sources.borrow();
        let text = &sources[at.source].text;
        position(text, at.start).0
    }

    /// Where, inside a string value, its character number `offset` (in bytes) stands. Strings with
    /// escapes have no such place: then the whole value is meant.
    pub(crate) fn inside(&self, at: Place, decoded: &str, span: std::ops::Range<usize>) -> Place {
        let sources = self.sources.borrow();
        let raw = sources[at.source].text.get(at.start..at.end).unwrap_or("");
        match raw.find(decoded) {
            Some(offset) if !decoded.is_empty() => Place {
                source: at.source,
                start: at.start + offset + span.start,
                end: at.start + offset + span.end.max(span.start),
            },
            _ => at,
        }
    }

    /// Everything that was found, in the file's order. With mistakes there are no warnings: they are
    /// often mere consequences.
    pub(crate) fn into_findings(self) -> Vec<Mistake> {
        let faulty = self.has_mistakes();
        let sources = self.sources.into_inner();
        let misspelt = self.misspelt.into_inner();
        let mut entries = self.entries.into_inner();
        let line = |at: Place| (at.source, position(&sources[at.source].text, at.start).0);
        let broken: Vec<_> = entries
            .iter()
            .filter(|entry| entry.syntax)
            .filter_map(|entry| entry.at.map(line))
            .collect();
        entries.retain(|entry| {
            let believed = match entry.at {
                _ if entry.syntax || broken.is_empty() => true,
                Some(at) => !entry.derived && !broken.contains(&line(at)),
                None => false,
            };
            let news = !entry.derived || !misspelt.iter().any(|slip| excuses(*slip, entry));
            let wanted = !faulty || entry.severity == Severity::Mistake;
            believed && news && wanted
        });
        entries.sort_by_key(|entry| {
            let place = entry.at.map(|at| (at.source, at.start));
            (entry.severity, place.is_none(), place)
        });
        let mut findings: Vec<Mistake> = entries
            .into_iter()
            .map(|entry| resolve(&sources, entry))
            .collect();
        findings.dedup();
        findings
    }
}

/// Whether a misspelt key explains why something is said to be missing.
fn excuses((table, meant): (Place, &str), entry: &Entry) -> bool {
    match entry.at {
        Some(at) => at == table,
        None => entry.message.starts_with(&format!("there is no {meant}")),
    }
}

fn resolve(sources: &[SourceText], entry: Entry) -> Mistake {
    let Some(at) = entry.at else {
        return Mistake {
            severity: entry.severity,
            file: sources.first().map_or("scenario", |s| &s.name).to_owned(),
            line: 0,
            column: 0,
            width: 1,
            text: String::new(),
            message: entry.message,
            help: entry.help,
        };
    };
    let source = &sources[at.source];
    let (line, column) = position(&source.text, at.start);
    let text = source.text.lines().nth(line - 1).unwrap_or("").to_owned();
    let meant = source.text.get(at.start..at.end).unwrap_or("");
    let width = meant.lines().next().unwrap_or("").chars().count().max(1);
    Mistake {
        severity: entry.severity,
        file: source.name.clone(),
        line,
        column,
        width,
        text,
        message: entry.message,
        help: entry.help,
    }
}

/// Line and column of a byte offset, both from 1, the column in characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    (line, before[start..].chars().count() + 1)
}
