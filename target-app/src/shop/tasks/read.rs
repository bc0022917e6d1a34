//! Reading tasks.

use tokio_postgres::Row;

use super::Task;
use crate::service::database::{DatabaseError, Lease};

/// Tasks on one page.
pub(super) const PAGE: usize = 20;
/// What a task can be.
pub(super) const STATES: [&str; 4] = ["open", "scheduled", "due", "done"];

/// The columns of a task; `$copies` is how many share its key.
macro_rules! task_columns {
    ($copies:literal) => {
        concat!(
            "t.id, t.key, t.customer_id, t.title,
             CASE WHEN t.completed_at IS NOT NULL THEN 'done'
                  WHEN t.due_at IS NULL THEN 'open'
                  WHEN t.due_at > now() THEN 'scheduled'
                  ELSE 'due' END AS state,
             to_char(t.due_at AT TIME ZONE 'UTC',
                     'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS due_at,
             to_char(t.created_at AT TIME ZONE 'UTC',
                     'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS created_at,
             to_char(t.completed_at AT TIME ZONE 'UTC',
                     'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS completed_at, ",
            $copies,
            " AS copies"
        )
    };
}
pub(super) use task_columns;

const BY_KEY: &str = concat!(
    "SELECT ",
    task_columns!("count(*) OVER ()"),
    " FROM tasks t WHERE t.key = $1 ORDER BY t.id LIMIT 1"
);
/// By state: which are meant can be told from their columns alone, so that an index serves.
const LIST: &str = concat!(
    "SELECT ",
    task_columns!("1::bigint"),
    " FROM tasks t
      WHERE t.customer_id = $1 AND t.id > $2
        AND CASE $3::text
            WHEN 'done' THEN t.completed_at IS NOT NULL
            WHEN 'open' THEN t.completed_at IS NULL AND t.due_at IS NULL
            WHEN 'scheduled' THEN t.completed_at IS NULL AND t.due_at > now()
            WHEN 'due' THEN t.completed_at IS NULL AND t.due_at <= now()
            ELSE true END
      ORDER BY t.id LIMIT $4"
);

/// The task created under `key`, and how many there are.
pub(super) async fn by_key(lease: &Lease, key: &str) -> Result<Option<Task>, DatabaseError> {
    // PostgreSQL has no text with a zero in it, hence no task either.
    if key.contains('\0') {
        return Ok(None);
    }
    let statement = lease.prepare_cached(BY_KEY).await?;
    let row = lease.query_opt(&statement, &[&key]).await?;
    Ok(row.as_ref().map(task))
}

/// A customer's tasks with ids above `after`, the oldest first.
pub(super) async fn list(
    lease: &Lease,
    customer: i64,
    state: Option<&str>,
    after: i64,
) -> Result<Vec<Task>, DatabaseError> {
    let statement = lease.prepare_cached(LIST).await?;
    let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let rows = lease
        .query(&statement, &[&customer, &after, &state, &limit])
        .await?;
    Ok(rows.iter().map(task).collect())
}

pub(super) fn task(row: &Row) -> Task {
    Task {
        id: row.get("id"),
        key: row.get("key"),
        customer: row.get("customer_id"),
        title: row.get("title"),
        state: row.get("state"),
        due_at: row.get("due_at"),
        created_at: row.get("created_at"),
        completed_at: row.get("completed_at"),
        copies: row.get("copies"),
    }
}
