//! Reading from servers that follow the primary: which of them, and whether what they show is young
//! enough.
//!
//! How old a replica's data is, is measured and not believed: the control plane writes a marker to
//! the primary four times a second, and its age is read on the replica. One that is too far behind,
//! or was not heard of lately, is not read from; neither is one whose last read failed, until it is
//! heard of again. Then the primary is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::ShopConfig;
use super::metrics::Metrics;
use crate::process::Shutdown;
use crate::service::ServeError;
use crate::service::database::{
    Database, DatabaseError, DatabaseParams, PoolSettings, Server, Work,
};
use crate::service::turnstile::Gate;

/// Between two looks at how far behind replicas are.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// What was measured longer ago says nothing any more.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

/// How far behind a replica is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Lag {
    /// The age of the newest marker that it shows.
    age: Duration,
    /// What of the primary's log it has not replayed, bytes.
    bytes: f64,
}

/// One replica.
pub(crate) struct Replica {
    pub(crate) database: Database,
    name: String,
    limit: Duration,
    started: Instant,
    /// Microseconds from `started` until when it may be read from; 0: not at all.
    good_until_us: AtomicU64,
    metrics: ReplicaMetrics,
}

/// All of a pod's replicas.
pub(crate) struct Replicas {
    all: Vec<Arc<Replica>>,
    turn: AtomicUsize,
}

impl Replicas {
    pub(crate) fn new(
        config: &ShopConfig,
        settings: PoolSettings,
        metrics: &mut Metrics,
    ) -> Result<Self, ServeError> {
        let gauges = Gauges::default();
        if !config.replicas.is_empty() {
            gauges.register(&mut metrics.registry);
        }
        let replica = |replica: &super::ReplicaConfig| {
            let params = DatabaseParams {
                address: replica.address.to_string(),
                ..config.database_params()
            };
            let work = config.database_work.zip(replica.turnstile);
            let work = work.map(|(work, turnstile)| {
                let gate = Server::Shared(Arc::new(Gate::new(turnstile)));
                Work::new(gate, work.time, metrics.database_work(&replica.name))
            });
            let database = Database::replica(&params, &config.pod, settings)?;
            Ok(Arc::new(Replica {
                database: database.costing(work),
                name: replica.name.clone(),
                limit: replica.lag.into(),
                started: Instant::now(),
                good_until_us: AtomicU64::new(0),
                metrics: gauges.of(&replica.name),
            }))
        };
        Ok(Self {
            all: config
                .replicas
                .iter()
                .map(replica)
                .collect::<Result<_, ServeError>>()?,
            turn: AtomicUsize::new(0),
        })
    }

    /// The next in turn of those that may be read from.
    pub(crate) fn next(&self) -> Option<&Replica> {
        let count = self.all.len();
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = (0..count).map(|step| &self.all[(first % count + step) % count]);
        let mut good = in_turn.filter(|replica| replica.is_good());
        good.next().map(|replica| {
            replica.metrics.reads.inc();
            &**replica
        })
    }

    /// Measures how far behind they are until `shutdown`. `primary` is asked where its log is.
    pub(crate) async fn watch(&self, primary: Database, shutdown: Shutdown) {
        let watching = self.all.iter().map(|replica| {
            let (primary, shutdown) = (primary.clone(), shutdown.clone());
            tokio::spawn(Arc::clone(replica).watch(primary, shutdown))
        });
        for watch in watching.collect::<Vec<_>>() {
            // It ends with the pod.
            let _ = watch.await;
        }
        primary.close();
    }

    pub(crate) fn close(&self) {
        for replica in &self.all {
            replica.database.close();
        }
    }
}

impl Replica {
    /// A read failed: others look elsewhere until it was heard of again.
    pub(crate) fn failed(&self, error: &impl std::fmt::Display) {
        tracing::debug!(replica = self.name, %error, "a read goes to the primary instead");
        self.good_until_us.store(0, Ordering::Relaxed);
        self.metrics.failures.inc();
    }

    fn is_good(&self) -> bool {
        self.good_until_us.load(Ordering::Relaxed) > self.now_us()
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    async fn watch(self: Arc<Self>, primary: Database, mut shutdown: Shutdown) {
        let Ok(probes) = self.database.for_probes() else {
            return;
        };
        while !shutdown.is_requested() {
            match lag(&primary, &probes).await {
                Ok(lag) => self.heard(lag),
                Err(error) => {
                    tracing::debug!(replica = self.name, %error, "nothing is heard of it");
                }
            }
            self.metrics.usable.set(i64::from(self.is_good()));
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.requested() => {}
            }
        }
        probes.close();
    }

    fn heard(&self, lag: Lag) {
        self.metrics.seconds.set(lag.age.as_secs_f64());
        self.metrics.bytes.set(lag.bytes);
        let good = good_for(lag.age, self.limit);
        let until = good.map_or(0, |good| {
            let good = u64::try_from(good.as_micros()).unwrap_or(u64::MAX);
            self.now_us().saturating_add(good)
        });
        self.good_until_us.store(until, Ordering::Relaxed);
    }
}

/// For how long a replica may be read from whose data is that old: until it may have become too old,
/// or nothing was heard of it for too long.
fn good_for(age: Duration, limit: Duration) -> Option<Duration> {
    let left = limit.checked_sub(age)?;
    Some(left.min(HEARD_WITHIN))
}

async fn lag(primary: &Database, replica: &Database) -> Result<Lag, DatabaseError> {
    const WRITTEN: &str = "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8";
    const SHOWN: &str = "
        SELECT extract(epoch FROM clock_timestamp() - at)::float8,
               (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::float8
        FROM replication_marker";
    let asked = async |database: &Database, question: &'static str| {
        let lease = database.connection().await?;
        let row = database
            .limited(async { Ok::<_, DatabaseError>(lease.query_one(question, &[]).await?) })
            .await?;
        lease.finish();
        Ok::<_, DatabaseError>(row)
    };
    // The replica second: what is written in between makes it look further behind, never less.
    let written: f64 = asked(primary, WRITTEN).await?.get(0);
    let shown = asked(replica, SHOWN).await?;
    let (age, replayed): (f64, Option<f64>) = (shown.get(0), shown.get(1));
    Ok(Lag {
        age: Duration::from_secs_f64(age.max(0.0)),
        // Without a position it is no replica any more.
        bytes: (written - replayed.unwrap_or(0.0)).max(0.0),
    })
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReplicaLabels {
    replica: String,
}

type Fraction = Gauge<f64, AtomicU64>;

/// What is told of all replicas.
#[derive(Default)]
struct Gauges {
    seconds: Family<ReplicaLabels, Fraction>,
    bytes: Family<ReplicaLabels, Fraction>,
    usable: Family<ReplicaLabels, Gauge>,
    reads: Family<ReplicaLabels, Counter>,
    failures: Family<ReplicaLabels, Counter>,
}

/// What is told of one.
struct ReplicaMetrics {
    seconds: Fraction,
    bytes: Fraction,
    usable: Gauge,
    reads: Counter,
    failures: Counter,
}

impl Gauges {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "replica_lag_seconds",
            "Age of the newest marker that a read replica shows",
            self.seconds.clone(),
        );
        registry.register(
            "replica_lag_bytes",
            "What a read replica has not replayed of the primary's log",
            self.bytes.clone(),
        );
        registry.register(
            "replica_usable",
            "1 while a read replica is read from",
            self.usable.clone(),
        );
        registry.register(
            "replica_reads",
            "Reads sent to a replica",
            self.reads.clone(),
        );
        registry.register(
            "replica_failures",
            "Reads that failed there and went to the primary",
            self.failures.clone(),
        );
    }

    fn of(&self, replica: &str) -> ReplicaMetrics {
        let replica = replica.to_owned();
        let labels = ReplicaLabels { replica };
        ReplicaMetrics {
            seconds: self.seconds.get_or_create(&labels).clone(),
            bytes: self.bytes.get_or_create(&labels).clone(),
            usable: self.usable.get_or_create(&labels).clone(),
            reads: self.reads.get_or_create(&labels).clone(),
            failures: self.failures.get_or_create(&labels).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_is_read_from_until_it_may_be_too_old() {
        let ms = Duration::from_millis;
        assert_eq!(good_for(ms(200), ms(700)), Some(ms(500)));
        assert_eq!(good_for(ms(200), ms(60_000)), Some(HEARD_WITHIN));
        assert_eq!(good_for(ms(700), ms(700)), Some(Duration::ZERO));
        assert_eq!(good_for(ms(701), ms(700)), None);
    }
}
