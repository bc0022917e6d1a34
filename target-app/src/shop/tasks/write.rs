//! Writing tasks: one statement each, so that there is nothing half done.

use jiff::Timestamp;

use super::read::{task, task_columns};
use super::{Task, in_sql};
use crate::service::database::{DatabaseError, Lease};

/// Who repeats a key waits here until the first with it has committed or failed.
const CREATE: &str = concat!(
    "INSERT INTO tasks AS t (customer_id, key, title, due_at)
     VALUES ($1, $2, $3, $4::text::timestamptz)
     ON CONFLICT (key) DO NOTHING RETURNING ",
    task_columns!("1::bigint")
);
const SCHEDULE: &str = concat!(
    "UPDATE tasks AS t SET due_at = $3::text::timestamptz
     WHERE t.id = $2 AND t.customer_id = $1 AND t.completed_at IS NULL RETURNING ",
    task_columns!("1::bigint")
);
/// The first time counts.
const COMPLETE: &str = concat!(
    "UPDATE tasks AS t SET completed_at = coalesce(t.completed_at, now())
     WHERE t.id = $2 AND t.customer_id = $1 RETURNING ",
    task_columns!("1::bigint")
);

/// A new task; none: this key has one already.
pub(super) async fn create(
    lease: &Lease,
    customer: i64,
    key: &str,
    title: &str,
    due: Option<Timestamp>,
) -> Result<Option<Task>, DatabaseError> {
    let statement = lease.prepare_cached(CREATE).await?;
    let row = lease
        .query_opt(&statement, &[&customer, &key, &title, &in_sql(due)])
        .await?;
    Ok(row.as_ref().map(task))
}

/// Due then; none: the customer has no such open task.
pub(super) async fn schedule(
    lease: &Lease,
    customer: i64,
    id: i64,
    due: Option<Timestamp>,
) -> Result<Option<Task>, DatabaseError> {
    let statement = lease.prepare_cached(SCHEDULE).await?;
    let row = lease
        .query_opt(&statement, &[&customer, &id, &in_sql(due)])
        .await?;
    Ok(row.as_ref().map(task))
}

/// Done; none: the customer has no such task.
pub(super) async fn complete(
    lease: &Lease,
    customer: i64,
    id: i64,
) -> Result<Option<Task>, DatabaseError> {
    let statement = lease.prepare_cached(COMPLETE).await?;
    let row = lease.query_opt(&statement, &[&customer, &id]).await?;
    Ok(row.as_ref().map(task))
}
