//! Which rights faults need, and which of them are held: asked before anything is touched.

use std::collections::BTreeMap;

use http::Method;
use serde_json::json;

use super::KubernetesProvider;
use super::api::{JSON, Request};
use crate::provider::{Call, Permission, ProviderError};
use crate::scenario::{FaultKind, PodSelector};

/// A right, as roles grant it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Right {
    verb: &'static str,
    group: &'static str,
    /// With its subresource.
    resource: &'static str,
    /// None: of the whole cluster.
    namespace: Option<String>,
}

const LOOKING: [(&str, &str); 8] = [
    ("", "pods"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("discovery.k8s.io", "endpointslices"),
    ("policy", "poddisruptionbudgets"),
    ("networking.k8s.io", "networkpolicies"),
];

/// What looking needs: everything that watches are opened on.
pub(super) fn for_looking(namespaces: &[String]) -> Vec<Right> {
    let mut rights = Vec::new();
    for verb in ["list", "watch"] {
        for namespace in namespaces {
            rights.extend(LOOKING.map(|(group, resource)| Right {
                verb,
                group,
                resource,
                namespace: Some(namespace.clone()),
            }));
        }
        rights.push(Right {
            verb,
            group: "",
            resource: "nodes",
            namespace: None,
        });
    }
    rights
}

/// What a fault needs besides.
pub(super) fn for_fault(kind: &FaultKind, default: &str, all: &[String]) -> Vec<Right> {
    let of =
        |pods: &PodSelector| vec![pods.namespace.clone().unwrap_or_else(|| default.to_owned())];
    let (namespaces, needs): (Vec<String>, &[(&str, &str, &str)]) = match kind {
        FaultKind::PodKill { pods, .. } => {
            (of(pods), &[("get", "", "pods"), ("delete", "", "pods")])
        }
        FaultKind::PodEvict { pods, .. } => (
            of(pods),
            &[("get", "", "pods"), ("create", "", "pods/eviction")],
        ),
        FaultKind::ContainerKill { pods, .. } => (
            of(pods),
            &[
                ("get", "", "pods"),
                ("patch", "", "pods/ephemeralcontainers"),
            ],
        ),
        FaultKind::PodHang { pods } => (
            of(pods),
            &[
                ("get", "", "pods"),
                ("patch", "", "pods"),
                ("patch", "", "pods/ephemeralcontainers"),
            ],
        ),
        FaultKind::NetworkPartition { pods } => (
            of(pods),
            &[
                ("get", "", "pods"),
                ("patch", "", "pods"),
                ("get", "networking.k8s.io", "networkpolicies"),
                ("create", "networking.k8s.io", "networkpolicies"),
                ("delete", "networking.k8s.io", "networkpolicies"),
            ],
        ),
        FaultKind::RolloutRestart { workload } | FaultKind::ScaleTo { workload, .. } => {
            let namespace = workload
                .namespace
                .clone()
                .unwrap_or_else(|| default.to_owned());
            let needs: &[_] = match workload.name.split_once('/') {
                Some(("statefulset", _)) => &[
                    ("get", "apps", "statefulsets"),
                    ("patch", "apps", "statefulsets"),
                ],
                Some(("daemonset", _)) => &[
                    ("get", "apps", "daemonsets"),
                    ("patch", "apps", "daemonsets"),
                ],
                _ => &[
                    ("get", "apps", "deployments"),
                    ("patch", "apps", "deployments"),
                ],
            };
            (vec![namespace], needs)
        }
        FaultKind::NodeDrain { .. } | FaultKind::ZoneDrain { .. } => (
            all.to_vec(),
            &[
                ("get", "", "nodes"),
                ("patch", "", "nodes"),
                ("create", "", "pods/eviction"),
            ],
        ),
        // Of other providers.
        _ => (Vec::new(), &[]),
    };
    let mut rights = Vec::new();
    for namespace in namespaces {
        rights.extend(needs.iter().map(|(verb, group, resource)| Right {
            verb,
            group,
            resource,
            namespace: (*resource != "nodes").then(|| namespace.clone()),
        }));
    }
    rights
}

impl Right {
    fn words(&self) -> String {
        let group = match self.group {
            "" => String::new(),
            group => format!(".{group}"),
        };
        let scope = match &self.namespace {
            Some(namespace) => format!("in namespace {namespace}"),
            None => "in the whole cluster".to_owned(),
        };
        format!("{} {}{group} {scope}", self.verb, self.resource)
    }

    fn question(&self) -> Request {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "verb": self.verb,
                "group": self.group,
                "resource": resource,
                "subresource": subresource,
                "namespace": self.namespace.clone().unwrap_or_default(),
            } },
        });
        Request {
            method: Method::POST,
            path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned(),
            content: JSON,
            body,
            call: Call::new("POST selfsubjectaccessreview", self.words()),
        }
    }
}

impl KubernetesProvider {
    /// Asks the server for each right that these faults need.
    pub(super) async fn rights(
        &self,
        kinds: &[FaultKind],
    ) -> Result<Vec<Permission>, ProviderError> {
        let mut needed: BTreeMap<Right, Vec<&str>> = BTreeMap::new();
        for right in for_looking(&self.namespaces) {
            needed.entry(right).or_default().push("looking");
        }
        for kind in kinds {
            for right in for_fault(kind, &self.glasses.namespace, &self.namespaces) {
                let for_what = needed.entry(right).or_default();
                if !for_what.contains(&kind.name()) {
                    for_what.push(kind.name());
                }
            }
        }
        let mut permissions = Vec::new();
        for (right, for_what) in needed {
            permissions.push(Permission {
                what: right.words(),
                needed_for: for_what.join(", "),
                held: self.is_held(&right).await?,
            });
        }
        Ok(permissions)
    }

    async fn is_held(&self, right: &Right) -> Result<Option<bool>, ProviderError> {
        // A question, though it is a POST: nothing is changed, and nothing has to be written down.
        match self.api.ask(&right.question()).await {
            Ok(answer) => Ok(answer["status"]["allowed"].as_bool()),
            Err(super::trouble::Trouble::Forbidden(_)) => Ok(None),
            Err(trouble) => Err(self.told(&trouble, "say what is permitted")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_told_as_roles_grant_them() {
        let kind = FaultKind::PodEvict {
            pods: PodSelector::default(),
            timeout: std::time::Duration::ZERO,
        };
        let words: Vec<_> = for_fault(&kind, "shop", &[])
            .iter()
            .map(Right::words)
            .collect();
        assert_eq!(
            words,
            [
                "get pods in namespace shop",
                "create pods/eviction in namespace shop"
            ]
        );
        let drain = FaultKind::ZoneDrain { zone: "b".into() };
        let words: Vec<_> = for_fault(&drain, "shop", &["shop".into()])
            .iter()
            .map(Right::words)
            .collect();
        assert_eq!(words[1], "patch nodes in the whole cluster");
        let question = for_fault(&kind, "shop", &[])[1].question().body;
        assert_eq!(
            question["spec"]["resourceAttributes"]["subresource"],
            "eviction"
        );
    }
}
