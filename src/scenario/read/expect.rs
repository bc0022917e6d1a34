//! `expect`: what makes an answer a success.

use super::headers::{is_header_name, read_template};
use crate::scenario::extract::{JsonPath, Pattern};
use crate::scenario::model::{Expect, StatusRule, ValueRule};
use crate::scenario::syntax::{Log, Node, TableReader, Value, value};
use crate::scenario::template::{Bindings, Escape, Template};

/// Reads `expect`: a table, or short just the status.
pub(crate) fn read_expect(
    log: &Log,
    node: &Node,
    what: &str,
    bindings: &mut Bindings<'_>,
) -> Expect {
    let mut expect = Expect::default();
    if !matches!(node.value, Value::Table(_)) {
        expect.status = read_statuses(log, node);
        return expect;
    }
    let Some(mut table) = TableReader::new(log, node, format!("expect of {what}")) else {
        return expect;
    };
    if let Some(node) = table.node("status") {
        expect.status = read_statuses(log, node);
    }
    if let Some(node) = table.node("json") {
        expect.json = read_json(log, node, bindings);
    }
    if let Some(node) = table.node("headers") {
        expect.headers = read_header_rules(log, node, bindings);
    }
    for (key, texts) in [
        ("body_contains", &mut expect.body_contains),
        ("body_lacks", &mut expect.body_lacks),
    ] {
        let Some(node) = table.node(key) else {
            continue;
        };
        for element in node.elements() {
            texts.extend(read_template(log, element, Escape::Plain, bindings));
        }
    }
    expect.body_matches = table.optional("body_matches", read_pattern);
    expect.within = table.optional("within", value::length);
    table.finish_with(&[
        ("body", "say body_contains, body_lacks or body_matches"),
        ("header", "say headers = { name = \"value\" }"),
        ("duration", "say within = \"500ms\""),
    ]);
    expect
}

fn read_statuses(log: &Log, node: &Node) -> Vec<StatusRule> {
    if matches!(&node.value, Value::List(elements) if elements.is_empty()) {
        log.error(
            node.at,
            "no status is expected at all: write 200 or \"2xx\"",
        );
    }
    let elements = node.elements().iter();
    elements.filter_map(|node| read_status(log, node)).collect()
}

fn read_status(log: &Log, node: &Node) -> Option<StatusRule> {
    let rule = match &node.value {
        Value::Integer(status) => match u16::try_from(*status) {
            Ok(status @ 100..=599) => Some(StatusRule::Exactly(status)),
            _ => None,
        },
        Value::Text(text) => class(text),
        _ => return value::wrong(log, node, "a status such as 200 or \"2xx\""),
    };
    if rule.is_none() {
        let message = "not a status: write 201, \"2xx\" or \"200..204\", between 100 and 599";
        log.error(node.at, message);
    }
    rule
}

/// `2xx`, `200..204`, or a status in quotes.
fn class(text: &str) -> Option<StatusRule> {
    let text = text.trim();
    if let Some((low, high)) = text.split_once("..") {
        let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        let sound = (100..=599).contains(&low) && (low..=599).contains(&high);
        return sound.then_some(StatusRule::Between(low, high));
    }
    match text.to_ascii_lowercase().strip_suffix("xx") {
        Some(hundreds) => match hundreds.parse::<u16>() {
            Ok(hundreds @ 1..=5) => Some(StatusRule::Between(hundreds * 100, hundreds * 100 + 99)),
            _ => None,
        },
        None => match text.parse() {
            Ok(status @ 100..=599) => Some(StatusRule::Exactly(status)),
            _ => None,
        },
    }
}

fn read_json(log: &Log, node: &Node, bindings: &mut Bindings<'_>) -> Vec<(JsonPath, ValueRule)> {
    let Some(table) = node.as_table() else {
        let message = "JSON expectations are a table of paths";
        log.error_help(
            node.at,
            message,
            "write json = { \"$.token\" = \"present\" }",
        );
        return Vec::new();
    };
    let mut rules = Vec::new();
    for entry in &table.entries {
        let path = parse_json_path(&entry.key).map_err(|message| log.error(entry.key_at, message));
        let rule = read_rule(log, &entry.node, bindings);
        if let (Ok(path), Some(rule)) = (path, rule) {
            rules.push((path, rule));
        }
    }
    rules
}

fn read_header_rules(
    log: &Log,
    node: &Node,
    bindings: &mut Bindings<'_>,
) -> Vec<(String, ValueRule)> {
    let Some(table) = node.as_table() else {
        let message = "header expectations are a table of names";
        log.error_help(node.at, message, "write headers = { etag = \"present\" }");
        return Vec::new();
    };
    let mut rules = Vec::new();
    for entry in &table.entries {
        if !is_header_name(&entry.key) {
            let message = format!("`{}` is not the name of a header", entry.key);
            log.error(entry.key_at, message);
        }
        if let Some(rule) = read_rule(log, &entry.node, bindings) {
            rules.push((entry.key.to_ascii_lowercase(), rule));
        }
    }
    rules
}

/// `"present"`, `"absent"`, a value to equal, or a table that says how to compare.
fn read_rule(log: &Log, node: &Node, bindings: &mut Bindings<'_>) -> Option<ValueRule> {
    match &node.value {
        Value::Text(text) if text == "present" => Some(ValueRule::Present),
        Value::Text(text) if text == "absent" => Some(ValueRule::Absent),
        Value::Table(_) => {
            let mut table = TableReader::new(log, node, "expectation")?;
            let rule = match table.one_of(&["equals", "contains", "matches"]) {
                Some(("equals", node)) => read_equal(log, node, bindings),
                Some(("contains", node)) => {
                    read_template(log, node, Escape::Plain, bindings).map(ValueRule::Contains)
                }
                Some((_, node)) => read_pattern(log, node).map(ValueRule::Matches),
                None => {
                    let help = "write { equals = … }, { contains = \"…\" } or { matches = \"…\" }";
                    log.missing(node.at, "this expectation compares with nothing", help);
                    None
                }
            };
            table.finish();
            rule
        }
        _ => read_equal(log, node, bindings),
    }
}

fn read_equal(log: &Log, node: &Node, bindings: &mut Bindings<'_>) -> Option<ValueRule> {
    let template = match &node.value {
        Value::Integer(number) => Template::literal(number.to_string()),
        Value::Float(number) => Template::literal(format!("{number:?}")),
        Value::Bool(flag) => Template::literal(flag.to_string()),
        Value::Text(_) => read_template(log, node, Escape::Plain, bindings)?,
        _ => return value::wrong(log, node, "a text, a number, true or false"),
    };
    Some(ValueRule::Equals(template))
}

/// A JSON path; what is wrong with it in words.
pub(crate) fn parse_json_path(text: &str) -> Result<JsonPath, String> {
    if !text.starts_with('$') {
        let rest = text.trim_start_matches('.');
        return Err(format!("a JSON path starts with `$`: write \"$.{rest}\""));
    }
    JsonPath::parse(text).map_err(|error| format!("`{text}` is not a JSON path: {error}"))
}

/// A regular expression.
pub(crate) fn read_pattern(log: &Log, node: &Node) -> Option<Pattern> {
    let found = value::text(log, node)?;
    match Pattern::parse(found.text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            // The library draws the expression with a caret; its last line says what is wrong.
            let reason = error
                .lines()
                .last()
                .unwrap_or("")
                .trim_start_matches("error: ");
            log.error(found.at, format!("not a regular expression: {reason}"));
            None
        }
    }
}
