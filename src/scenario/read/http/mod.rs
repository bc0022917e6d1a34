//! `[http]`: how requests are made unless a step says otherwise.

mod proxy;
mod tls;

use std::time::Duration;

use super::files::Files;
use super::headers::read_headers;
use crate::scenario::model::{Coding, ConnectionReuse, HttpDefaults, HttpVersion};
use crate::scenario::syntax::{Log, Node, TableReader, Value, value};
use crate::scenario::template::Bindings;
use proxy::read_proxy;
use tls::read_tls;

/// Longest time that the recorder can tell apart: see `measure::interval::HIGHEST_US`.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(600);

const VERSIONS: [(&str, HttpVersion); 2] = [("1.1", HttpVersion::V1_1), ("2", HttpVersion::V2)];
const REUSES: [(&str, ConnectionReuse); 4] = [
    ("per-user", ConnectionReuse::PerUser),
    ("per-iteration", ConnectionReuse::PerIteration),
    ("per-request", ConnectionReuse::PerRequest),
    ("shared", ConnectionReuse::Shared),
];

/// Reads `[http]`, or its defaults.
pub(crate) fn read_http(
    log: &Log,
    node: Option<&Node>,
    files: &Files<'_>,
    bindings: &mut Bindings<'_>,
) -> HttpDefaults {
    let mut http = HttpDefaults::default();
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
    http.trace = table.optional("trace", value::flag);
    http.version = table
        .optional("version", |log, node| value::choice(log, node, &VERSIONS))
        .unwrap_or(http.version);
    http.connections = table
        .optional("connections", |log, node| value::choice(log, node, &REUSES))
        .unwrap_or(http.connections);
    http.compression = table
        .optional("compression", read_compression)
        .unwrap_or_default();
    http.proxy = table.optional("proxy", |log, node| read_proxy(log, node, bindings));
    http.tls = table
        .optional("tls", |log, node| read_tls(log, node, files))
        .unwrap_or_default();
    if http.connections == ConnectionReuse::Shared && http.version == HttpVersion::V1_1 {
        log.error_help(
            table.key_at("connections"),
            "HTTP/1.1 carries one request at a time: a connection cannot be shared",
            "add version = \"2\"",
        );
    }
    let insecure_at = table.key_at("insecure");
    if http.insecure && !http.tls.authorities.is_empty() {
        let message = "`insecure` accepts any certificate, `tls.ca` only some: choose one";
        log.error(insecure_at, message);
    } else if http.insecure {
        log.warn(
            insecure_at,
            "certificates are not verified: whoever answers is taken for the target",
            "a private authority is trusted with [http.tls] ca = \"ca.pem\"",
        );
    }
    table.finish_with(&[
        ("base_url", "it belongs into [target]"),
        ("ca", "it belongs into [http.tls]"),
        ("certificate", "it belongs into [http.tls]"),
        ("key", "it belongs into [http.tls]"),
        ("server_name", "it belongs into [http.tls]"),
        (
            "keep_alive",
            "say connections = \"per-request\" to have none",
        ),
        ("gzip", "say compression = \"gzip\""),
        ("http2", "say version = \"2\""),
        ("protocol", "say version = \"2\", or nothing for HTTP/1.1"),
    ]);
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

/// `true` for all, or the ones that are offered.
fn read_compression(log: &Log, node: &Node) -> Option<Vec<Coding>> {
    match &node.value {
        Value::Bool(true) => return Some(Coding::ALL.to_vec()),
        Value::Bool(false) => return None,
        _ => {}
    }
    let known = Coding::ALL.map(|coding| (coding.name(), coding));
    let mut offered = Vec::new();
    for element in node.elements() {
        let coding = value::choice(log, element, &known)?;
        if offered.contains(&coding) {
            log.error(element.at, format!("`{}` is there twice", coding.name()));
        }
        offered.push(coding);
    }
    Some(offered)
}
