//! The loop: one batch after the other, each one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::TaskRunnerConfig;
use super::job::{Job, JobError};
use super::metrics::{Metrics, Outcome};
use super::queue;
use super::retry::{Backoff, Verdict};
use crate::process::Shutdown;
use crate::service::database::{Access, Database, DatabaseError, Lease};

/// Takes batches until it is told to stop.
pub(super) struct Worker {
    database: Database,
    metrics: Arc<Metrics>,
    backoff: Backoff,
    batch: u32,
    poll: Duration,
    /// What sending a batch's e-mails takes.
    sending: Option<Duration>,
}

/// What a batch did, to be counted once it is committed.
type Outcomes = Vec<(String, Outcome)>;

impl Worker {
    pub(super) fn new(
        config: &TaskRunnerConfig,
        database: Database,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            database,
            metrics,
            backoff: Backoff::new(config),
            batch: config.batch.max(1),
            poll: Duration::from_millis(config.poll_ms.max(1)),
            sending: config.confirm_time.map(Duration::from),
        }
    }

    /// Works until `shutdown`; a batch in hand is finished first.
    pub(super) async fn work(self, mut shutdown: Shutdown) {
        let mut failing = false;
        while !shutdown.is_requested() {
            let started = Instant::now();
            let idle = match self.batch().await {
                Ok(outcomes) => {
                    failing = false;
                    self.metrics.batch(&outcomes, started.elapsed());
                    outcomes.is_empty()
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

    async fn batch(&self) -> Result<Outcomes, DatabaseError> {
        let mut lease = self.database.connection().await?;
        let outcomes = self.database.limited(self.process(&mut lease)).await?;
        lease.finish();
        Ok(outcomes)
    }

    async fn process(&self, lease: &mut Lease) -> Result<Outcomes, DatabaseError> {
        let mut transaction = lease.transaction().await?;
        let jobs = queue::take(&transaction, self.batch).await?;
        if !jobs.is_empty() {
            self.spend().await?;
        }
        let mut outcomes = Outcomes::with_capacity(jobs.len());
        let mut done = Vec::with_capacity(jobs.len());
        let mut ended = Vec::new();
        for job in jobs {
            let savepoint = transaction.savepoint("job").await?;
            let outcome = match job.take_effect(&savepoint).await {
                Ok(()) => {
                    savepoint.commit().await?;
                    done.push(job.id);
                    Outcome::Done
                }
                Err(JobError::Failed(why)) => {
                    savepoint.rollback().await?;
                    let verdict = self.judge(&job, &why);
                    queue::failed(&transaction, job.id, verdict, &why).await?;
                    match verdict {
                        Verdict::Retry(_) => Outcome::Retried,
                        Verdict::Dead => {
                            ended.push(job.id);
                            Outcome::Dead
                        }
                    }
                }
                Err(JobError::Database(error)) => return Err(error),
            };
            outcomes.push((job.kind, outcome));
        }
        if !done.is_empty() {
            queue::done(&transaction, &done).await?;
            ended.append(&mut done);
        }
        if !ended.is_empty() {
            queue::come_round(&transaction, &ended).await?;
        }
        // Unknown whether it was committed? Then either both the effects and the marks are there,
        // or neither: the next look at the queue tells.
        transaction.commit().await?;
        Ok(outcomes)
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
