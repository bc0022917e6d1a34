//! The table as the queue: what is taken and what is done are one transaction.

use deadpool_postgres::Transaction;

use super::{Locked, Queue, QueueError, Settled, table};
use crate::process::Shutdown;
use crate::service::database::DatabaseError;

/// The table `jobs`. A lock stands for the time in which a job is in somebody's hands: a runner that
/// dies lets go of it, and what its transaction marked was never marked.
#[derive(Debug)]
pub(in crate::task_runner) struct Postgres;

impl Queue for Postgres {
    type Handed = ();

    async fn receive(&self, _most: u32) -> Result<Option<()>, QueueError> {
        Ok(Some(()))
    }

    async fn lock(
        &self,
        transaction: &Transaction<'_>,
        (): &(),
        most: u32,
    ) -> Result<Locked, DatabaseError> {
        Ok(Locked {
            jobs: table::take(transaction, most).await?,
            over: Vec::new(),
        })
    }

    async fn settle(&self, (): (), _settled: &[Settled]) -> Result<(), QueueError> {
        Ok(())
    }

    async fn tend(&self, mut shutdown: Shutdown) {
        shutdown.requested().await;
    }

    async fn depth(&self) -> Result<Vec<(&'static str, i64)>, QueueError> {
        Ok(Vec::new())
    }
}
