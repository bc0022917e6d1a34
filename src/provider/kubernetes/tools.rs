//! The helper that signals processes from within a pod: an ephemeral container, for a pod's own
//! image may hold nothing but the program.
//!
//! Processes of a container are reached in either of two ways. In a pod with
//! `shareProcessNamespace` all processes of all containers are visible. In any other pod the helper
//! joins one container's processes; there the kernel keeps SIGSTOP and SIGKILL from process 1, so
//! only what process 1 started can be frozen.

use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use crate::provider::ChangeId;

/// What to do to processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Freeze,
    Thaw,
    Kill,
}

/// Frozen pods thaw by themselves after so long, whatever became of us. Seconds.
const LONGEST_FREEZE: u32 = 1800;
/// The script found nothing that it could signal.
pub(super) const NOTHING_TO_DO: i32 = 3;

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
            Self::Kill => "kill",
        }
    }

    /// Signals everything but process 1 and itself; `$1`: the container's id, or nothing.
    fn script(self) -> String {
        match self {
            // The state of a process is the first word after its name in /proc/PID/stat.
            Self::Freeze => format!(
                "trap 'kill -CONT -1' TERM; kill -STOP -1; \
                 grep -qs ') T ' /proc/[0-9]*/stat || exit {NOTHING_TO_DO}; \
                 sleep {LONGEST_FREEZE} & wait; kill -CONT -1"
            ),
            Self::Thaw => "kill -CONT -1; exit 0".to_owned(),
            Self::Kill => format!(
                "if [ -n \"$1\" ]; then found=; for p in /proc/[0-9]*; do \
                 grep -qs \"$1\" $p/cgroup && kill -KILL ${{p#/proc/}} && found=1; done; \
                 [ -n \"$found\" ] || exit {NOTHING_TO_DO}; else \
                 kill -KILL -1; kill -TERM 1; sleep 5; exit {NOTHING_TO_DO}; fi"
            ),
        }
    }
}

/// A helper's name: one for each deed, change and container of a pod.
pub(super) fn name(deed: Deed, change: &ChangeId, container: &str) -> String {
    // Ids begin with the time; what tells them apart is at their end.
    let end: String = change
        .0
        .chars()
        .rev()
        .take(12)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let mut name = format!("loadtest-{}-{end}-{container}", deed.name());
    name.truncate(63);
    name.trim_end_matches('-').to_owned()
}

/// The patch of `pods/ephemeralcontainers` that starts helpers in this pod, and their names.
///
/// `container`: only this one; none: all of them.
pub(super) fn patch(
    deed: Deed,
    change: &ChangeId,
    pod: &Pod,
    container: Option<&str>,
    image: &str,
) -> (Vec<String>, Value) {
    let Some(spec) = &pod.spec else {
        return (Vec::new(), Value::Null);
    };
    let shared = spec.share_process_namespace == Some(true);
    let chosen = spec
        .containers
        .iter()
        .filter(|one| container.is_none_or(|name| name == one.name))
        // Where processes are shared, one helper reaches them all.
        .take(if shared { 1 } else { usize::MAX });
    let helpers: Vec<Value> = chosen
        .map(|target| {
            let id = match (deed, shared) {
                (Deed::Kill, true) => container_id(pod, &target.name),
                _ => String::new(),
            };
            let mut helper = json!({
                "name": name(deed, change, &target.name),
                "image": image,
                "command": ["sh", "-c", deed.script(), "loadtest", id],
            });
            if !shared {
                helper["targetContainerName"] = json!(target.name);
            }
            // As the same user one may signal, and what the namespace demands of the target is kept.
            if let Some(context) = &target.security_context {
                helper["securityContext"] = serde_json::to_value(context).unwrap_or_default();
            }
            helper
        })
        .collect();
    let names = helpers
        .iter()
        .filter_map(|helper| Some(helper["name"].as_str()?.to_owned()));
    (
        names.collect(),
        json!({ "spec": { "ephemeralContainers": helpers } }),
    )
}

/// As control groups are named: without the runtime's scheme.
fn container_id(pod: &Pod, container: &str) -> String {
    let statuses = pod
        .status
        .iter()
        .flat_map(|status| status.container_statuses.iter().flatten());
    let mut of_it = statuses.filter(|status| status.name == container);
    let id = of_it
        .next()
        .and_then(|status| status.container_id.as_deref())
        .unwrap_or_default();
    id.rsplit("://").next().unwrap_or_default().to_owned()
}

/// How far a helper has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Running,
    /// Its exit code.
    Ended(i32),
}

/// How far this helper of a pod has come.
pub(super) fn progress(pod: &Pod, helper: &str) -> Progress {
    let statuses =
        (pod.status.iter()).flat_map(|status| status.ephemeral_container_statuses.iter().flatten());
    let mut of_it = statuses.filter(|status| status.name == helper);
    let state = of_it.next().and_then(|status| status.state.as_ref());
    match state {
        Some(state) if state.terminated.is_some() => {
            Progress::Ended(state.terminated.as_ref().map_or(0, |ended| ended.exit_code))
        }
        Some(state) if state.running.is_some() => Progress::Running,
        _ => Progress::Waiting,
    }
}

/// Whether a helper of this name is part of the pod.
pub(super) fn has(pod: &Pod, helper: &str) -> bool {
    let helpers = pod
        .spec
        .iter()
        .flat_map(|spec| spec.ephemeral_containers.iter().flatten());
    helpers.into_iter().any(|one| one.name == helper)
}

/// The image of any of these helpers.
pub(super) fn image_of<'p>(pod: &'p Pod, helpers: &[String]) -> Option<&'p str> {
    let spec = pod.spec.as_ref()?;
    let mut all = spec.ephemeral_containers.iter().flatten();
    let found = all.find(|one| helpers.contains(&one.name))?;
    found.image.as_deref()
}
