//! Kinds of resources, and how one is named: in paths, in journals, and for people.

use std::fmt;

/// What we touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Node,
    Pod,
    Deployment,
    StatefulSet,
    DaemonSet,
    NetworkPolicy,
}

const KINDS: [(Kind, &str, &str, &str); 6] = [
    (Kind::Node, "node", "/api/v1", "nodes"),
    (Kind::Pod, "pod", "/api/v1", "pods"),
    (
        Kind::Deployment,
        "deployment",
        "/apis/apps/v1",
        "deployments",
    ),
    (
        Kind::StatefulSet,
        "statefulset",
        "/apis/apps/v1",
        "statefulsets",
    ),
    (Kind::DaemonSet, "daemonset", "/apis/apps/v1", "daemonsets"),
    (
        Kind::NetworkPolicy,
        "networkpolicy",
        "/apis/networking.k8s.io/v1",
        "networkpolicies",
    ),
];

impl Kind {
    /// All whose resources can carry our marks, in the order in which they are taken back.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|(kind, ..)| *kind)
    }

    fn row(self) -> &'static (Kind, &'static str, &'static str, &'static str) {
        let found = KINDS.iter().find(|(kind, ..)| *kind == self);
        found.expect("every kind has its row")
    }

    /// As kubectl and owners are written.
    pub(super) fn name(self) -> &'static str {
        self.row().1
    }

    /// As permissions are written.
    pub(super) fn plural(self) -> &'static str {
        self.row().3
    }

    /// By its name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = KINDS.iter().find(|(_, known, ..)| *known == name);
        found.map(|(kind, ..)| *kind)
    }

    /// Where all of them are; `namespace` is ignored for nodes.
    pub(super) fn path(self, namespace: &str) -> String {
        let (_, _, group, plural) = self.row();
        match self {
            Self::Node => format!("{group}/{plural}"),
            _ => format!("{group}/namespaces/{namespace}/{plural}"),
        }
    }
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) kind: Kind,
    /// Empty for nodes.
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Named {
    pub(super) fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        let namespace = match kind {
            Kind::Node => String::new(),
            _ => namespace.to_owned(),
        };
        Self {
            kind,
            namespace,
            name: name.to_owned(),
        }
    }

    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.kind.path(&self.namespace), self.name)
    }

    /// Reads what [`fmt::Display`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ')?;
        let kind = Kind::named(kind)?;
        Some(match rest.split_once('/') {
            Some((namespace, name)) => Self::new(kind, namespace, name),
            None => Self::new(kind, "", rest),
        })
    }

    /// For kubectl: `-n shop deployment/web`.
    pub(super) fn for_kubectl(&self) -> String {
        let namespace = match self.namespace.as_str() {
            "" => String::new(),
            namespace => format!("-n {namespace} "),
        };
        format!("{namespace}{}/{}", self.kind.name(), self.name)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_str() {
            "" => write!(f, "{} {}", self.kind.name(), self.name),
            namespace => write!(f, "{} {namespace}/{}", self.kind.name(), self.name),
        }
    }
}

/// Splits a name that may begin with its namespace.
pub(super) fn in_namespace<'n>(name: &'n str, default: &'n str) -> (&'n str, &'n str) {
    name.split_once('/').unwrap_or((default, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in Kind::all() {
            let named = Named::new(kind, "shop", "web");
            assert_eq!(Named::parse(&named.to_string()), Some(named));
        }
        assert_eq!(Named::parse("teapot shop/web"), None);
        let node = Named::new(Kind::Node, "shop", "node-1");
        assert_eq!(node.path(), "/api/v1/nodes/node-1");
        assert_eq!(node.for_kubectl(), "node/node-1");
    }
}
