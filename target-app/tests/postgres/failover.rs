//! Failovers under a continuous writer.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use target_app::api::{DatabaseRole, EventKind, FailoverMode, FailoverProfile};
use target_app::api::{LinkMode, Replication};
use target_app::postgres::Timing;

use super::bench::{Bench, signal_all_in};
use super::writer::Writer;

const CHANGE_OF_ROLES: [EventKind; 6] = [
    EventKind::DatabaseFenced,
    EventKind::DatabasePromoted,
    EventKind::DatabaseEndpointMoved,
    EventKind::DatabaseRebuildStarted,
    EventKind::DatabaseStandbyCaughtUp,
    EventKind::DatabaseSynchronous,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_comes_up_and_a_row_is_on_the_standby() {
    let bench = Bench::new(&["a", "b", "c"]).await;
    let database = bench.database();
    assert!(database.synchronous && database.redundant, "{database:?}");
    assert_eq!(database.endpoint_target.as_deref(), Some("db-1"));
    assert_eq!(bench.node(DatabaseRole::Primary).zone, "a");
    assert_eq!(bench.node(DatabaseRole::Standby).zone, "b");
    let writer = Writer::start(&bench).await;
    writer.progress(10).await;
    let written = writer.stop().await;
    let there = i64::try_from(written.acknowledged.len()).unwrap();
    // A commit waits until the standby has it on disk; replaying it takes a moment longer.
    let count = "SELECT count(*) FROM entry";
    while bench.query(DatabaseRole::Standby, count).await < there {}
    let link = bench.pair.replication_link().unwrap().describe();
    assert_eq!(
        (link.name.as_str(), link.mode),
        ("db-2->db-1", LinkMode::Pass)
    );
    assert_eq!((link.from.as_str(), link.to.as_str()), ("b", "a"));
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn planned_failovers_in_a_row_lose_no_acknowledged_row() {
    fail_over_in_a_row(FailoverMode::Planned).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crashes_in_a_row_lose_no_acknowledged_row() {
    fail_over_in_a_row(FailoverMode::Crash).await;
}

/// Three, or as many as `PAIR_TEST_ROUNDS` says, for a soak.
fn rounds() -> u32 {
    std::env::var("PAIR_TEST_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap())
}

async fn fail_over_in_a_row(mode: FailoverMode) {
    let bench = Bench::new(&["a", "b", "c"]).await;
    let writer = Writer::start(&bench).await;
    let rounds = rounds();
    for _ in 0..rounds {
        writer.progress(50).await;
        let old = bench.node(DatabaseRole::Primary);
        bench.log.clear();
        // Right after one another: the next waits for the rebuild by itself.
        bench.pair.fail_over(mode, None).await.unwrap();
        let new = bench.node(DatabaseRole::Primary);
        assert_ne!((old.name, old.zone), (new.name.clone(), new.zone));
        assert_eq!(bench.database().endpoint_target, Some(new.name));
        writer.progress(50).await;
    }
    bench.pair.repair().await.unwrap();
    assert!(bench.log.has_in_order(&CHANGE_OF_ROLES));
    let down = bench.log.kinds().contains(&EventKind::DatabaseDown);
    assert_eq!(down, mode == FailoverMode::Crash);
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print(&format!("{rounds} failovers ({mode:?})"), lost);
    assert_eq!(lost, 0);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postmaster_killed_by_someone_else_is_noticed_and_failed_over() {
    let bench = Bench::new(&["a", "b"]).await;
    let writer = Writer::start(&bench).await;
    writer.progress(50).await;
    let pid = bench.node(DatabaseRole::Primary).pid.unwrap();
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    bench
        .until("failed over", |bench| {
            bench.database().endpoint_target.as_deref() == Some("db-2")
        })
        .await;
    writer.progress(50).await;
    bench.pair.repair().await.unwrap();
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("postmaster killed from outside", lost);
    assert_eq!(lost, 0);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_primary_is_found_by_probing_and_fenced() {
    let bench = Bench::new(&["a", "b"]).await;
    let writer = Writer::start(&bench).await;
    writer.progress(50).await;
    signal_all_in(&bench.data_of("db-1"), Signal::STOP);
    bench
        .until("failed over", |bench| {
            bench.database().endpoint_target.as_deref() == Some("db-2")
        })
        .await;
    writer.progress(50).await;
    bench.pair.repair().await.unwrap();
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("hung primary", lost);
    assert_eq!(lost, 0);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slow_profile_is_slow_where_rds_is() {
    // Its shape at a fiftieth of its length.
    let fiftieth = |profile| {
        let timing = Timing::of(profile);
        Timing {
            probe_every: timing.probe_every / 50,
            promotion_delay: timing.promotion_delay / 50,
            name_lag: timing.name_lag / 50,
            ..timing
        }
    };
    let bench = Bench::with(&["a", "b"], |config| config.timing = fiftieth).await;
    let writer = Writer::start(&bench).await;
    writer.progress(10).await;
    let started = std::time::Instant::now();
    let slow = Some(FailoverProfile::Rds);
    bench
        .pair
        .fail_over(FailoverMode::Crash, slow)
        .await
        .unwrap();
    assert!(started.elapsed() >= Duration::from_secs(60) / 50);
    writer.progress(10).await;
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("rds profile, a fiftieth", lost);
    assert_eq!(lost, 0);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asynchronous_replication_loses_rows_in_a_crash_and_none_when_planned() {
    let bench = Bench::with(&["a", "b"], |config| {
        config.replication = Replication::Asynchronous;
    })
    .await;
    assert!(!bench.database().synchronous && bench.database().redundant);
    let slow = LinkMode::Delay {
        delay_ms: 50,
        jitter_ms: 0,
    };
    bench.pair.replication_link().unwrap().set(slow);
    let writer = Writer::start(&bench).await;
    writer.progress(100).await;
    bench
        .pair
        .fail_over(FailoverMode::Planned, None)
        .await
        .unwrap();
    writer.progress(100).await;
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("asynchronous, 50 ms behind, planned", lost);
    assert_eq!(lost, 0);
    bench.finish().await;

    let bench = Bench::with(&["a", "b"], |config| {
        config.replication = Replication::Asynchronous;
    })
    .await;
    bench.pair.replication_link().unwrap().set(slow);
    let writer = Writer::start(&bench).await;
    // The table itself must not be among what is lost.
    let table = "SELECT count(*) FROM pg_class WHERE relname = 'entry'";
    while bench.query(DatabaseRole::Standby, table).await == 0 {}
    writer.progress(100).await;
    bench
        .pair
        .fail_over(FailoverMode::Crash, None)
        .await
        .unwrap();
    writer.progress(20).await;
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("asynchronous, 50 ms behind, crash", lost);
    assert!(lost > 0, "the checker would prove nothing");
    bench.finish().await;
}
