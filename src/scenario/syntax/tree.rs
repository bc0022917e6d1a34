//! TOML as a tree of nodes that know their place, in the file's order.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::log::Log;

/// A stretch of a source text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Which text: see [`Log::add_source`].
    pub(crate) source: usize,
    /// First byte.
    pub(crate) start: usize,
    /// Behind the last byte.
    pub(crate) end: usize,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: Place,
    pub(crate) value: Value,
}

/// A TOML value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Datetime(String),
    List(Vec<Node>),
    Table(Table),
}

/// Keys and values in the file's order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
}

/// One line of a table.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Place,
    pub(crate) node: Node,
}

impl Node {
    /// What it is, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a text",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Datetime(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// Its text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its table, if it is one.
    pub(crate) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Its elements: of a list all, of anything else itself.
    pub(crate) fn elements(&self) -> &[Node] {
        match &self.value {
            Value::List(nodes) => nodes,
            _ => std::slice::from_ref(self),
        }
    }
}

impl Table {
    /// The value under this key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.node)
    }
}

/// Reads TOML; what is not TOML is logged and left out.
pub(crate) fn parse(log: &Log, source: usize, text: &str) -> Table {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        let at = Place {
            source,
            start: span.start,
            end: span.end,
        };
        let (message, help) = explain(text, span.start, error.message());
        log.syntax(at, message, help);
    }
    table(log, source, document.into_inner())
}

fn table(log: &Log, source: usize, table: DeTable<'_>) -> Table {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| Entry {
            key_at: place(source, &key),
            key: key.into_inner().into_owned(),
            node: node(log, source, value),
        })
        .collect();
    // The parser sorts by name; people read (and JSON bodies are sent) in the order written.
    entries.sort_by_key(|entry| entry.key_at.start);
    Table { entries }
}

fn node(log: &Log, source: usize, value: Spanned<DeValue<'_>>) -> Node {
    let at = place(source, &value);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            Value::Integer(parsed.unwrap_or_else(|_| {
                log.syntax(at, format!("`{number}` is too large a number"), None);
                0
            }))
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(value) => Value::Datetime(value.to_string()),
        DeValue::Array(nodes) => Value::List(
            nodes
                .into_iter()
                .map(|value| node(log, source, value))
                .collect(),
        ),
        DeValue::Table(inner) => Value::Table(table(log, source, inner)),
    };
    Node { at, value }
}

fn place<T>(source: usize, value: &Spanned<T>) -> Place {
    let span = value.span();
    Place {
        source,
        start: span.start,
        end: span.end,
    }
}

/// The parser's message, with a remedy for what people do most.
fn explain(text: &str, at: usize, message: &str) -> (String, Option<String>) {
    let start = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    let line = text
        .get(start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or("");
    let value = line.split_once('=').map_or("", |(_, value)| value.trim());
    let bare = value.split([',', '#', ' ', ']', '}']).next().unwrap_or("");
    let help = if bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.ends_with(|c: char| c.is_ascii_alphabetic() || c == '%')
    {
        Some(format!(
            "durations, rates and percentages are written in quotes: \"{bare}\""
        ))
    } else if bare.starts_with(|c: char| c.is_alphabetic()) {
        Some(format!("texts are written in quotes: \"{bare}\""))
    } else {
        None
    };
    (format!("not valid TOML: {message}"), help)
}
