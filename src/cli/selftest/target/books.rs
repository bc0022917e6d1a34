//! What the target did with which request, and when.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cli::selftest::sabotage::{Sabotage, Sabotages};

/// One request and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::selftest) struct Exchange {
    /// When the last byte of the request was there, microseconds of `CLOCK_MONOTONIC`.
    pub(in crate::cli::selftest) received: u64,
    /// Just before the answer was sent.
    pub(in crate::cli::selftest) answered: u64,
    /// The answer's status; none: the connection was closed.
    pub(in crate::cli::selftest) status: Option<u16>,
}

/// All of them.
#[derive(Debug, Default)]
pub(in crate::cli::selftest) struct Books {
    exchanges: Mutex<Vec<Exchange>>,
    forgets_one: bool,
}

/// Which one, when it forgets.
const FORGOTTEN: usize = 7;

impl Books {
    /// Empty ones.
    pub(in crate::cli::selftest) fn new(sabotages: &Sabotages) -> Self {
        Self {
            exchanges: Mutex::default(),
            forgets_one: sabotages.has(Sabotage::Request),
        }
    }

    /// Writes down that a request is answered now.
    pub(in crate::cli::selftest) fn enter(&self, received: u64, status: Option<u16>) {
        let answered = super::now();
        self.lock().push(Exchange {
            received,
            answered,
            status,
        });
    }

    /// In the order of their ends.
    pub(in crate::cli::selftest) fn exchanges(&self) -> Vec<Exchange> {
        let mut exchanges = self.lock().clone();
        if self.forgets_one && exchanges.len() > FORGOTTEN {
            exchanges.remove(FORGOTTEN);
        }
        exchanges
    }

    /// How many came.
    pub(in crate::cli::selftest) fn requests(&self) -> u64 {
        self.exchanges().len() as u64
    }

    /// From receipt to answer of each, microseconds, sorted.
    pub(in crate::cli::selftest) fn took_us(&self) -> Vec<u64> {
        let exchanges = self.exchanges();
        let mut took: Vec<u64> = exchanges
            .iter()
            .map(|exchange| exchange.answered.saturating_sub(exchange.received))
            .collect();
        took.sort_unstable();
        took
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
