//! `[target]`: the bundled stack, or any HTTP system by its URL.

use target_app::api::{FailoverProfile, Mischief, Replication, StackSpec};
use target_app::control;
use target_app::topologies::{self, Topology};

use super::deploy::{read_answers, read_version};
use super::files::Files;
use super::headers::read_template;
use super::names::Unique;
use super::scaling::{read_autoscale, read_budget};
use crate::scenario::model::{StackTarget, Target};
use crate::scenario::syntax::{Log, Node, TableReader, value};
use crate::scenario::template::{Bindings, Escape};

pub(crate) const PROFILES: [(&str, FailoverProfile); 2] = [
    ("fast", FailoverProfile::Fast),
    ("rds", FailoverProfile::Rds),
];
const REPLICATIONS: [(&str, Replication); 2] = [
    ("synchronous", Replication::Synchronous),
    ("asynchronous", Replication::Asynchronous),
];

/// Reads `[target]`. A text is a URL, or `"local"` for the stack as it is by default.
pub(crate) fn read_target(
    log: &Log,
    node: Option<&Node>,
    files: &Files<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<Target> {
    let Some(node) = node else {
        let help =
            "add [target] with stack = \"local\" or base_url = \"https://…\", or give --target URL";
        log.general("there is no target", help);
        return None;
    };
    if let Some(text) = node.as_text() {
        if text == "local" {
            let spec = StackSpec::default();
            return Some(Target::Stack(Box::new(StackTarget { spec })));
        }
        return read_base_url(log, node, bindings);
    }
    let mut table = TableReader::new(log, node, "target")?;
    match table.one_of(&["stack", "base_url"]) {
        Some(("base_url", node)) => {
            table.finish_with(&[
                ("insecure", "it belongs into [http]"),
                ("headers", "they belong into [http]"),
                ("proxy", "it belongs into [http]"),
                ("ca", "it belongs into [http.tls]"),
                ("certificate", "it belongs into [http.tls]"),
            ]);
            read_base_url(log, node, bindings)
        }
        Some((_, node)) => {
            let stack = value::choice(log, node, &[("local", ())]);
            let spec = read_stack(table, files);
            stack
                .and(spec)
                .map(|spec| Target::Stack(Box::new(StackTarget { spec })))
        }
        None => {
            let help = "add stack = \"local\" or base_url = \"https://…\"";
            log.missing(table.at(), "target does not say what is loaded", help);
            None
        }
    }
}

fn read_base_url(log: &Log, node: &Node, bindings: &mut Bindings<'_>) -> Option<Target> {
    bindings.no_variables =
        Some("the target is the same for everyone: only ${env.NAME} may be used");
    let template = read_template(log, node, Escape::Url, bindings);
    bindings.no_variables = None;
    let Some(url) = template.as_ref()?.as_literal() else {
        log.error(
            node.at,
            "the target is the same for everyone: only ${env.NAME} may be used",
        );
        return None;
    };
    match check_base_url(url) {
        Ok(url) => Some(Target::Url(url)),
        Err(message) => {
            log.error(node.at, message);
            None
        }
    }
}

/// An address without its trailing slash, of something that is not the target: `a page is read`
/// by HTTP alone.
pub(super) fn read_http_url(log: &Log, node: &Node, what: &str) -> Option<String> {
    let text = value::name(log, node)?;
    let message = match check_base_url(&text) {
        Ok(url) if url.starts_with("http") => return Some(url),
        Ok(_) => format!("{what} by http:// or https://"),
        Err(message) => message,
    };
    log.error(node.at, message);
    None
}

/// A base URL without its trailing slash.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_base_url(url: &str) -> Result<String, String> {
    let url = url.trim().trim_end_matches('/');
    if let Some(socket) = url.strip_prefix("unix:") {
        return match socket.strip_prefix('/') {
            Some(rest) if !rest.starts_with('/') => Ok(url.to_owned()),
            _ => Err(format!(
                "`{url}` does not name a socket by its whole path: write unix:/run/app.sock"
            )),
        };
    }
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .ok_or_else(|| {
            format!("`{url}` is not a URL: write http://…, https://… or unix:/path/to/socket")
        })?;
    if rest.contains(['?', '#']) {
        return Err(format!(
            "`{url}` has a query: a target is scheme, host and port"
        ));
    }
    let authority = rest.split('/').next().unwrap_or("");
    if authority.contains('@') {
        return Err("a user and password in the URL would end up in reports: send them as a header with ${env.NAME}".into());
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(format!("`{url}` has no host"));
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(format!("`{url}` has no valid port: 1 to 65535"));
    }
    Ok(url.to_owned())
}

fn read_stack(mut table: TableReader<'_>, files: &Files<'_>) -> Option<StackSpec> {
    let log = table.log();
    let mut sound = true;
    let mut spec = StackSpec::default();
    if let Some(node) = table.node("topology") {
        match read_topology(log, node, files) {
            Some(topology) => spec = topology.stack,
            None => sound = false,
        }
    }
    if let Some(name) = table.optional("name", value::name) {
        let plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !plain || name.len() > 40 {
            let message = "a stack's name has at most 40 letters, digits, `-` and `_`";
            log.error(table.key_at("name"), message);
        }
        spec.name = name;
    }
    if let Some(node) = table.node("zones") {
        match read_zones(log, node) {
            Some(zones) => spec.zones = zones,
            None => sound = false,
        }
    }
    for (key, highest, number) in [
        ("replicas", 50, &mut spec.replicas),
        ("task_runners", 20, &mut spec.task_runners),
        ("order_shards", 4, &mut spec.order_shards),
        ("products", 100_000, &mut spec.products),
        ("customers", 100_000, &mut spec.customers),
    ] {
        let read = table.optional(key, |log, node| value::positive(log, node, highest));
        *number = read.and_then(|n| u32::try_from(n).ok()).unwrap_or(*number);
    }
    spec.replication = table
        .optional("replication", |log, node| {
            value::choice(log, node, &REPLICATIONS)
        })
        .unwrap_or(spec.replication);
    spec.failover = table
        .optional("failover", |log, node| value::choice(log, node, &PROFILES))
        .unwrap_or(spec.failover);
    spec.search_index = table
        .optional("search_index", value::flag)
        .unwrap_or(spec.search_index);
    spec.mischief = table
        .optional("mischief", read_mischief)
        .unwrap_or(spec.mischief);
    for (key, switch) in [
        ("cdn", &mut spec.cdn),
        ("mail", &mut spec.mail),
        ("tls", &mut spec.tls),
    ] {
        *switch = table.optional(key, value::flag).unwrap_or(*switch);
    }
    if let Some(version) = table.optional("version", read_version) {
        spec.version = version;
    }
    spec.autoscale = table
        .optional("autoscale", read_autoscale)
        .or(spec.autoscale);
    spec.disruption_budget = table
        .optional("disruption_budget", read_budget)
        .or(spec.disruption_budget);
    spec.postgres_bin = table
        .optional("postgres_bin", value::text)
        .map(|found| found.text.into());
    let at = table.at();
    table.finish();
    if sound
        && !log.has_mistakes()
        && let Some(objection) = control::objection(&spec)
    {
        log.error(at, objection);
        sound = false;
    }
    sound.then_some(spec)
}

/// A bundled topology by its name, or a file beside the scenario.
fn read_topology(log: &Log, node: &Node, files: &Files<'_>) -> Option<Topology> {
    let named = value::text(log, node)?;
    let text = if named.text.ends_with(".toml") {
        files.read_text(log, named)?
    } else if let Some(text) = topologies::bundled(named.text) {
        // What a name means may differ between versions of the tool.
        files.fingerprint.borrow_mut().add(text.as_bytes());
        text.to_owned()
    } else {
        value::unknown(log, named, "topology", topologies::names());
        return None;
    };
    match Topology::parse(&text, |name| files.surroundings.variable(name)) {
        Ok(topology) => Some(topology),
        Err(error) => {
            let message = format!("`{}` is no topology: {}", named.text, error.message);
            let line = error.line;
            let help = line.map_or(String::new(), |line| format!("in its line {line}"));
            log.error_help(node.at, message, help);
            None
        }
    }
}

/// `{ drop_order = 10 }`: how the shop breaks its word on purpose.
fn read_mischief(log: &Log, node: &Node) -> Option<Mischief> {
    let mut table = TableReader::new(log, node, "mischief")?;
    let mut nth = |key| {
        let read = table.optional(key, |log, node| value::positive(log, node, 1_000_000));
        read.and_then(|nth| u32::try_from(nth).ok())
    };
    let (drop_order, double_order) = (nth("drop_order"), nth("double_order"));
    let mischief = Mischief {
        drop_order,
        double_order,
        ..read_answers(&mut table)
    };
    table.finish();
    Some(mischief)
}

fn read_zones(log: &Log, node: &Node) -> Option<Vec<String>> {
    let mut names = Unique::default();
    let mut zones = Vec::new();
    for element in node.elements() {
        let name = value::name(log, element)?;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !plain || name == "edge" {
            let message = format!(
                "a zone cannot be named `{name}`: use letters, digits and `-`, and not `edge`"
            );
            log.error(element.at, message);
        }
        names.claim(log, &name, "zone", element.at);
        zones.push(name);
    }
    if !(1..=9).contains(&zones.len()) {
        log.error(node.at, "a stack has one to nine zones");
        return None;
    }
    Some(zones)
}
