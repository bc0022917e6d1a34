//! Nothing survives: not a SIGKILLed control plane, not what it left behind.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use target_app::api::EventKind;
use target_app::postgres::{Pair, Swept, sweep};

use super::bench::{PATIENCE, config, data_folders, existing, folder};
use super::bench::{processes_in, segments_of, signal_all_in};

const FOLDER: &str = "PAIR_TEST_FOLDER";
const PAIRS: &str = "PAIR_TEST_PAIRS";

/// Not a test: what the tests below start as a process of its own, to kill it.
#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_to_be_killed() {
    let (Ok(folder), Ok(pairs)) = (std::env::var(FOLDER), std::env::var(PAIRS)) else {
        return;
    };
    let folder = Path::new(&folder);
    let start = |n: u32| {
        let config = config(folder.join(format!("database-{n}")), &["a", "b"]);
        let silent = |_: EventKind, _: &str, _: &str| ();
        tokio::spawn(Pair::start(config, Arc::new(silent)))
    };
    let starting: Vec<_> = (0..pairs.parse().unwrap()).map(start).collect();
    let mut running = Vec::new();
    for pair in starting {
        running.push(pair.await.unwrap().unwrap());
    }
    std::fs::write(folder.join("ready"), "").unwrap();
    std::future::pending::<()>().await;
}

fn start_control_plane(folder: &Path, pairs: u32) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sweep::a_control_plane_to_be_killed"])
        .env(FOLDER, folder)
        .env(PAIRS, pairs.to_string())
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .spawn()
        .unwrap();
    let ready = until(|| folder.join("ready").exists() || child.try_wait().unwrap().is_some());
    assert!(ready && folder.join("ready").exists());
    child
}

fn until(reached: impl FnMut() -> bool) -> bool {
    let mut reached = reached;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if reached() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

#[test]
fn a_killed_control_plane_leaves_no_server_and_no_segment() {
    let folder = folder();
    let root = folder.path().canonicalize().unwrap();
    let mut control = start_control_plane(&root, 1);
    let segments = segments_of(&root);
    assert_eq!(existing(&segments).len(), 2);
    control.kill().unwrap();
    control.wait().unwrap();
    // Without any sweep.
    assert!(until(|| processes_in(&root).is_empty()), "servers survived");
    assert_eq!(existing(&segments), [0; 0]);
    let swept = sweep(&root).unwrap();
    assert!(swept.folder && !root.exists());
}

#[test]
fn a_sweep_removes_even_servers_that_cannot_notice_their_parents_end() {
    let folder = folder();
    let root = folder.path().canonicalize().unwrap();
    let mut control = start_control_plane(&root, 1);
    let segments = segments_of(&root);
    for data in data_folders(&root.join("database-0")) {
        signal_all_in(&data, Signal::STOP);
    }
    control.kill().unwrap();
    control.wait().unwrap();
    let left = processes_in(&root).len();
    assert!(left >= 10, "{left} processes");
    let expected = Swept {
        processes: left,
        segments: 2,
        folder: true,
    };
    assert_eq!(sweep(&root).unwrap(), expected);
    assert!(processes_in(&root).is_empty() && !root.exists());
    assert_eq!(existing(&segments), [0; 0]);
    assert_eq!(sweep(&root).unwrap(), Swept::default());
}

#[test]
fn two_stacks_that_start_at_once_share_one_template() {
    let folder = folder();
    let root = folder.path().canonicalize().unwrap();
    let mut control = start_control_plane(&root, 2);
    let cached = data_folders(&root.join("cache")).len();
    control.kill().unwrap();
    control.wait().unwrap();
    sweep(&root).unwrap();
    assert_eq!(cached, 1);
}
