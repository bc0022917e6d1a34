//! The task runner: takes jobs from the queue and never loses one.
//!
//! A job's effect and its mark "done" are one transaction, and jobs are taken with
//! `FOR UPDATE SKIP LOCKED`: a runner that dies leaves its jobs queued, and however many runners
//! there are, each job takes effect once. The queue is polled: `NOTIFY` would make every order wait
//! for every other's commit, since it holds one lock across the wait for the standby.
//!
//! Where jobs wait is a [`queue`]: that table, or a queue of Amazon SQS that it is carried to. What
//! leaves the transaction, an e-mail, is sent under an id made from its job, so that whoever sends it
//! twice is found out.

mod config;
mod email;
mod inline;
mod job;
mod mailer;
mod metrics;
mod probes;
mod queue;
mod retry;
mod worker;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use config::{QueueKind, QueueWork, ShardQueue, TaskRunnerConfig};
pub(crate) use inline::confirm;

use self::mailer::Mailer;
use self::queue::{Postgres, Queue};
use self::worker::Worker;
use crate::process::Shutdown;
use crate::service::database::{Database, DatabaseParams, PoolSettings, Server, Work, Writable};
use crate::service::http::{Farewell, Leaving, serve};
use crate::service::tls::acceptor;
use crate::service::turnstile::Gate;
use crate::service::{Bound, ServeError, bind};

/// How long probes may take to finish when asked to stop.
const GRACE: Duration = Duration::from_secs(1);
/// How often a queue elsewhere is asked how deep it is: each time costs a request.
const DEPTH_EVERY: Duration = Duration::from_secs(1);

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
    let connect = |params: &DatabaseParams, work: Option<QueueWork>| {
        let database = Database::new(params, &config.pod, settings)?;
        Ok::<_, ServeError>(database.costing(work.map(|work| {
            let gate = Arc::new(Gate::new(work.turnstile));
            Work::new(Server::Shared(gate), work.time, metrics.database_work())
        })))
    };
    let database = connect(&config.database_params(), config.database_work)?;
    let shard = |shard: &ShardQueue| {
        let params = DatabaseParams {
            address: shard.address.to_string(),
            ..config.database_params()
        };
        connect(&params, shard.work)
    };
    let shards = config.shards.iter().map(shard);
    let start = Start {
        shards: shards.collect::<Result<_, _>>()?,
        config,
        listener,
        address,
        database,
        metrics,
    };
    match start.config.queue.clone() {
        QueueKind::Postgres => start.run(Postgres, bound, shutdown).await,
        QueueKind::Sqs(_) if !start.shards.is_empty() => Err(ServeError::Config(
            "several databases with a queue of SQS: jobs are carried there from one only".into(),
        )),
        #[cfg(feature = "sqs")]
        QueueKind::Sqs(url) => {
            let outbox = start.database.for_probes()?;
            let poll = Duration::from_millis(start.config.poll_ms.max(1));
            let timeout = settings.operation_timeout;
            let queue = queue::Sqs::connect(&url, outbox, timeout, poll).await?;
            start.run(queue, bound, shutdown).await
        }
        #[cfg(not(feature = "sqs"))]
        QueueKind::Sqs(url) => Err(ServeError::Config(format!(
            "the queue {url} is one of SQS, which this program was built without: build it with `--features aws`"
        ))),
    }
}

/// A task runner that has its address and its way to the database.
struct Start {
    config: TaskRunnerConfig,
    listener: TcpListener,
    address: SocketAddr,
    database: Database,
    /// Further ones, whose own tables are the queues.
    shards: Vec<Database>,
    metrics: Arc<metrics::Metrics>,
}

impl Start {
    async fn run(
        self,
        queue: impl Queue,
        bound: impl FnOnce(Bound),
        shutdown: Shutdown,
    ) -> Result<(), ServeError> {
        let Self {
            config,
            listener,
            address,
            database,
            shards,
            metrics,
        } = self;
        let tls = config.tls.as_ref().map(acceptor).transpose()?;
        let patience = Duration::from_millis(config.batch_timeout_ms) / 4;
        let mailer = config.smtp.as_deref();
        let mailer = mailer
            .map(|server| Mailer::new(server, patience))
            .transpose()?;
        let writable = Writable::unknown();
        let leaving = Leaving::default();
        let watch = writable
            .clone()
            .watch(database.for_probes()?, shutdown.clone());
        let watch = tokio::spawn(watch);
        let all = std::iter::once(&database).chain(&shards);
        let router = probes::router(probes::Probed {
            queues: all
                .map(Database::for_probes)
                .collect::<Result<_, ServeError>>()?,
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
        let worker = Worker::new(
            &config,
            queue,
            database.clone(),
            mailer.clone(),
            Arc::clone(&metrics),
        );
        let mut others = JoinSet::new();
        for shard in &shards {
            let (shard, mailer) = (shard.clone(), mailer.clone());
            let worker = Worker::new(&config, Postgres, shard, mailer, Arc::clone(&metrics));
            let shutdown = shutdown.clone();
            others.spawn(async move { worker.work(shutdown).await });
        }
        let (served, (), (), ()) = tokio::join!(
            serve(listener, tls, router, shutdown.clone(), &leaving, farewell),
            worker.work(shutdown.clone()),
            worker.queue().tend(shutdown.clone()),
            measure(worker.queue(), &metrics, shutdown),
        );
        others.join_all().await;
        watch.abort();
        database.close();
        shards.iter().for_each(Database::close);
        served
    }
}

/// Keeps the numbers that only the queue itself knows.
async fn measure(queue: &impl Queue, metrics: &metrics::Metrics, mut shutdown: Shutdown) {
    while !shutdown.is_requested() {
        match queue.depth().await {
            Ok(counts) => metrics.depth(&counts),
            Err(error) => tracing::debug!(%error, "the queue could not be counted"),
        }
        tokio::select! {
            () = tokio::time::sleep(DEPTH_EVERY) => {}
            () = shutdown.requested() => {}
        }
    }
}
