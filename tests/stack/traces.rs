//! What a stack may not leave behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use target_app::api::StackStatus;

use crate::harness::eventually;

/// Everything by which a stack could be noticed.
pub(crate) struct Traces {
    root: PathBuf,
    pids: BTreeSet<u32>,
    segments: BTreeSet<String>,
}

impl Traces {
    /// Of a running stack.
    pub(crate) fn of(status: &StackStatus) -> Self {
        let pods = status.pods.iter().filter_map(|pod| pod.pid);
        let nodes: BTreeSet<u32> = status.database.nodes.iter().filter_map(|n| n.pid).collect();
        let traces = Self {
            root: status.root.clone(),
            segments: segments(&nodes),
            pids: pods.chain(nodes).chain([status.pid]).collect(),
        };
        assert!(traces.root.is_dir());
        assert!(traces.pids.iter().all(|pid| is_alive(*pid)));
        traces
    }

    /// Of a stack that may not have got as far as telling about itself.
    pub(crate) fn of_folder(root: &str) -> Self {
        Self {
            root: root.into(),
            pids: BTreeSet::new(),
            segments: BTreeSet::new(),
        }
    }

    /// Waits until nothing is left.
    pub(crate) fn vanish(&self) {
        eventually("the end of all processes", || {
            (!self.pids.iter().any(|pid| is_alive(*pid))).then_some(())
        });
        self.processes_vanish();
        eventually("the end of the folder", || {
            (!self.root.exists()).then_some(())
        });
        assert!(
            segments_left(&self.segments).is_empty(),
            "a shared memory segment is left"
        );
    }

    /// Waits until no process works in the folder any more.
    pub(crate) fn processes_vanish(&self) {
        eventually("the end of all processes in the folder", || {
            working_in(&self.root).is_empty().then_some(())
        });
    }
}

/// A zombie is no process: it waits for its parent.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

fn working_in(root: &Path) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .map(|entry| entry.path())
        .filter(|path| {
            std::fs::read_link(path.join("cwd"))
                .is_ok_and(|cwd| cwd.to_string_lossy().starts_with(&*root.to_string_lossy()))
        })
        .collect()
}

/// Lines of the system's list whose creator is one of these.
fn segments(creators: &BTreeSet<u32>) -> BTreeSet<String> {
    let list = std::fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    let ours = |line: &&str| {
        let creator = line
            .split_whitespace()
            .nth(4)
            .and_then(|pid| pid.parse().ok());
        creator.is_some_and(|pid| creators.contains(&pid))
    };
    let id = |line: &str| line.split_whitespace().nth(1).map(str::to_owned);
    list.lines().skip(1).filter(ours).filter_map(id).collect()
}

fn segments_left(ids: &BTreeSet<String>) -> Vec<String> {
    let list = std::fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    let id = |line: &str| line.split_whitespace().nth(1).map(str::to_owned);
    let all = list.lines().skip(1).filter_map(id);
    all.filter(|id| ids.contains(id)).collect()
}
