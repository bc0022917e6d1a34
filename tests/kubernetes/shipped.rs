//! The scenarios that come with the tool, with nothing changed but the provider.

use std::path::Path;

use crate::double::Double;
use crate::support::{Bench, repository, until};

fn runs_on_a_cluster(file: &str, replicas: u32) {
    let bench = Bench::new();
    let double = Double::start(&["a", "b", "c"], replicas);
    let kubeconfig = double.kubeconfig(bench.path());
    bench
        .loadtest([
            "run",
            &repository(file),
            "--set",
            "fault.0.provider=kubernetes",
            "--duration",
            "25s",
        ])
        .env("KUBECONFIG", &kubeconfig)
        .exits(0);
    until("a cluster as it was", || {
        double.wounds(replicas as usize).is_empty()
    });
    assert!(!double.calls().is_empty(), "it did nothing");
    let journal = bench.run_folder().join("journal.jsonl");
    let text = std::fs::read_to_string(Path::new(&journal)).expect("a journal");
    assert!(
        text.lines()
            .last()
            .is_some_and(|line| line.contains("closed")),
        "{text}"
    );
}

#[test]
fn a_pod_kill() {
    runs_on_a_cluster("scenarios/pod-kill.toml", 4);
}

#[test]
fn a_zone_drain() {
    runs_on_a_cluster("scenarios/zone-drain.toml", 3);
}
