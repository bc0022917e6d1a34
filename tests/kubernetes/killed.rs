//! SIGKILL after every call of every fault, and in the middle of each; then everything is put back,
//! once by the journal and once by the resources' own marks.

use rustix::process::Signal;

use crate::double::Stop;
use crate::drill::{Drill, fault};
use crate::support::signal;

/// Kills the tool at one point of a fault's life; whether the point was reached.
fn killed_at(kind: &str, stop: Stop) -> bool {
    let drill = Drill::of(kind, fault(kind));
    drill.double.stop_at(stop);
    let mut run = drill.run().spawn();
    let reached = drill
        .double
        .stops(|| run.try_wait().expect("a child").is_some());
    if reached {
        signal(run.id(), Signal::KILL);
    }
    run.wait().expect("a child");
    drill.double.go_on();
    let photograph = drill.double.photograph();

    let by_journal = drill.loadtest(["chaos", "recover", "--yes"]).exits(0);
    let told = || format!("{kind}, {stop:?}, by the journal:\n{}", by_journal.out());
    drill.heals();
    assert!(drill.is_closed(), "{}", told());
    drill.loadtest(["chaos", "recover", "--yes"]).exits(0);
    assert_eq!(
        drill.double.wounds(3),
        [""; 0],
        "twice is as once: {}",
        told()
    );

    drill.double.put_back(&photograph);
    for folder in ["reports", "loadtest"] {
        let _ = std::fs::remove_dir_all(drill.bench.path().join(folder));
    }
    drill
        .loadtest(["chaos", "recover", "--scenario", "drill.toml", "--yes"])
        .exits(0);
    drill.heals();
    reached
}

/// At every call until there is none left.
fn survives(kind: &str) {
    for number in 0..32 {
        let between = killed_at(kind, Stop::Answered(number));
        let within = between && killed_at(kind, Stop::Unanswered(number));
        if !within {
            assert!(number > 0, "it made no call at all");
            return;
        }
    }
    panic!("{kind} never ends");
}

macro_rules! survivors {
    ($($test:ident: $kind:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            survives($kind);
        }
    )*};
}

survivors! {
    a_pod_kill_survives: "pod-kill",
    an_eviction_survives: "pod-evict",
    a_container_kill_survives: "container-kill",
    a_hang_survives: "pod-hang",
    a_rollout_survives: "rollout-restart",
    a_scaling_survives: "scale-to",
    a_node_drain_survives: "node-drain",
    a_zone_drain_survives: "zone-drain",
    a_partition_survives: "network-partition",
}
