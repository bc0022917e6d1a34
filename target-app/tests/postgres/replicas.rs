//! Read replicas beside the pair: they show what the primary has, follow it wherever it goes, and
//! leave failovers as they are.

use target_app::api::{DatabaseRole, EventKind, FailoverMode};

use super::bench::{Bench, data_folders};
use super::writer::Writer;

async fn with_replicas(zones: &[&str], count: u32) -> Bench {
    let bench = Bench::with(zones, |config| config.read_replicas = count).await;
    let wanted = usize::try_from(count).unwrap();
    bench
        .until("read replicas", |bench| replicas(bench) == wanted)
        .await;
    bench
}

fn replicas(bench: &Bench) -> usize {
    let nodes = bench.database().nodes;
    let replicas = nodes.iter().filter(|n| n.role == DatabaseRole::Replica);
    replicas.count()
}

async fn shows_what_the_primary_has(bench: &Bench) {
    // The marker is written to the primary all the time; what the replica shows of it grows.
    let newest = "SELECT (extract(epoch FROM at) * 1000000)::bigint FROM replication_marker";
    let written = bench.query(DatabaseRole::Primary, newest).await;
    while bench.query(DatabaseRole::Replica, newest).await < written {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_follows_the_primary_through_a_failover_that_loses_nothing() {
    let bench = with_replicas(&["a", "b", "c"], 1).await;
    let replica = bench.node(DatabaseRole::Replica);
    assert_eq!((&*replica.name, &*replica.zone), ("replica-1", "c"));
    let endpoint = bench.pair.replica_endpoints().remove(0);
    let first = *endpoint.borrow();
    assert_eq!(first.map(|at| at.to_string()), Some(replica.address));
    shows_what_the_primary_has(&bench).await;

    let writer = Writer::start(&bench).await;
    writer.progress(50).await;
    bench.log.clear();
    let crash = bench.pair.fail_over(FailoverMode::Crash, None);
    crash.await.unwrap();
    writer.progress(50).await;
    let again = [
        EventKind::DatabasePromoted,
        EventKind::ReplicaLost,
        EventKind::ReplicaReady,
    ];
    bench
        .until("the replica follows the new primary", |bench| {
            bench.log.has_in_order(&again)
        })
        .await;
    shows_what_the_primary_has(&bench).await;
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("a crash beside a read replica", lost);
    assert_eq!(lost, 0);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_keeps_out_of_a_zone_that_is_lost() {
    let bench = with_replicas(&["a", "b", "c"], 1).await;
    bench.pair.lose_zone("c").await.unwrap();
    bench
        .until("the replica is elsewhere", |bench| {
            let nodes = bench.database().nodes;
            let there = |zone: &str| zone != "c" && !zone.is_empty();
            nodes
                .iter()
                .any(|n| n.role == DatabaseRole::Replica && there(&n.zone))
        })
        .await;
    bench.pair.zone_returned("c").await.unwrap();
    shows_what_the_primary_has(&bench).await;
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_are_two_servers_and_both_are_removed() {
    let bench = with_replicas(&["a"], 2).await;
    assert_eq!(data_folders(bench.folder.path()).len(), 4);
    bench.finish().await;
}
