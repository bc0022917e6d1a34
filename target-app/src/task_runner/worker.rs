//! The loop: one batch after the other, each one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::Transaction;

use super::TaskRunnerConfig;
use super::job::{Job, JobError};
use super::mailer::Mailer;
use super::metrics::{Metrics, Outcome};
use super::queue::{End, Queue, QueueError, Settled, table};
use super::retry::{Backoff, Verdict};
use crate::process::Shutdown;
use crate::service::database::{Access, Database, DatabaseError, Lease};

/// Takes batches until it is told to stop.
pub(super) struct Worker<Q> {
    queue: Q,
    database: Database,
    /// None: what would be mailed is only written down.
    mailer: Option<Mailer>,
    metrics: Arc<Metrics>,
    backoff: Backoff,
    batch: u32,
    poll: Duration,
    /// After this no further job of a batch is begun: what is done has to be committed as well.
    batch_time: Duration,
    /// What sending a batch's e-mails takes.
    sending: Option<Duration>,
}

/// What a batch did, to be counted and settled once it is committed.
#[derive(Debug, Default)]
struct Done {
    outcomes: Vec<(String, Outcome)>,
    settled: Vec<Settled>,
}

impl<Q: Queue> Worker<Q> {
    pub(super) fn new(
        config: &TaskRunnerConfig,
        queue: Q,
        database: Database,
        mailer: Option<Mailer>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            queue,
            database,
            mailer,
            metrics,
            backoff: Backoff::new(config),
            batch: config.batch.max(1),
            poll: Duration::from_millis(config.poll_ms.max(1)),
            batch_time: Duration::from_millis(config.batch_timeout_ms) / 2,
            sending: config.confirm_time.map(Duration::from),
        }
    }

    /// Works until `shutdown`; a batch in hand is finished first.
    pub(super) async fn work(&self, mut shutdown: Shutdown) {
        let mut failing = false;
        while !shutdown.is_requested() {
            let started = Instant::now();
            let idle = match self.batch().await {
                Ok(done) => {
                    failing = false;
                    self.metrics.batch(&done.outcomes, started.elapsed());
                    done.settled.is_empty()
                }
                Err(error) => {
                    if !failing {
                        tracing::warn!(%error, "a batch was rolled back: its jobs stay queued");
                    }
                    failing = true;
                    true
                }
            };
            if idle {
                tokio::select! {
                    () = tokio::time::sleep(self.poll) => {}
                    () = shutdown.requested() => {}
                }
            }
        }
    }

    async fn batch(&self) -> Result<Done, QueueError> {
        // First the database: what is received while it is away is received in vain, and a queue
        // puts aside what was received too often.
        let mut lease = self.database.connection().await?;
        let Some(handed) = self.queue.receive(self.batch).await? else {
            lease.finish();
            return Ok(Done::default());
        };
        let process = self.process(&mut lease, &handed);
        let done = self.database.limited(process).await?;
        lease.finish();
        if let Err(error) = self.queue.settle(handed, &done.settled).await {
            tracing::warn!(%error, "what is done will be handed out again, and found done");
        }
        Ok(done)
    }

    async fn process(&self, lease: &mut Lease, handed: &Q::Handed) -> Result<Done, DatabaseError> {
        let until = Instant::now() + self.batch_time;
        let mut transaction = lease.transaction().await?;
        let locked = self.queue.lock(&transaction, handed, self.batch).await?;
        if !locked.jobs.is_empty() {
            self.spend().await?;
        }
        let mut done = Done::default();
        let mut ended = Vec::new();
        for job in locked.jobs {
            if Instant::now() > until {
                break;
            }
            let (outcome, end) = self.attempt(&mut transaction, &job).await?;
            done.settled.push(Settled { job: job.id, end });
            done.outcomes.push((job.kind, outcome));
            if !matches!(end, End::Again(_)) {
                ended.push(job.id);
            }
        }
        let ids: Vec<_> = done
            .settled
            .iter()
            .filter(|settled| settled.end == End::Done)
            .map(|settled| settled.job)
            .collect();
        if !ids.is_empty() {
            table::done(&transaction, &ids).await?;
        }
        if !ended.is_empty() {
            table::come_round(&transaction, &ended).await?;
        }
        // Unknown whether it was committed? Then either both the effects and the marks are there,
        // or neither: the next look at the queue tells.
        transaction.commit().await?;
        let over = |job| Settled {
            job,
            end: End::Done,
        };
        done.settled.extend(locked.over.into_iter().map(over));
        Ok(done)
    }

    /// Does one job, or takes back what it began.
    async fn attempt(
        &self,
        transaction: &mut Transaction<'_>,
        job: &Job,
    ) -> Result<(Outcome, End), DatabaseError> {
        let savepoint = transaction.savepoint("job").await?;
        match job.take_effect(&savepoint, self.mailer.as_ref()).await {
            Ok(()) => {
                savepoint.commit().await?;
                Ok((Outcome::Done, End::Done))
            }
            Err(JobError::Failed(why)) => {
                savepoint.rollback().await?;
                let verdict = self.judge(job, &why);
                table::failed(transaction, job.id, verdict, &why).await?;
                Ok(match verdict {
                    Verdict::Retry(wait) => (Outcome::Retried, End::Again(wait)),
                    Verdict::Dead => (Outcome::Dead, End::Dead),
                })
            }
            Err(JobError::Database(error)) => Err(error),
        }
    }

    /// What the queue needs done beside, and how deep it is.
    pub(super) fn queue(&self) -> &Q {
        &self.queue
    }

    /// What a batch costs where that is stated: nothing is asked of the database meanwhile, and its
    /// jobs are passed over by others.
    async fn spend(&self) -> Result<(), DatabaseError> {
        self.database.does(Access::Write).await?;
        if let Some(time) = self.sending {
            tokio::time::sleep(time).await;
        }
        Ok(())
    }

    fn judge(&self, job: &Job, why: &str) -> Verdict {
        let attempt = job.attempts.saturating_add(1);
        let verdict = self
            .backoff
            .after_failure(attempt, job.max_attempts, fastrand::f64());
        let (id, kind) = (job.id, &job.kind);
        match verdict {
            Verdict::Retry(wait) => {
                tracing::warn!(job = id, kind, attempt, why, ?wait, "a job failed");
            }
            Verdict::Dead => tracing::error!(job = id, kind, attempt, why, "a job was given up"),
        }
        verdict
    }
}
