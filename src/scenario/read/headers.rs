//! `[http]`: how requests are made unless a step says otherwise; and headers anywhere.

use std::time::Duration;

use crate::scenario::model::HttpDefaults;
use crate::scenario::syntax::{Log, Node, TableReader, value};
use crate::scenario::template::{Bindings, Escape, Template};

/// Longest time that the recorder can tell apart: see `measure::interval::HIGHEST_US`.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(600);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads `[http]`, or its defaults.
pub(crate) fn read_http(
    log: &Log,
    node: Option<&Node>,
    bindings: &mut Bindings<'_>,
) -> HttpDefaults {
    let mut http = HttpDefaults {
        timeout: DEFAULT_TIMEOUT,
        redirects: true,
        headers: Vec::new(),
        cookies: true,
        insecure: false,
    };
    let Some(mut table) = node.and_then(|node| TableReader::new(log, node, "http")) else {
        return http;
    };
    if let Some(timeout) = table.optional("timeout", read_timeout) {
        http.timeout = timeout;
    }
    bindings.no_variables =
        Some("these headers go with every request, also before anything is captured");
    http.headers = table
        .optional("headers", |log, node| {
            Some(read_headers(log, node, bindings))
        })
        .unwrap_or_default();
    bindings.no_variables = None;
    for (key, flag) in [
        ("redirects", &mut http.redirects),
        ("cookies", &mut http.cookies),
        ("insecure", &mut http.insecure),
    ] {
        *flag = table.optional(key, value::flag).unwrap_or(*flag);
    }
    table.finish_with(&[("base_url", "it belongs into [target]")]);
    http
}

/// A time limit for one request.
pub(crate) fn read_timeout(log: &Log, node: &Node) -> Option<Duration> {
    let timeout = value::length(log, node)?;
    if timeout > LONGEST_TIMEOUT {
        log.error(node.at, "a request may take at most 10m");
        return None;
    }
    Some(timeout)
}

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
