//! The journal as ink for the calls of one change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Journal, Record};
use crate::provider::{Call, ChangeId, Ink, Pending, Place, ProviderError};

/// Writes a change's calls into the journal of its run.
#[derive(Debug)]
pub struct JournalInk {
    journal: Arc<Journal>,
    change: ChangeId,
    place: Place,
    next: AtomicU32,
}

impl JournalInk {
    /// Ink for the calls of this change, after those that are already written.
    #[must_use]
    pub fn new(journal: Arc<Journal>, change: ChangeId, place: Place) -> Self {
        let next = journal.calls_of(&change).len();
        Self {
            journal,
            change,
            place,
            next: AtomicU32::new(u32::try_from(next).unwrap_or(u32::MAX)),
        }
    }

    fn write(&self, record: Record) -> Pending<'_, ()> {
        Box::pin(async move {
            let written = self.journal.append(record).await;
            written.map_err(|error| ProviderError::Failed {
                place: self.place.to_string(),
                what: "make a call".to_owned(),
                reason: error.to_string(),
            })
        })
    }
}

impl Ink for JournalInk {
    fn intend(&self, call: Call) -> Pending<'_, u32> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let change = self.change.clone();
        Box::pin(async move {
            self.write(Record::Call {
                change,
                number,
                call,
            })
            .await?;
            Ok(number)
        })
    }

    fn made(&self, number: u32, facts: BTreeMap<String, String>) -> Pending<'_, ()> {
        self.write(Record::CallMade {
            change: self.change.clone(),
            number,
            facts,
        })
    }

    fn failed(&self, number: u32, reason: String) -> Pending<'_, ()> {
        self.write(Record::CallFailed {
            change: self.change.clone(),
            number,
            reason,
        })
    }
}
