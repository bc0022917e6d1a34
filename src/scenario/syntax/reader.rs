//! Reads a table key by key and afterwards knows which keys nobody asked for.

use super::log::Log;
use super::suggest::did_you_mean;
use super::tree::{Node, Place, Table};

/// A table that is being read.
#[derive(Debug)]
pub(crate) struct TableReader<'t> {
    log: &'t Log,
    table: &'t Table,
    at: Place,
    /// What the table is, for messages: `step "log in"`.
    what: String,
    asked: Vec<&'static str>,
}

impl<'t> TableReader<'t> {
    /// Starts reading; anything but a table is logged.
    pub(crate) fn new(log: &'t Log, node: &'t Node, what: impl Into<String>) -> Option<Self> {
        let what = what.into();
        let Some(table) = node.as_table() else {
            let kind = node.kind();
            log.error(node.at, format!("{what} is a table, not {kind}"));
            return None;
        };
        Some(Self::of(log, table, node.at, what))
    }

    /// Starts reading a table that is known to be one.
    pub(crate) fn of(log: &'t Log, table: &'t Table, at: Place, what: impl Into<String>) -> Self {
        Self {
            log,
            table,
            at,
            what: what.into(),
            asked: Vec::new(),
        }
    }

    /// Where the table stands.
    pub(crate) fn at(&self) -> Place {
        self.at
    }

    /// Where messages go.
    pub(crate) fn log(&self) -> &'t Log {
        self.log
    }

    /// What the table is, in words.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Says more precisely what the table is.
    pub(crate) fn rename(&mut self, what: impl Into<String>) {
        self.what = what.into();
    }

    /// The value under this key.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'t Node> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table.get(key)
    }

    /// The value under this key, read; `None` if absent or (logged) wrong.
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Log, &'t Node) -> Option<T>,
    ) -> Option<T> {
        let node = self.node(key)?;
        read(self.log, node)
    }

    /// The value under this key, read; absence is logged.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&Log, &'t Node) -> Option<T>,
    ) -> Option<T> {
        if let Some(node) = self.node(key) {
            return read(self.log, node);
        }
        let message = format!("{} has no `{key}`", self.what);
        self.log
            .missing(self.at, message, format!("add {key} = {example}"));
        None
    }

    /// The one of these keys that is there; two of them are logged.
    pub(crate) fn one_of(&mut self, keys: &[&'static str]) -> Option<(&'static str, &'t Node)> {
        let mut found: Option<(&'static str, &'t Node)> = None;
        for &key in keys {
            let Some(node) = self.node(key) else { continue };
            if let Some((first, _)) = found {
                let message = format!("{} has both `{first}` and `{key}`: choose one", self.what);
                self.log.error(self.key_at(key), message);
            } else {
                found = Some((key, node));
            }
        }
        found
    }

    /// Where a key stands; the table itself if it is not there.
    pub(crate) fn key_at(&self, key: &str) -> Place {
        self.table
            .entries
            .iter()
            .find(|entry| entry.key == key)
            .map_or(self.at, |entry| entry.key_at)
    }

    /// Logs every key that nobody asked for.
    pub(crate) fn finish(self) {
        self.finish_with(&[]);
    }

    /// Like [`Self::finish`]; `hints` are words people use for something that is said otherwise.
    pub(crate) fn finish_with(self, hints: &[(&str, &str)]) {
        for entry in &self.table.entries {
            let key = entry.key.as_str();
            if self.asked.contains(&key) {
                continue;
            }
            let hint = hints.iter().find(|(word, _)| *word == key);
            let (message, help) = match (hint, did_you_mean(key, self.asked.iter().copied())) {
                (Some((_, hint)), _) => (format!("unknown key `{key}`: {hint}"), String::new()),
                (None, Some(meant)) => {
                    self.log.misspelt(self.at, meant);
                    let message = format!("unknown key `{key}`: did you mean `{meant}`?");
                    (message, String::new())
                }
                (None, None) => (
                    format!("unknown key `{key}` in {}", self.what),
                    format!("known keys: {}", self.asked.join(", ")),
                ),
            };
            self.log.error_help(entry.key_at, message, help);
        }
    }
}
