//! The commands with which a person takes a change back.

use std::path::Path;

use super::marks::{CHANGE, Mark};
use super::names::{Kind, Named};
use super::requests::CUT_OFF;
use super::state::State;
use crate::provider::ChangeId;

/// What a change has marked, as watches have it.
pub(super) fn touched(state: &State, change: &ChangeId) -> Vec<(Named, Mark)> {
    let nodes = state.nodes.values().map(|one| (Kind::Node, &one.metadata));
    let pods = state.pods.values().map(|one| (Kind::Pod, &one.metadata));
    let deployments = state
        .deployments
        .values()
        .map(|one| (Kind::Deployment, &one.metadata));
    let stateful = state
        .stateful_sets
        .values()
        .map(|one| (Kind::StatefulSet, &one.metadata));
    let daemons = state
        .daemon_sets
        .values()
        .map(|one| (Kind::DaemonSet, &one.metadata));
    let policies = state
        .policies
        .values()
        .map(|one| (Kind::NetworkPolicy, &one.metadata));
    let all = nodes
        .chain(pods)
        .chain(deployments)
        .chain(stateful)
        .chain(daemons)
        .chain(policies);
    all.filter_map(|(kind, metadata)| {
        let mark = Mark::on(metadata).filter(|mark| mark.change == *change)?;
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        Some((Named::new(kind, namespace, name), mark))
    })
    .collect()
}

/// Commands for what is known to be touched; then how to look for what is not.
pub(super) fn commands(
    context: Option<&str>,
    kubeconfig: Option<&Path>,
    namespaces: &[String],
    change: &ChangeId,
    touched: &[(Named, Mark)],
) -> Vec<String> {
    let mut kubectl = "kubectl".to_owned();
    if let Some(path) = kubeconfig {
        kubectl += &format!(" --kubeconfig {}", path.display());
    }
    if let Some(context) = context {
        kubectl += &format!(" --context {context}");
    }
    let mut commands: Vec<String> = (touched.iter())
        .flat_map(|(on, mark)| of_one(on, mark))
        .map(|command| format!("{kubectl} {command}"))
        .collect();
    if change.0.is_empty() {
        return commands;
    }
    let label = format!("-l {CHANGE}={change}");
    if touched.is_empty() {
        commands.push(format!("{kubectl} uncordon {label}"));
    }
    for namespace in namespaces {
        commands.push(format!(
            "{kubectl} -n {namespace} get deployments,statefulsets,daemonsets,pods,networkpolicies {label}"
        ));
    }
    commands.push(format!("{kubectl} get nodes {label}"));
    commands
}

fn of_one(on: &Named, mark: &Mark) -> Vec<String> {
    let it = on.for_kubectl();
    let unlabel = format!("label {it} {CHANGE}-");
    match on.kind {
        Kind::Node => vec![format!("uncordon {}", on.name), unlabel],
        Kind::NetworkPolicy => vec![format!("delete {it}")],
        Kind::Deployment | Kind::StatefulSet if !mark.prior.is_empty() => {
            vec![format!("scale {it} --replicas={}", mark.prior), unlabel]
        }
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => vec![unlabel],
        // A frozen pod is replaced; one that is cut off is reached again without the label.
        Kind::Pod if mark.did.ends_with("frozen") => {
            vec![format!("delete {it} --grace-period=0 --force")]
        }
        Kind::Pod => vec![format!("{unlabel} {CUT_OFF}-")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_change_has_its_command() {
        let mark = |did: &str, prior: &str| Mark {
            change: ChangeId("c".into()),
            run: "r".into(),
            fault: "f".into(),
            did: did.into(),
            prior: prior.into(),
        };
        let touched = [
            (
                Named::new(Kind::Node, "", "node-b1"),
                mark("", "schedulable"),
            ),
            (Named::new(Kind::Deployment, "shop", "web"), mark("", "3")),
            (
                Named::new(Kind::Pod, "shop", "web-1"),
                mark("pod shop/web-1 frozen", ""),
            ),
            (
                Named::new(Kind::Pod, "shop", "web-2"),
                mark("pod shop/web-2 cut off", ""),
            ),
            (
                Named::new(Kind::NetworkPolicy, "shop", "loadtest-c"),
                mark("", ""),
            ),
        ];
        let change = ChangeId("c".into());
        let commands = commands(Some("prod"), None, &["shop".into()], &change, &touched);
        insta::assert_snapshot!(commands.join("\n"), @r"
        kubectl --context prod uncordon node-b1
        kubectl --context prod label node/node-b1 loadtest/change-
        kubectl --context prod scale -n shop deployment/web --replicas=3
        kubectl --context prod label -n shop deployment/web loadtest/change-
        kubectl --context prod delete -n shop pod/web-1 --grace-period=0 --force
        kubectl --context prod label -n shop pod/web-2 loadtest/change- loadtest/cut-off-
        kubectl --context prod delete -n shop networkpolicy/loadtest-c
        kubectl --context prod -n shop get deployments,statefulsets,daemonsets,pods,networkpolicies -l loadtest/change=c
        kubectl --context prod get nodes -l loadtest/change=c
        ");
    }
}
