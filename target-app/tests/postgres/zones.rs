//! Zones that are drained, lost and come back.

use target_app::api::DatabaseRole;

use super::bench::Bench;
use super::writer::Writer;

#[tokio::test(flavor = "multi_thread")]
async fn primary_and_standby_leave_a_zone_in_good_order() {
    let bench = Bench::new(&["a", "b", "c"]).await;
    let writer = Writer::start(&bench).await;
    writer.progress(50).await;
    // The primary is in a: it fails over to b, and the new standby may not go to a.
    bench.pair.leave_zone("a").await.unwrap();
    assert_eq!(bench.node(DatabaseRole::Primary).zone, "b");
    bench.pair.repair().await.unwrap();
    assert_eq!(bench.node(DatabaseRole::Standby).zone, "c");
    bench.pair.zone_returned("a").await.unwrap();
    writer.progress(50).await;
    // The standby is in c: another one is in service before it goes.
    bench.pair.leave_zone("c").await.unwrap();
    assert_eq!(bench.node(DatabaseRole::Standby).zone, "a");
    assert_eq!(bench.node(DatabaseRole::Primary).zone, "b");
    assert!(bench.database().redundant && bench.database().synchronous);
    writer.progress(50).await;
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("two zones drained", lost);
    assert_eq!(lost, 0);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_zone_is_survived_wherever_it_hits() {
    let bench = Bench::new(&["a", "b", "c"]).await;
    let writer = Writer::start(&bench).await;
    writer.progress(50).await;
    bench.pair.lose_zone("a").await.unwrap();
    bench.pair.repair().await.unwrap();
    assert_eq!(bench.node(DatabaseRole::Primary).zone, "b");
    assert_eq!(bench.node(DatabaseRole::Standby).zone, "c");
    bench.pair.zone_returned("a").await.unwrap();
    writer.progress(50).await;
    bench.pair.lose_zone("c").await.unwrap();
    bench
        .until("the standby moves", |bench| {
            let nodes = bench.database().nodes;
            bench.database().redundant && nodes.iter().all(|node| node.zone != "c")
        })
        .await;
    assert_eq!(bench.node(DatabaseRole::Standby).zone, "a");
    writer.progress(50).await;
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("two zones lost", lost);
    assert_eq!(lost, 0);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nowhere_to_go_the_database_waits_for_its_zone() {
    let bench = Bench::new(&["a"]).await;
    let writer = Writer::start(&bench).await;
    writer.progress(50).await;
    let refused = bench.pair.leave_zone("a").await.unwrap_err().to_string();
    assert!(
        refused.contains("the standby's zone is closed"),
        "{refused}"
    );
    writer.progress(50).await;
    bench.pair.lose_zone("a").await.unwrap();
    bench
        .until("it says so", |bench| {
            let trouble = bench.pair.trouble().unwrap_or_default();
            trouble.contains("waits for zone a to return")
        })
        .await;
    bench.pair.zone_returned("a").await.unwrap();
    bench.pair.repair().await.unwrap();
    writer.progress(50).await;
    let written = writer.stop().await;
    let lost = written.lost(&bench).await;
    written.print("the only zone lost", lost);
    assert_eq!(lost, 0);
    let unknown = bench.pair.leave_zone("x").await.unwrap_err().to_string();
    assert!(
        unknown.contains("no zone `x`; its zones are a"),
        "{unknown}"
    );
    bench.finish().await;
}
