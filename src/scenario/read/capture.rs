//! `capture`: values that later steps need.

use super::expect::{parse_json_path, read_pattern};
use super::headers::is_header_name;
use crate::scenario::model::{Capture, CaptureFrom, Pick};
use crate::scenario::syntax::{Log, Node, TableReader, Value, value};
use crate::scenario::template::{Bindings, check_variable_name};

const PICKS: [(&str, Pick); 4] = [
    ("first", Pick::First),
    ("last", Pick::Last),
    ("random", Pick::Random),
    ("all", Pick::All),
];

/// Reads the captures of a step; their names are visible from here on, even if something is wrong.
pub(crate) fn read_captures(log: &Log, node: &Node, bindings: &mut Bindings<'_>) -> Vec<Capture> {
    let Some(table) = node.as_table() else {
        let message = "captures are a table of names";
        log.error_help(node.at, message, "write capture = { token = \"$.token\" }");
        return Vec::new();
    };
    let mut captures = Vec::new();
    for entry in &table.entries {
        if let Err(message) = check_variable_name(&entry.key, bindings) {
            log.error(entry.key_at, message);
        }
        let slot = bindings.define(&entry.key, false, entry.key_at);
        if let Some((from, pick, default)) = read_source(log, &entry.key, &entry.node) {
            captures.push(Capture {
                name: entry.key.clone(),
                slot,
                from,
                pick,
                default,
            });
        }
    }
    captures
}

type Source = (CaptureFrom, Pick, Option<String>);

fn read_source(log: &Log, name: &str, node: &Node) -> Option<Source> {
    if let Value::Text(text) = &node.value {
        if !text.starts_with('$') {
            log.error_help(
                node.at,
                "a capture in short is a JSON path, which starts with `$`",
                format!("or write {name} = {{ regex = \"…\" }}, {{ header = \"…\" }} or {{ cookie = \"…\" }}"),
            );
            return None;
        }
        return read_json(log, node).map(|from| (from, Pick::First, None));
    }
    let mut table = TableReader::new(log, node, format!("capture `{name}`"))?;
    let source = table.one_of(&["json", "regex", "header", "cookie"]);
    let pick = table.optional("pick", |log, node| value::choice(log, node, &PICKS));
    let default = table.optional("default", read_default);
    let at = table.at();
    table.finish_with(&[
        ("path", "say json = \"$.path\""),
        ("jsonpath", "say json = \"$.path\""),
    ]);
    let from = match source {
        Some(("json", node)) => read_json(log, node),
        Some(("regex", node)) => read_pattern(log, node).map(CaptureFrom::Regex),
        Some(("header", node)) => read_header(log, node),
        Some((_, node)) => value::name(log, node).map(CaptureFrom::Cookie),
        None => {
            let message = format!("capture `{name}` does not say where from");
            log.missing(
                at,
                message,
                "add json = \"$.path\", regex, header or cookie",
            );
            None
        }
    };
    Some((from?, pick.unwrap_or(Pick::First), default))
}

fn read_json(log: &Log, node: &Node) -> Option<CaptureFrom> {
    let found = value::text(log, node)?;
    match parse_json_path(found.text) {
        Ok(path) => Some(CaptureFrom::Json(path)),
        Err(message) => {
            log.error(found.at, message);
            None
        }
    }
}

fn read_header(log: &Log, node: &Node) -> Option<CaptureFrom> {
    let found = value::text(log, node)?;
    if !is_header_name(found.text) {
        let message = format!("`{}` is not the name of a header", found.text);
        log.error(found.at, message);
        return None;
    }
    Some(CaptureFrom::Header(found.text.to_ascii_lowercase()))
}

fn read_default(log: &Log, node: &Node) -> Option<String> {
    match &node.value {
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => value::text(log, node).map(|found| found.text.to_owned()),
    }
}
