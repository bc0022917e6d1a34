//! Where jobs wait until a runner takes them.
//!
//! Whatever hands them out, a job is a row of the table `jobs`, written in the transaction of what
//! it follows from and marked "done" in the transaction of its effect. A queue may therefore hand a
//! job out twice, and none is lost with a queue.

mod postgres;
#[cfg(feature = "sqs")]
mod sqs;
pub(super) mod table;

use std::time::Duration;

use deadpool_postgres::Transaction;

use super::job::Job;
use crate::process::Shutdown;
use crate::service::database::DatabaseError;

pub(super) use postgres::Postgres;
#[cfg(feature = "sqs")]
pub(super) use sqs::Sqs;

/// Hands out jobs.
pub(super) trait Queue: Send + Sync {
    /// What was received and has to be settled.
    type Handed: Send + Sync;

    /// Receives what waits, for a while; none when nothing does.
    async fn receive(&self, most: u32) -> Result<Option<Self::Handed>, QueueError>;

    /// The jobs behind it, locked until the transaction ends.
    async fn lock(
        &self,
        transaction: &Transaction<'_>,
        handed: &Self::Handed,
        most: u32,
    ) -> Result<Locked, DatabaseError>;

    /// Tells the queue what became of what it handed out. Comes after the commit: what is not told
    /// is handed out again, and then found to be over.
    async fn settle(&self, handed: Self::Handed, settled: &[Settled]) -> Result<(), QueueError>;

    /// Does whatever else the queue needs done, until `shutdown`.
    async fn tend(&self, shutdown: Shutdown);

    /// How many messages the queue itself counts, by state; nothing where the table is the queue.
    async fn depth(&self) -> Result<Vec<(&'static str, i64)>, QueueError>;
}

/// What a runner may work on.
#[derive(Debug, Default)]
pub(super) struct Locked {
    /// To be done now.
    pub(super) jobs: Vec<Job>,
    /// Handed out again, though done.
    pub(super) over: Vec<i64>,
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) job: i64,
    pub(super) end: End,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It took effect, now or before.
    Done,
    /// It is to be tried again after this long.
    Again(Duration),
    /// It was given up.
    Dead,
}

/// Why a queue does not work.
#[derive(Debug, thiserror::Error)]
pub(super) enum QueueError {
    /// The table.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The service.
    #[cfg(feature = "sqs")]
    #[error("SQS, {call}: {cause}")]
    Service {
        /// What was asked of it.
        call: &'static str,
        /// Its reason.
        cause: String,
    },
}
