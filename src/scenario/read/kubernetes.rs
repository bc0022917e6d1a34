//! `[kubernetes]`: which cluster, and what in it may be touched.

use crate::scenario::model::KubernetesSpec;
use crate::scenario::syntax::{Log, Node, TableReader, value};

/// Reads `[kubernetes]`, or its defaults.
pub(crate) fn read_kubernetes(log: &Log, node: Option<&Node>) -> KubernetesSpec {
    let mut spec = KubernetesSpec::default();
    let Some(mut table) = node.and_then(|node| TableReader::new(log, node, "kubernetes")) else {
        return spec;
    };
    spec.context = table.optional("context", value::name);
    spec.kubeconfig = table.optional("kubeconfig", value::name).map(Into::into);
    spec.namespace = table.optional("namespace", read_namespace);
    spec.allow = table
        .optional("allow", read_label_key)
        .unwrap_or(spec.allow);
    spec.image = table.optional("image", value::name).unwrap_or(spec.image);
    table.finish_with(&[
        ("token", "credentials belong into the kubeconfig"),
        ("password", "credentials belong into the kubeconfig"),
        (
            "server",
            "name a context of the kubeconfig: context = \"…\"",
        ),
        ("label", "say allow = \"loadtest/allow\""),
    ]);
    spec
}

/// A namespace's name, as Kubernetes allows it.
pub(crate) fn read_namespace(log: &Log, node: &Node) -> Option<String> {
    let name = value::name(log, node)?;
    if is_dns_label(&name) {
        return Some(name);
    }
    let message =
        format!("`{name}` cannot name a namespace: use at most 63 small letters, digits and `-`");
    log.error(node.at, message);
    None
}

fn read_label_key(log: &Log, node: &Node) -> Option<String> {
    let key = value::name(log, node)?;
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", &key));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: char| c.is_ascii_alphanumeric();
    let sound = (1..=63).contains(&name.len())
        && name.chars().all(plain)
        && name.starts_with(edge)
        && name.ends_with(edge)
        && prefix.len() <= 253
        && (prefix.is_empty() || prefix.split('.').all(is_dns_label));
    if sound {
        return Some(key);
    }
    let message = format!("`{key}` cannot be the key of a label");
    log.error_help(node.at, message, "such as \"loadtest/allow\"");
    None
}

fn is_dns_label(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=63).contains(&name.len())
        && name.chars().all(|c| plain(c) || c == '-')
        && name.starts_with(plain)
        && name.ends_with(plain)
}
