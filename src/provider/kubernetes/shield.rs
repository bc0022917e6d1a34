//! What must not be touched: what did not opt in, and what carries this tool or its load.

use std::collections::BTreeMap;

/// Labels of a resource.
pub(super) type Labels = BTreeMap<String, String>;

/// Pods of ours that make load carry this.
const OURS: (&str, &str) = ("app.kubernetes.io/name", "loadtest");

/// Where this tool itself runs; nothing is known of it outside a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Home {
    /// Namespace and name of its pod.
    pub(super) pod: Option<(String, String)>,
    /// Its node.
    pub(super) node: Option<String>,
}

/// Whether a pod carries this tool, or makes its load.
pub(super) fn is_ours(home: &Home, namespace: &str, name: &str, labels: &Labels) -> bool {
    let itself = home
        .pod
        .as_ref()
        .is_some_and(|(ns, pod)| ns == namespace && pod == name);
    itself || labels.get(OURS.0).is_some_and(|value| value == OURS.1)
}

/// Why a pod, or a workload, must not be touched.
pub(super) fn of_pod(ours: bool, labels: &Labels, around: &Labels, allow: &str) -> Option<String> {
    if ours {
        return Some("it runs loadtest itself".to_owned());
    }
    // What a pod says of itself outweighs what its namespace says of all.
    match labels
        .get(allow)
        .or_else(|| around.get(allow))
        .map(String::as_str)
    {
        Some("true") => None,
        Some(_) => Some(format!("its label {allow} is not `true`")),
        None => Some(format!(
            "neither it nor its namespace has the label {allow}=true"
        )),
    }
}

/// Why a node must not be touched.
pub(super) fn of_node(carries_us: bool, labels: &Labels, allow: &str) -> Option<String> {
    if carries_us {
        return Some("it carries loadtest itself".to_owned());
    }
    match labels.get(allow).map(String::as_str) {
        Some("true") => None,
        Some(_) => Some(format!("its label {allow} is not `true`")),
        None => Some(format!("it lacks the label {allow}=true")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOW: &str = "loadtest/allow";

    fn labels(value: Option<&str>) -> Labels {
        value
            .map(|value| (ALLOW.to_owned(), value.to_owned()))
            .into_iter()
            .collect()
    }

    #[test]
    fn only_what_opted_in_is_open() {
        for (pod, around, open) in [
            (None, None, false),
            (Some("true"), None, true),
            (None, Some("true"), true),
            (Some("false"), Some("true"), false),
            (Some("yes"), None, false),
        ] {
            let shield = of_pod(false, &labels(pod), &labels(around), ALLOW);
            assert_eq!(shield.is_none(), open, "{pod:?} {around:?}");
            let itself = of_pod(true, &labels(pod), &labels(around), ALLOW);
            assert!(itself.is_some(), "never ourselves");
        }
        assert!(of_node(false, &labels(None), ALLOW).is_some());
        assert!(of_node(false, &labels(Some("true")), ALLOW).is_none());
        assert!(of_node(true, &labels(Some("true")), ALLOW).is_some());
    }

    #[test]
    fn ours_is_the_own_pod_and_what_makes_load() {
        let home = Home {
            pod: Some(("tools".into(), "loadtest-0".into())),
            node: None,
        };
        let nothing = Labels::new();
        assert!(is_ours(&home, "tools", "loadtest-0", &nothing));
        assert!(!is_ours(&home, "shop", "loadtest-0", &nothing));
        let worker = Labels::from([(OURS.0.to_owned(), OURS.1.to_owned())]);
        assert!(is_ours(&Home::default(), "tools", "worker", &worker));
    }
}
