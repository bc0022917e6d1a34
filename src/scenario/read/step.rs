//! `[[journey.step]]`: one request.

use super::body::read_body;
use super::capture::read_captures;
use super::expect::{parse_json_path, read_expect};
use super::files::Files;
use super::headers::{is_header_name, read_header_value, read_headers, read_template};
use super::http::read_timeout;
use super::think::read_think;
use crate::scenario::extract::JsonPath;
use crate::scenario::model::{Body, Expect, HttpDefaults, JourneyId, LedgerRule, Step};
use crate::scenario::syntax::{Log, Node, TableReader, value};
use crate::scenario::template::{Bindings, Escape, Template};

/// Keys that say method and path at once.
pub(crate) const METHODS: [&str; 7] = ["get", "head", "options", "post", "put", "patch", "delete"];

/// What a step needs to know of its surroundings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepDefaults<'a> {
    pub(crate) files: &'a Files<'a>,
    pub(crate) http: &'a HttpDefaults,
    pub(crate) journey: JourneyId,
}

/// Reads a step.
pub(crate) fn read_step(
    log: &Log,
    node: &Node,
    defaults: StepDefaults<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<Step> {
    let mut table = TableReader::new(log, node, "step")?;
    let name = table.optional("name", value::name);
    if let Some(name) = &name {
        table.rename(format!("step \"{name}\""));
    }
    let step = read_exchange(log, &mut table, defaults, bindings);
    let captures = table.node("capture");
    let captures = captures.map_or_else(Vec::new, |node| read_captures(log, node, bindings));
    let timeout = table.optional("timeout", read_timeout);
    let think = table.optional("think", read_think);
    table.finish_with(&[
        ("captures", "did you mean `capture`?"),
        ("assert", "say expect = { … }"),
        ("check", "say expect = { … }"),
        (
            "params",
            "write the query into the URL: get = \"/path?name=value\"",
        ),
        (
            "query",
            "write the query into the URL: get = \"/path?name=value\"",
        ),
    ]);
    let step = step?;
    Some(Step {
        name: name.unwrap_or(step.name),
        captures,
        timeout: timeout.unwrap_or(step.timeout),
        think,
        ..step
    })
}

/// The keys of [`read_exchange`] besides those that say where the request goes.
pub(crate) const EXCHANGE: [&str; 9] = [
    "headers",
    "json",
    "form",
    "body",
    "body_file",
    "content_type",
    "ledger",
    "expect",
    "redirects",
];

/// Reads what is sent and what must come back: a step without what makes it one of a journey. Its
/// parts are read in the order in which they are rendered, because each sees the variables that
/// those before it assign. The ledger is rendered before the request is sent: what becomes of a
/// write without an answer is looked up by its key too.
pub(crate) fn read_exchange(
    log: &Log,
    table: &mut TableReader<'_>,
    defaults: StepDefaults<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<Step> {
    let request = read_request(log, table, bindings);
    let mut headers = table
        .optional("headers", |log, node| {
            Some(read_headers(log, node, bindings))
        })
        .unwrap_or_default();
    let body = read_body(log, table, defaults.files, bindings);
    read_content_type(table, body.is_some(), &mut headers, bindings);
    let ledger_at = table.key_at("ledger");
    let ledger = table.optional("ledger", |log, node| read_ledger(log, node, bindings));
    let what = table.what().to_owned();
    let expect = table.node("expect");
    let expect = expect.map_or_else(Expect::default, |node| {
        read_expect(log, node, &what, bindings)
    });
    let redirects = table.optional("redirects", value::flag);
    let (method, url) = request?;
    let step = Step {
        name: format!("{method} {}", url.source()),
        journey: defaults.journey,
        method,
        url,
        headers,
        body: body.unwrap_or(Body::None),
        expect,
        captures: Vec::new(),
        timeout: defaults.http.timeout,
        redirects: redirects.unwrap_or(defaults.http.redirects),
        think: None,
        ledger,
    };
    if step.ledger.is_some() && !step.is_write() {
        let message = format!(
            "{} changes nothing, so there is nothing to find again",
            step.method
        );
        log.error_help(
            ledger_at,
            message,
            "a ledger belongs to a POST, PUT, PATCH or DELETE",
        );
    }
    Some(step)
}

/// `post = "/path"`, or `method` and `url` for the rare ones.
fn read_request(
    log: &Log,
    table: &mut TableReader<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<(String, Template)> {
    let method = table.optional("method", read_method);
    let mut keys = METHODS.to_vec();
    keys.push("url");
    let Some((key, node)) = table.one_of(&keys) else {
        let message = format!("{} does not say what it requests", table.what());
        log.missing(
            table.at(),
            message,
            "add get = \"/path\", post = \"/path\" …",
        );
        return None;
    };
    let url = read_url(log, node, bindings);
    let method = match (key, method) {
        ("url", Some(method)) => method,
        ("url", None) => {
            let message = "`url` needs a `method`: or write get = \"/path\", post = \"/path\" …";
            log.missing(table.key_at("url"), message, "");
            return None;
        }
        (key, Some(_)) => {
            let message = format!("`{key}` is the method already: leave `method` out");
            log.error(table.key_at("method"), message);
            return None;
        }
        (key, None) => key.to_ascii_uppercase(),
    };
    Some((method, url?))
}

fn read_method(log: &Log, node: &Node) -> Option<String> {
    let found = value::text(log, node)?;
    if is_header_name(found.text) {
        return Some(found.text.to_ascii_uppercase());
    }
    log.error(found.at, format!("`{}` is not an HTTP method", found.text));
    None
}

/// A path on the target, or an absolute URL.
fn read_url(log: &Log, node: &Node, bindings: &mut Bindings<'_>) -> Option<Template> {
    let found = value::text(log, node)?;
    let starts = ["/", "http://", "https://", "${"];
    if !starts.iter().any(|start| found.text.starts_with(start)) {
        let message = match found.text {
            "" => "a path is missing: the front page is \"/\"".to_owned(),
            text => format!("a path starts with `/`: write \"/{text}\""),
        };
        log.error(found.at, message);
        return None;
    }
    if found.text.contains('#') && !found.text.contains("${") {
        log.error(
            found.at,
            "what follows `#` is never sent to a server: leave it out",
        );
        return None;
    }
    read_template(log, node, Escape::Url, bindings)
}

fn read_content_type(
    table: &mut TableReader<'_>,
    has_body: bool,
    headers: &mut Vec<(String, Template)>,
    bindings: &mut Bindings<'_>,
) {
    let Some(node) = table.node("content_type") else {
        return;
    };
    let log = table.log();
    let at = table.key_at("content_type");
    if !has_body {
        log.error(
            at,
            "`content_type` without a body: add `json`, `form`, `body` or `body_file`",
        );
    }
    let is_content_type =
        |(name, _): &(String, Template)| name.eq_ignore_ascii_case("content-type");
    if headers.iter().any(is_content_type) {
        log.error(at, "`content_type` is among the headers already");
        return;
    }
    if let Some(value) = read_header_value(log, node, bindings) {
        headers.push(("Content-Type".into(), value));
    }
}

fn read_ledger(log: &Log, node: &Node, bindings: &mut Bindings<'_>) -> Option<LedgerRule> {
    let mut table = TableReader::new(log, node, "ledger")?;
    let key = table.required("key", "\"${key}\"", |log, node| {
        read_template(log, node, Escape::Plain, bindings)
    });
    let read_back = table.required("read_back", "\"/api/orders/by-key/${key}\"", |log, node| {
        read_url(log, node, bindings)
    });
    let copies = table.optional("copies", read_copies);
    let headers = table.optional("headers", |log, node| {
        Some(read_ledger_headers(log, node, bindings))
    });
    let at = table.at();
    table.finish();
    let (key, read_back) = (key?, read_back?);
    if key.as_literal().is_some() {
        let message = "every write would have the same key: use a template, such as \"${key}\"";
        log.error(at, message);
    }
    for (name, template) in [("key", &key), ("read_back", &read_back)] {
        if template.is_secret() {
            log.error_help(
                at,
                format!("`{name}` holds a value of the environment, which would be kept on disk"),
                "send a credential in the ledger's `headers`: they are stored nowhere",
            );
        }
    }
    Some(LedgerRule {
        key,
        read_back,
        copies,
        headers: headers.unwrap_or_default(),
    })
}

/// Headers of a read-back. They are put together when the run is over, so that no credential of an
/// iteration has to be kept on disk until then.
fn read_ledger_headers(
    log: &Log,
    node: &Node,
    bindings: &mut Bindings<'_>,
) -> Vec<(String, Template)> {
    let headers = read_headers(log, node, bindings);
    let entries = node.as_table().map_or(&[][..], |table| &table.entries);
    for (name, _) in headers.iter().filter(|(_, value)| !value.stands_alone()) {
        let at = entries
            .iter()
            .find(|entry| entry.key == *name)
            .map_or(node.at, |entry| entry.node.at);
        log.error_help(
            at,
            format!(
                "`{name}` needs a value of an iteration, but keys are read back when all of them are over"
            ),
            "use the environment: \"Bearer ${env.READ_TOKEN}\"; it is stored nowhere",
        );
    }
    headers
}

fn read_copies(log: &Log, node: &Node) -> Option<JsonPath> {
    let found = value::text(log, node)?;
    parse_json_path(found.text)
        .map_err(|message| log.error(found.at, message))
        .ok()
}
