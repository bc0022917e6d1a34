//! What the work of a database server costs where that is stated: a slot of the server, for a time.
//!
//! The slot is had before a connection is: who waits for it holds none. PostgreSQL's own time comes
//! on top; it is real, and on a machine of any size small beside the stated one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::metrics::histogram::Histogram;

use super::DatabaseError;
use crate::api::DatabaseTime;
use crate::service::slots::Slots;
use crate::service::turnstile::Gate;

/// Who has the server's slots.
#[derive(Debug, Clone)]
pub(crate) enum Server {
    /// This process: pod and database are one server.
    Own(Slots),
    /// The control plane, for all pods.
    Shared(Arc<Gate>),
}

/// What is done with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Something is read in one go.
    Read,
    /// A transaction that writes.
    Write,
}

/// A server's work. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    server: Server,
    read: Duration,
    write: Duration,
    /// From asking for a slot until its time was over, seconds.
    took: Histogram,
}

impl Work {
    pub(crate) fn new(server: Server, time: DatabaseTime, took: Histogram) -> Self {
        Self {
            server,
            read: time.read.into(),
            write: time.write.into(),
            took,
        }
    }

    /// Waits for a slot, and until it was held for as long as this takes.
    pub(crate) async fn does(&self, access: Access) -> Result<(), DatabaseError> {
        let began = Instant::now();
        let time = match access {
            Access::Read => self.read,
            Access::Write => self.write,
        };
        match &self.server {
            Server::Own(slots) => slots
                .work(time)
                .await
                .map_err(|full| DatabaseError::Busy(full.to_string()))?,
            Server::Shared(gate) => gate
                .work(time)
                .await
                .map_err(|refused| DatabaseError::Busy(refused.to_string()))?,
        }
        self.took.observe(began.elapsed().as_secs_f64());
        Ok(())
    }
}
