//! Up, status, down; and every way to end that is not `down`.

use std::process::Command;

use target_app::api::{PodState, StackStatus};
use target_app::client::Client;

use crate::harness::{User, eventually};
use crate::traces::{Traces, is_alive};

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

#[tokio::test]
async fn up_status_down() {
    let user = User::new();
    let stack = user.up(&[]);
    let json = user.succeeds(&["stack", "status", "--name", "default", "--json"]);
    let status: StackStatus = serde_json::from_str(&json).unwrap();
    assert!(status.healthy, "{:?}", status.problems);
    assert_eq!(status.zones.len(), 3);
    assert!(status.pods.iter().all(|pod| pod.state == PodState::Ready));
    let shop = status.pods.iter().filter(|pod| pod.app == "shop");
    assert_eq!(
        shop.map(|pod| &*pod.zone).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    let front = reqwest::get(&status.edge_url).await.unwrap();
    assert!(front.status().is_success());

    let table = user.succeeds(&["stack", "status"]);
    assert!(
        table.contains(&status.edge_url) && !table.contains('\x1b'),
        "{table}"
    );
    let token = &stack.handle.token;
    assert!(!table.contains(token) && !json.contains(token));

    let traces = Traces::of(&status);
    drop(stack);
    traces.vanish();
    assert_eq!(user.files(), ["default.lock"]);
}

#[tokio::test]
async fn two_stacks_side_by_side() {
    let user = User::new();
    let left = user.up(&["--name", "left", "--replicas", "1"]);
    let right = user.up(&["--name", "right", "--replicas", "1", "--zones", "x,y"]);
    assert!(left.status().await.healthy);
    let status = right.status().await;
    assert!(status.healthy, "{:?}", status.problems);
    assert_eq!(status.zones[1].name, "y");

    let again = user.run(&["stack", "up", "--name", "left"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("'left' is running already"));

    drop(left);
    assert!(user.handle("left").is_none());
    assert!(right.status().await.healthy);
}

/// SIGKILL of the tool that a stack is attached to: the control plane cleans up.
#[tokio::test]
async fn nothing_survives_a_killed_parent() {
    let user = User::new();
    let (mut tool, handle) = user.foreground();
    let status = Client::new(&handle).status().await.unwrap();
    let traces = Traces::of(&status);
    tool.kill().unwrap();
    tool.wait().unwrap();
    traces.vanish();
    eventually("the end of the handle", || {
        user.handle("default").is_none().then_some(())
    });
}

/// SIGKILL of the control plane itself: its processes die with it, the next command sweeps.
#[tokio::test]
async fn the_next_command_sweeps_after_a_killed_control_plane() {
    let user = User::new();
    let stack = user.up(&[]);
    let status = stack.status().await;
    let traces = Traces::of(&status);
    signal("-KILL", status.pid);
    eventually("its end", || (!is_alive(status.pid)).then_some(()));
    traces.processes_vanish();
    // The first command after the last of its threads has ended.
    eventually("the end of the stack", || {
        let said = user.run(&["stack", "status"]);
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        said.contains("no stack is running").then_some(())
    });
    traces.vanish();
    assert!(user.handle("default").is_none());
    let again = user.up(&[]);
    assert!(again.status().await.healthy);
}

#[tokio::test]
async fn sigterm_of_the_control_plane_is_a_clean_stop() {
    let user = User::new();
    let stack = user.up(&["--replicas", "1"]);
    let status = stack.status().await;
    let traces = Traces::of(&status);
    signal("-TERM", status.pid);
    traces.vanish();
    assert!(user.handle("default").is_none());
}

/// Killed while it is starting: the lifeline is cut long before anything is healthy.
#[test]
fn nothing_survives_a_parent_killed_during_the_start() {
    let user = User::new();
    let mut tool = user.command(&["stack", "up"]).spawn().unwrap();
    let root = eventually("the stack's folder", || {
        let root = std::fs::read_to_string(user.stacks().join("default.root")).ok()?;
        std::path::Path::new(&root)
            .join("database")
            .is_dir()
            .then_some(root)
    });
    tool.kill().unwrap();
    tool.wait().unwrap();
    Traces::of_folder(&root).vanish();
    eventually("the end of its files", || {
        (user.files() == ["default.lock"]).then_some(())
    });
}

#[test]
fn no_postgresql_says_where_it_looked() {
    let user = User::new();
    let said = user.run(&["stack", "up", "--pg-bin", "/nowhere/bin"]);
    assert_eq!(said.status.code(), Some(2));
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.contains("/nowhere/bin") && said.contains("apt-get install postgresql"),
        "{said}"
    );
    assert_eq!(user.files(), ["default.lock"]);
}

#[test]
fn an_impossible_specification_is_refused() {
    let user = User::new();
    for (arguments, complaint) in [
        (["--zones", "a,a"], "zone 'a' is there twice"),
        (["--zones", "edge"], "zone 'edge'"),
        (["--replicas", "0"], "0 shop pods"),
        (["--name", "../x"], "'../x' is no name for a stack"),
    ] {
        let said = user.run(&[&["stack", "up"][..], &arguments].concat());
        let words = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(2), "{words}");
        assert!(words.contains(complaint), "{words}");
    }
}
