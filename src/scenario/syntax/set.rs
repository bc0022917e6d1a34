//! `--set key=value`: a change of the tree before it is read.

use super::log::Log;
use super::tree::{Entry, Node, Place, Table, Value, parse};

/// Applies `journey.buy.think=1s`, `load.0.max_users=50`, `seed=7` to the document. A list element is
/// named by its number from 0 or by its `name`; a value that is not TOML is taken as a text.
pub(crate) fn apply_set(log: &Log, document: &mut Table, assignment: &str) {
    let source = log.add_source("--set", assignment);
    let whole = Place {
        source,
        start: 0,
        end: assignment.len(),
    };
    let Some(equals) = equals_sign(assignment) else {
        log.error_help(
            whole,
            format!("`{assignment}` is not an assignment"),
            "write --set key=value, such as --set load.0.max_users=50",
        );
        return;
    };
    let path = match path(&assignment[..equals]) {
        Ok(path) => path,
        Err(message) => return log.error(whole, message),
    };
    let value_at = Place {
        start: equals + 1,
        ..whole
    };
    let node = value(source, assignment, equals + 1);
    let key_at = Place {
        end: equals,
        ..whole
    };
    if let Err(message) = put(
        document,
        &path,
        Node {
            at: value_at,
            value: node,
        },
        key_at,
    ) {
        log.error(key_at, message);
    }
}

/// The first `=` outside quotes.
fn equals_sign(assignment: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in assignment.char_indices() {
        match (quote, c) {
            (None, '=') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// Splits `fault."lose a pod".at` at its dots.
fn path(text: &str) -> Result<Vec<String>, String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in text.trim().chars() {
        match (quote, c) {
            (None, '.') => parts.push(String::new()),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (_, c) => parts.last_mut().expect("never empty").push(c),
        }
    }
    for part in &mut parts {
        *part = part.trim().to_owned();
    }
    if parts.iter().any(String::is_empty) || parts.len() > 20 {
        return Err(format!(
            "`{text}` is not a path of keys, such as load.0.max_users"
        ));
    }
    Ok(parts)
}

/// The value as TOML, else as a text.
fn value(source: usize, assignment: &str, start: usize) -> Value {
    let padded = format!("v={}", &assignment[start..]);
    let scratch = Log::default();
    let scratch_source = scratch.add_source("--set", padded.as_str());
    let mut table = parse(&scratch, scratch_source, &padded);
    if scratch.has_mistakes() || table.entries.len() != 1 {
        return Value::Text(assignment[start..].trim().to_owned());
    }
    let mut node = table.entries.remove(0).node;
    relocate(&mut node, source, start);
    node.value
}

/// Places in `v=VALUE` become places in the assignment, whose value starts at `start`.
fn relocate(node: &mut Node, source: usize, start: usize) {
    let moved = |at: Place| Place {
        source,
        start: (at.start + start).saturating_sub(2),
        end: (at.end + start).saturating_sub(2),
    };
    node.at = moved(node.at);
    match &mut node.value {
        Value::List(nodes) => nodes
            .iter_mut()
            .for_each(|node| relocate(node, source, start)),
        Value::Table(table) => {
            for entry in &mut table.entries {
                entry.key_at = moved(entry.key_at);
                relocate(&mut entry.node, source, start);
            }
        }
        _ => {}
    }
}

fn put(table: &mut Table, path: &[String], node: Node, key_at: Place) -> Result<(), String> {
    let (key, rest) = path.split_first().expect("never empty");
    let index = table.entries.iter().position(|entry| entry.key == *key);
    let index = index.unwrap_or_else(|| {
        table.entries.push(Entry {
            key: key.clone(),
            key_at,
            node: Node {
                at: key_at,
                value: Value::Table(Table::default()),
            },
        });
        table.entries.len() - 1
    });
    let entry = &mut table.entries[index];
    if rest.is_empty() {
        entry.key_at = key_at;
        entry.node = node;
        return Ok(());
    }
    put_below(&mut entry.node, key, rest, node, key_at)
}

fn put_below(
    parent: &mut Node,
    name: &str,
    path: &[String],
    node: Node,
    key_at: Place,
) -> Result<(), String> {
    match &mut parent.value {
        Value::Table(table) => put(table, path, node, key_at),
        Value::List(elements) => {
            let (key, rest) = path.split_first().expect("never empty");
            let count = elements.len();
            let element = match key.parse::<usize>() {
                Ok(index) => elements.get_mut(index),
                Err(_) => elements.iter_mut().find(|element| {
                    let named = element.as_table().and_then(|table| table.get("name"));
                    named.and_then(Node::as_text) == Some(key)
                }),
            };
            let Some(element) = element else {
                return Err(format!(
                    "`{name}` has no element `{key}`: give a number from 0 to {} or a name",
                    count.saturating_sub(1)
                ));
            };
            if rest.is_empty() {
                *element = node;
                return Ok(());
            }
            put_below(element, key, rest, node, key_at)
        }
        _ => Err(format!("`{name}` is {}, it has no keys", parent.kind())),
    }
}
