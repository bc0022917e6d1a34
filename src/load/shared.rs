//! What all workers of a run share. Touched once per iteration, never per request.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::data::{Data, RanOut};
use crate::scenario::Scenario;

/// Counters and data of the whole run.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) data: Data,
    /// Iterations of each load that closed users have begun.
    numbers: Vec<AtomicU64>,
    ran_out: Mutex<BTreeSet<usize>>,
}

impl Shared {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            data: Data::new(scenario),
            numbers: scenario.loads.iter().map(|_| AtomicU64::new(0)).collect(),
            ran_out: Mutex::default(),
        }
    }

    /// The number of a closed load's next iteration.
    pub(crate) fn next_number(&self, load: usize) -> u64 {
        self.numbers[load].fetch_add(1, Ordering::Relaxed)
    }

    /// Notes that a data set has no rows left.
    pub(crate) fn note(&self, ran_out: RanOut) {
        let mut sets = self.ran_out.lock().unwrap_or_else(PoisonError::into_inner);
        sets.insert(ran_out.0);
    }

    /// Data sets that ran out.
    pub(crate) fn ran_out(&self) -> BTreeSet<usize> {
        let sets = self.ran_out.lock().unwrap_or_else(PoisonError::into_inner);
        sets.clone()
    }
}
