//! Headers anywhere, and the templates in them.

use crate::scenario::syntax::{Log, Node, value};
use crate::scenario::template::{Bindings, Escape, Template};

/// Headers: names and templates.
pub(crate) fn read_headers(
    log: &Log,
    node: &Node,
    bindings: &mut Bindings<'_>,
) -> Vec<(String, Template)> {
    let Some(table) = node.as_table() else {
        let message = "headers are a table";
        log.error_help(
            node.at,
            message,
            "write headers = { Accept = \"text/html\" }",
        );
        return Vec::new();
    };
    let mut headers: Vec<(String, Template)> = Vec::new();
    for entry in &table.entries {
        let name = entry.key.as_str();
        if !is_header_name(name) {
            log.error(
                entry.key_at,
                format!("`{name}` is not the name of a header"),
            );
        }
        if headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            log.error(entry.key_at, format!("header `{name}` is there twice"));
        }
        headers.extend(
            read_header_value(log, &entry.node, bindings).map(|value| (name.to_owned(), value)),
        );
    }
    headers
}

/// A header's value: one line.
pub(crate) fn read_header_value(
    log: &Log,
    node: &Node,
    bindings: &mut Bindings<'_>,
) -> Option<Template> {
    let found = value::text(log, node)?;
    if found.text.chars().any(char::is_control) {
        log.error(found.at, "a header is one line without control characters");
        return None;
    }
    read_template(log, node, Escape::Plain, bindings)
}

/// Whether HTTP allows this as the name of a header.
pub(crate) fn is_header_name(name: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(token)
}

/// A text with templates in it.
pub(crate) fn read_template(
    log: &Log,
    node: &Node,
    escape: Escape,
    bindings: &mut Bindings<'_>,
) -> Option<Template> {
    let found = value::text(log, node)?;
    match Template::compile(found.text, escape, bindings, found.at) {
        Ok(template) => Some(template),
        Err(error) => {
            let at = log.inside(found.at, found.text, error.span);
            log.error_help(at, error.message, error.help);
            None
        }
    }
}
