//! The queue: rows of the table `jobs`.

use deadpool_postgres::Transaction;
use tokio_postgres::Error;

use super::job::Job;
use super::retry::Verdict;

/// Takes what is due, the oldest first. Other runners pass over it until the transaction ends,
/// whichever way it does.
pub(super) async fn take(transaction: &Transaction<'_>, most: u32) -> Result<Vec<Job>, Error> {
    let take = transaction
        .prepare_cached(
            "SELECT id, kind, order_id, attempts, max_attempts FROM jobs
             WHERE state = 'queued' AND run_at <= now()
             ORDER BY run_at, id LIMIT $1 FOR UPDATE SKIP LOCKED",
        )
        .await?;
    let rows = transaction.query(&take, &[&i64::from(most)]).await?;
    Ok(rows
        .iter()
        .map(|row| Job {
            id: row.get(0),
            kind: row.get(1),
            order: row.get(2),
            attempts: row.get(3),
            max_attempts: row.get(4),
        })
        .collect())
}

/// Marks jobs that took effect.
pub(super) async fn done(transaction: &Transaction<'_>, ids: &[i64]) -> Result<(), Error> {
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
pub(super) async fn come_round(transaction: &Transaction<'_>, ids: &[i64]) -> Result<(), Error> {
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
pub(super) async fn failed(
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
