//! The table `jobs`: what every queue hands out is written down here, and when it was done.

use deadpool_postgres::Transaction;
use tokio_postgres::{Error, Row};

use crate::task_runner::job::Job;
use crate::task_runner::retry::Verdict;

/// Takes what is due, the oldest first. Other runners pass over it until the transaction ends,
/// whichever way it does.
pub(in crate::task_runner) async fn take(
    transaction: &Transaction<'_>,
    most: u32,
) -> Result<Vec<Job>, Error> {
    let take = transaction
        .prepare_cached(
            "SELECT id, kind, order_id, attempts, max_attempts FROM jobs
             WHERE state = 'queued' AND run_at <= now()
             ORDER BY run_at, id LIMIT $1 FOR UPDATE SKIP LOCKED",
        )
        .await?;
    let rows = transaction.query(&take, &[&i64::from(most)]).await?;
    Ok(rows.iter().map(job).collect())
}

fn job(row: &Row) -> Job {
    Job {
        id: row.get(0),
        kind: row.get(1),
        order: row.get(2),
        attempts: row.get(3),
        max_attempts: row.get(4),
    }
}

/// Marks jobs that took effect.
pub(in crate::task_runner) async fn done(
    transaction: &Transaction<'_>,
    ids: &[i64],
) -> Result<(), Error> {
    let mark = transaction
        .prepare_cached(
            "UPDATE jobs SET state = 'done', attempts = attempts + 1, finished_at = now(),
                    last_error = NULL
             WHERE id = ANY ($1)",
        )
        .await?;
    transaction.execute(&mark, &[&ids]).await?;
    Ok(())
}

/// Queues the next run of those among the ended jobs that come round.
pub(in crate::task_runner) async fn come_round(
    transaction: &Transaction<'_>,
    ids: &[i64],
) -> Result<(), Error> {
    let again = transaction
        .prepare_cached(
            "INSERT INTO jobs (kind, recurring, run_at)
             SELECT kind, true, now() + every_minutes * interval '1 minute'
             FROM jobs JOIN schedules USING (kind) WHERE id = ANY ($1) AND recurring
             ON CONFLICT DO NOTHING",
        )
        .await?;
    transaction.execute(&again, &[&ids]).await?;
    Ok(())
}

/// Puts a failed job back for later, or aside for good.
pub(in crate::task_runner) async fn failed(
    transaction: &Transaction<'_>,
    id: i64,
    verdict: Verdict,
    why: &str,
) -> Result<(), Error> {
    let (state, wait_seconds) = match verdict {
        Verdict::Retry(wait) => ("queued", wait.as_secs_f64()),
        Verdict::Dead => ("dead", 0.0),
    };
    let mark = transaction
        .prepare_cached(
            "UPDATE jobs SET state = $2, attempts = attempts + 1, last_error = $3,
                    run_at = clock_timestamp() + $4 * interval '1 second',
                    finished_at = CASE $2 WHEN 'dead' THEN now() END
             WHERE id = $1",
        )
        .await?;
    transaction
        .execute(&mark, &[&id, &state, &why, &wait_seconds])
        .await?;
    Ok(())
}

/// Those of the named jobs that are still to be done. Waits for whoever has one in hand: who carried
/// it to the queue has not committed yet when it is received at once. Always in the same order, so
/// that two who wait do not wait for each other.
#[cfg(feature = "sqs")]
pub(super) async fn lock(transaction: &Transaction<'_>, ids: &[i64]) -> Result<Vec<Job>, Error> {
    let lock = transaction
        .prepare_cached(
            "SELECT id, kind, order_id, attempts, max_attempts FROM jobs
             WHERE state = 'queued' AND id = ANY ($1) ORDER BY id FOR UPDATE",
        )
        .await?;
    let rows = transaction.query(&lock, &[&ids]).await?;
    Ok(rows.iter().map(job).collect())
}

/// Those of the named jobs that are done.
#[cfg(feature = "sqs")]
pub(super) async fn over(transaction: &Transaction<'_>, ids: &[i64]) -> Result<Vec<i64>, Error> {
    let over = transaction
        .prepare_cached("SELECT id FROM jobs WHERE state = 'done' AND id = ANY ($1)")
        .await?;
    let rows = transaction.query(&over, &[&ids]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What is due and was not carried to a queue elsewhere yet. Other carriers pass over it.
#[cfg(feature = "sqs")]
pub(super) async fn unrelayed(transaction: &Transaction<'_>, most: i64) -> Result<Vec<i64>, Error> {
    let find = transaction
        .prepare_cached(
            "SELECT id FROM jobs
             WHERE state = 'queued' AND run_at <= now() AND relayed_at IS NULL
             ORDER BY run_at, id LIMIT $1 FOR UPDATE SKIP LOCKED",
        )
        .await?;
    let rows = transaction.query(&find, &[&most]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Marks jobs that were carried there.
#[cfg(feature = "sqs")]
pub(super) async fn relayed(transaction: &Transaction<'_>, ids: &[i64]) -> Result<(), Error> {
    let mark = transaction
        .prepare_cached("UPDATE jobs SET relayed_at = now() WHERE id = ANY ($1)")
        .await?;
    transaction.execute(&mark, &[&ids]).await?;
    Ok(())
}
