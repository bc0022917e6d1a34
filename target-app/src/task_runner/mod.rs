//! The task runner: takes jobs from the queue and never loses one.
//!
//! A job's effect and its mark "done" are one transaction, and jobs are taken with
//! `FOR UPDATE SKIP LOCKED`: a runner that dies leaves its jobs queued, and however many runners
//! there are, each job takes effect once. The queue is polled: `NOTIFY` would make every order wait
//! for every other's commit, since it holds one lock across the wait for the standby.

mod config;
mod email;
mod inline;
mod job;
mod metrics;
mod probes;
mod queue;
mod retry;
mod worker;

use std::sync::Arc;
use std::time::Duration;

pub use config::{QueueWork, TaskRunnerConfig};
pub(crate) use inline::confirm;

use self::worker::Worker;
use crate::process::Shutdown;
use crate::service::database::{Database, PoolSettings, Server, Work, Writable};
use crate::service::http::{Farewell, Leaving, serve};
use crate::service::turnstile::Gate;
use crate::service::{Bound, ServeError, bind};

/// How long probes may take to finish when asked to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Works on the queue until `shutdown`, then finishes the batch in hand; `bound` is told where its
/// probes listen.
///
/// # Errors
/// When the configuration is impossible, the address cannot be bound or the listener breaks.
pub async fn run(
    config: TaskRunnerConfig,
    bound: impl FnOnce(Bound),
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    let (listener, address) = bind(config.listen).await?;
    let settings = PoolSettings {
        size: 1,
        operation_timeout: Duration::from_millis(config.batch_timeout_ms),
    };
    let metrics = Arc::new(metrics::Metrics::new(&config));
    let database = Database::new(&config.database_params(), &config.pod, settings)?;
    let database = database.costing(config.database_work.map(|work| {
        let gate = Arc::new(Gate::new(work.turnstile));
        Work::new(Server::Shared(gate), work.time, metrics.database_work())
    }));
    let writable = Writable::unknown();
    let leaving = Leaving::default();
    let watch = writable
        .clone()
        .watch(database.for_probes()?, shutdown.clone());
    let watch = tokio::spawn(watch);
    let router = probes::router(probes::Probed {
        queue: database.for_probes()?,
        metrics: Arc::clone(&metrics),
        writable,
        leaving: leaving.clone(),
    });
    bound(Bound {
        address,
        admin: None,
    });
    let farewell = Farewell {
        drain: Duration::ZERO,
        grace: GRACE,
    };
    let worker = Worker::new(&config, database.clone(), metrics);
    let (served, ()) = tokio::join!(
        serve(listener, router, shutdown.clone(), &leaving, farewell),
        worker.work(shutdown),
    );
    watch.abort();
    database.close();
    served
}
