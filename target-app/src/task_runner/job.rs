//! The kinds of jobs and what each does, within the transaction it is given.

use deadpool_postgres::Transaction;

use super::email::{OrderLine, OrderSummary, confirmation};
use super::mailer::{Mailer, MessageId};
use crate::service::database::{DatabaseError, describe};

/// A job as it was taken from the queue.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) kind: String,
    pub(super) order: Option<i64>,
    /// Attempts that failed so far.
    pub(super) attempts: i32,
    pub(super) max_attempts: i32,
}

/// Why a job did not take effect.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobError {
    /// This job's own fault: others may go on.
    #[error("{0}")]
    Failed(String),
    /// The connection is gone or its state unknown: the whole batch is.
    #[error(transparent)]
    Database(DatabaseError),
}

impl From<tokio_postgres::Error> for JobError {
    fn from(error: tokio_postgres::Error) -> Self {
        let failure = DatabaseError::from(error);
        match failure {
            DatabaseError::Query(error) if is_statement_error(&error) => {
                Self::Failed(describe(&error))
            }
            failure => Self::Database(failure),
        }
    }
}

/// Whether only a statement failed, so that the transaction goes on after its savepoint.
fn is_statement_error(error: &tokio_postgres::Error) -> bool {
    error
        .as_db_error()
        .is_some_and(|db| db.parsed_severity() == Some(tokio_postgres::error::Severity::Error))
}

impl Job {
    /// Does what the job is for. All of it is in `transaction`, hence undone with it, except what
    /// was mailed: that is mailed again under the same id.
    pub(super) async fn take_effect(
        &self,
        transaction: &Transaction<'_>,
        mailer: Option<&Mailer>,
    ) -> Result<(), JobError> {
        match (self.kind.as_str(), self.order) {
            ("order-confirmation", Some(order)) => {
                confirm_order(transaction, self.id, order, mailer).await
            }
            ("order-confirmation", None) => Err(JobError::Failed("names no order".into())),
            ("forget-carts", _) => forget_carts(transaction).await,
            (kind, _) => Err(JobError::Failed(format!("no such kind of job: {kind}"))),
        }
    }
}

/// Writes the order's one e-mail, and sends it where there is a way to.
async fn confirm_order(
    transaction: &Transaction<'_>,
    job: i64,
    order: i64,
    mailer: Option<&Mailer>,
) -> Result<(), JobError> {
    let read = transaction
        .prepare_cached(
            "SELECT c.email, c.name, o.total_cents, p.name, i.quantity, i.unit_price_cents,
                    o.key
             FROM orders o JOIN customers c ON c.id = o.customer_id
                           JOIN order_items i ON i.order_id = o.id
                           JOIN products p ON p.id = i.product_id
             WHERE o.id = $1 ORDER BY p.id",
        )
        .await?;
    let rows = transaction.query(&read, &[&order]).await?;
    let first = rows
        .first()
        .ok_or_else(|| JobError::Failed(format!("order {order} is not there or has no items")))?;
    let email = confirmation(&OrderSummary {
        order,
        recipient: first.get(0),
        customer: first.get(1),
        total_cents: first.get(2),
        lines: rows
            .iter()
            .map(|row| OrderLine {
                name: row.get(3),
                quantity: row.get(4),
                unit_price_cents: row.get(5),
            })
            .collect(),
    });
    // The unique order is the last line of defence: a second e-mail fails its job instead, and
    // before it is sent.
    let write = transaction
        .prepare_cached(
            "INSERT INTO emails (order_id, recipient, subject, body) VALUES ($1, $2, $3, $4)",
        )
        .await?;
    transaction
        .execute(
            &write,
            &[&order, &email.recipient, &email.subject, &email.body],
        )
        .await?;
    if let Some(mailer) = mailer {
        let id = MessageId::of(job, order, first.get(6));
        mailer.send(&email, &id).await.map_err(JobError::Failed)?;
    }
    Ok(())
}

/// Empties carts that nobody touched for a day.
async fn forget_carts(transaction: &Transaction<'_>) -> Result<(), JobError> {
    transaction
        .execute(
            "DELETE FROM cart_items WHERE added_at < now() - interval '1 day'",
            &[],
        )
        .await?;
    Ok(())
}
