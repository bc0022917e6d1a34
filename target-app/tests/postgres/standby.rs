//! The standby is lost: commits go on, and another one is built.

use rustix::process::Signal;
use target_app::api::{DatabaseRole, EventKind, FailoverMode};

use super::bench::{Bench, signal_all_in};
use super::writer::Writer;

const REPAIRED: [EventKind; 4] = [
    EventKind::DatabaseDegraded,
    EventKind::DatabaseRebuildStarted,
    EventKind::DatabaseStandbyCaughtUp,
    EventKind::DatabaseSynchronous,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_standby_degrades_the_pair_and_is_rebuilt() {
    lose_standby(Signal::KILL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_standby_degrades_the_pair_and_is_rebuilt() {
    lose_standby(Signal::STOP).await;
}

async fn lose_standby(signal: Signal) {
    let bench = Bench::new(&["a", "b"]).await;
    let writer = Writer::start(&bench).await;
    writer.progress(50).await;
    bench.log.clear();
    signal_all_in(&bench.data_of("db-2"), signal);
    bench
        .until("repaired", |bench| bench.log.has_in_order(&REPAIRED))
        .await;
    bench.pair.repair().await.unwrap();
    let standby = bench.node(DatabaseRole::Standby);
    assert_eq!(
        (standby.name.as_str(), standby.zone.as_str()),
        ("db-3", "b")
    );
    // The rebuilt one holds everything: it can take over.
    bench
        .pair
        .fail_over(FailoverMode::Crash, None)
        .await
        .unwrap();
    writer.progress(50).await;
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print(&format!("standby lost by {signal:?}, then a crash"), lost);
    assert_eq!(lost, 0);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_standby_a_failover_is_refused_and_a_crash_restarts_in_place() {
    let bench = Bench::new(&["a", "b"]).await;
    let writer = Writer::start(&bench).await;
    writer.progress(50).await;
    bench.pair.leave_zone("b").await.unwrap();
    assert!(!bench.database().redundant && !bench.database().synchronous);
    let refused = bench.pair.fail_over(FailoverMode::Planned, None).await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("there is no standby"), "{said}");
    let refused = bench.pair.repair().await.unwrap_err().to_string();
    assert!(refused.contains("no zone is left"), "{refused}");
    writer.progress(50).await;

    bench.log.clear();
    signal_all_in(&bench.data_of("db-1"), Signal::KILL);
    bench
        .until("down and up", |bench| {
            let order = [EventKind::DatabaseDown, EventKind::DatabaseEndpointMoved];
            bench.log.has_in_order(&order)
        })
        .await;
    writer.progress(50).await;
    assert_eq!(bench.node(DatabaseRole::Primary).name, "db-1");

    bench.pair.zone_returned("b").await.unwrap();
    bench.pair.repair().await.unwrap();
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("crash without a standby", lost);
    assert_eq!(lost, 0);
    bench.finish().await;
}
