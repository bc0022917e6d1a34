//! A client that writes all the time and remembers what was acknowledged.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use target_app::links::Link;
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

use super::bench::{Bench, PATIENCE, client_config};
use target_app::api::DatabaseRole;

pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicI64>,
    task: JoinHandle<Written>,
}

#[derive(Default)]
pub(crate) struct Written {
    pub(crate) acknowledged: Vec<i64>,
    /// Sent, and the answer never came.
    pub(crate) unknown: usize,
    pub(crate) longest_gap: Duration,
}

impl Writer {
    /// Writes through a link that follows the pair's endpoint, as the application does.
    pub(crate) async fn start(bench: &Bench) -> Self {
        let endpoint = bench.pair.endpoint();
        let listen = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let link = Link::start("test->database", "test", "a", listen, endpoint).unwrap();
        let client = connect(&link).await.unwrap();
        let create = "CREATE TABLE IF NOT EXISTS entry (id bigint PRIMARY KEY)";
        client.batch_execute(create).await.unwrap();
        let (stop, acknowledged) = (Arc::default(), Arc::default());
        let task = tokio::spawn(write(link, Arc::clone(&stop), Arc::clone(&acknowledged)));
        Self {
            stop,
            acknowledged,
            task,
        }
    }

    /// Returns when `more` writes were acknowledged after now.
    pub(crate) async fn progress(&self, more: i64) {
        let goal = self.acknowledged.load(Ordering::Relaxed) + more;
        let polling = async {
            while self.acknowledged.load(Ordering::Relaxed) < goal {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, polling).await;
        done.expect("writes are acknowledged again");
    }

    pub(crate) async fn stop(self) -> Written {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

impl Written {
    /// Acknowledged rows that the primary does not have.
    pub(crate) async fn lost(&self, bench: &Bench) -> usize {
        let address = bench.node(DatabaseRole::Primary).address.parse().unwrap();
        let (client, connection) = client_config(address).connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let rows = client.query("SELECT id FROM entry", &[]).await.unwrap();
        let there: std::collections::HashSet<i64> = rows.iter().map(|row| row.get(0)).collect();
        let lost = self.acknowledged.iter().filter(|id| !there.contains(id));
        lost.count()
    }

    pub(crate) fn print(&self, what: &str, lost: usize) {
        println!(
            "{what}: {lost} of {} acknowledged rows lost, {} unknown, longest write gap {} ms",
            self.acknowledged.len(),
            self.unknown,
            self.longest_gap.as_millis()
        );
    }
}

async fn connect(link: &Link) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = client_config(link.address()).connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn write(link: Link, stop: Arc<AtomicBool>, count: Arc<AtomicI64>) -> Written {
    let mut written = Written::default();
    let mut last = Instant::now();
    let mut id = 0;
    let mut connected = None;
    while !stop.load(Ordering::Relaxed) {
        let Some(client) = &connected else {
            let attempt = tokio::time::timeout(Duration::from_secs(1), connect(&link)).await;
            connected = attempt.ok().and_then(Result::ok);
            if connected.is_none() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            continue;
        };
        id += 1;
        let row: [&(dyn ToSql + Sync); 1] = [&id];
        let insert = client.execute("INSERT INTO entry VALUES ($1)", &row);
        // A timeout drops the connection without a cancel request, which could acknowledge a
        // commit that no standby has.
        match tokio::time::timeout(Duration::from_secs(1), insert).await {
            Ok(Ok(_)) => {
                written.acknowledged.push(id);
                count.fetch_add(1, Ordering::Relaxed);
                written.longest_gap = written.longest_gap.max(last.elapsed());
                last = Instant::now();
            }
            Ok(Err(_)) | Err(_) => {
                written.unknown += 1;
                connected = None;
            }
        }
    }
    written
}
