//! What a step sends: `json`, `form`, `body` or `body_file`.

use super::files::Files;
use super::headers::read_template;
use crate::scenario::model::Body;
use crate::scenario::syntax::{Log, Node, Table, TableReader, Value, value};
use crate::scenario::template::{Bindings, Builder, Escape, Template, TemplateError};

/// Reads the body of a step; `None` if none is given.
pub(crate) fn read_body(
    log: &Log,
    table: &mut TableReader<'_>,
    files: &Files<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<Body> {
    let body = match table.one_of(&["json", "form", "body", "body_file"])? {
        ("json", node) => read_json(log, node, bindings).map(Body::Json),
        ("form", node) => read_form(log, node, bindings).map(Body::Form),
        ("body", node) => read_template(log, node, Escape::Plain, bindings).map(Body::Raw),
        (_, node) => read_file(log, node, files, bindings).map(Body::Raw),
    };
    // What is wrong with it has been said.
    Some(body.unwrap_or(Body::None))
}

fn read_file(
    log: &Log,
    node: &Node,
    files: &Files<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<Template> {
    let name = value::text(log, node)?;
    let text = files.read_text(log, name)?;
    match Template::compile(&text, Escape::Plain, bindings, name.at) {
        Ok(template) => Some(template),
        Err(error) => {
            let line = text[..error.span.start].matches('\n').count() + 1;
            let message = format!("{}, line {line}: {}", name.text, error.message);
            log.error_help(name.at, message, error.help);
            None
        }
    }
}

fn read_form(
    log: &Log,
    node: &Node,
    bindings: &mut Bindings<'_>,
) -> Option<Vec<(String, Template)>> {
    let Some(table) = node.as_table() else {
        let message = "a form is a table of fields";
        log.error_help(node.at, message, "write form = { name = \"value\" }");
        return None;
    };
    let mut fields = Vec::new();
    for entry in &table.entries {
        // A field that may come several times is given as a list.
        for element in entry.node.elements() {
            let text = plain(element);
            let read = match &text {
                Some(text) => Some(Template::literal(text)),
                None => read_template(log, element, Escape::Plain, bindings),
            };
            fields.extend(read.map(|template| (entry.key.clone(), template)));
        }
    }
    Some(fields)
}

/// A number or a boolean as the text it is sent as.
fn plain(node: &Node) -> Option<String> {
    match &node.value {
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn read_json(log: &Log, node: &Node, bindings: &mut Bindings<'_>) -> Option<Template> {
    if let Some(text) = node.as_text()
        && text.trim_start().starts_with(['{', '['])
    {
        log.error_help(
            node.at,
            "this JSON is in quotes: write it as a table, such as json = { name = \"value\" }",
            "or send the text as it is: body = '…' with content_type = \"application/json\"",
        );
        return None;
    }
    let mut builder = Builder::default();
    let sound = write_json(log, node, bindings, &mut builder);
    sound.then(|| builder.finish())
}

/// Appends a value as JSON; whether all of it was sound.
fn write_json(log: &Log, node: &Node, bindings: &mut Bindings<'_>, out: &mut Builder) -> bool {
    match &node.value {
        Value::Text(text) => {
            let written = out.json_text(text, bindings, node.at);
            sound(log, node, text, written)
        }
        Value::Integer(number) => {
            out.literal(&number.to_string());
            true
        }
        Value::Float(number) if number.is_finite() => {
            // `{:?}` keeps the `.0` of a whole float.
            out.literal(&format!("{number:?}"));
            true
        }
        Value::Float(_) => {
            log.error(node.at, "JSON has no such number");
            false
        }
        Value::Bool(flag) => {
            out.literal(if *flag { "true" } else { "false" });
            true
        }
        Value::Datetime(date) => {
            out.literal(&format!("\"{date}\""));
            true
        }
        Value::List(elements) => write_list(log, elements, bindings, out),
        Value::Table(table) => write_object(log, table, bindings, out),
    }
}

fn write_list(
    log: &Log,
    elements: &[Node],
    bindings: &mut Bindings<'_>,
    out: &mut Builder,
) -> bool {
    let mut all_sound = true;
    out.literal("[");
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.literal(",");
        }
        all_sound &= write_json(log, element, bindings, out);
    }
    out.literal("]");
    all_sound
}

fn write_object(log: &Log, table: &Table, bindings: &mut Bindings<'_>, out: &mut Builder) -> bool {
    let mut all_sound = true;
    out.literal("{");
    for (index, entry) in table.entries.iter().enumerate() {
        out.literal(if index > 0 { ",\"" } else { "\"" });
        let written = out.text(&entry.key, Escape::Json, bindings, entry.key_at);
        all_sound &= sound(log, &entry.node, &entry.key, written);
        out.literal("\":");
        all_sound &= write_json(log, &entry.node, bindings, out);
    }
    out.literal("}");
    all_sound
}

fn sound(log: &Log, node: &Node, text: &str, written: Result<(), TemplateError>) -> bool {
    let Err(error) = written else { return true };
    let at = log.inside(node.at, text, error.span);
    log.error_help(at, error.message, error.help);
    false
}
