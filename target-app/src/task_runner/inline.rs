//! A confirmation within the request that placed the order: what a shop without task runners does.
//!
//! The job is the same, and so is what makes it take effect once: whoever has its row, a request or
//! a runner, does it. A request that dies in between leaves it queued.

use deadpool_postgres::Transaction;

use super::job::{Job, JobError};
use super::queue::table;
use crate::service::database::DatabaseError;

/// Confirms an order, unless somebody else does; its mark and its effect are one transaction.
pub(crate) async fn confirm(transaction: Transaction<'_>, order: i64) -> Result<(), DatabaseError> {
    let take = transaction
        .prepare_cached(
            "SELECT id, attempts, max_attempts FROM jobs
             WHERE order_id = $1 AND kind = 'order-confirmation' AND state = 'queued'
             FOR UPDATE SKIP LOCKED",
        )
        .await?;
    let Some(row) = transaction.query_opt(&take, &[&order]).await? else {
        return Ok(transaction.rollback().await?);
    };
    let job = Job {
        id: row.get(0),
        kind: "order-confirmation".into(),
        order: Some(order),
        attempts: row.get(1),
        max_attempts: row.get(2),
    };
    match job.take_effect(&transaction, None).await {
        Ok(()) => {
            table::done(&transaction, &[job.id]).await?;
            Ok(transaction.commit().await?)
        }
        Err(JobError::Database(error)) => Err(error),
        Err(JobError::Failed(why)) => {
            tracing::warn!(order, why, "a confirmation failed and stays queued");
            Ok(transaction.rollback().await?)
        }
    }
}
