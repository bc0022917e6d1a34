//! What a provider saw or did, numbered, for whoever waits for the next.
//!
//! For providers whose API has no numbered log of its own: watchers and background work write into
//! it, [`super::Provider::occurrences`] reads from it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use target_app::api::Instant;
use tokio::sync::Notify;

use super::{Milestone, Occurrence};

/// A numbered log in memory.
#[derive(Debug, Default)]
pub struct Happenings {
    log: Mutex<Vec<Occurrence>>,
    grown: Notify,
}

impl Happenings {
    /// Something happened now.
    pub fn tell(
        &self,
        kind: impl Into<String>,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) {
        self.add(
            Instant::now(),
            kind.into(),
            subject.into(),
            detail.into(),
            None,
        );
    }

    /// A change has come so far now.
    pub fn reached(&self, kind: &str, milestone: Milestone, detail: impl Into<String>) {
        let (Milestone::Effective(id)
        | Milestone::Undone(id)
        | Milestone::RolledBack { change: id, .. }
        | Milestone::Void { change: id, .. }) = &milestone;
        let subject = id.to_string();
        let (kind, detail) = (kind.to_owned(), detail.into());
        self.add(Instant::now(), kind, subject, detail, Some(milestone));
    }

    fn add(
        &self,
        at: Instant,
        kind: String,
        subject: String,
        detail: String,
        milestone: Option<Milestone>,
    ) {
        let mut log = self.lock();
        let seq = log.len() as u64 + 1;
        log.push(Occurrence {
            seq,
            at,
            kind,
            subject,
            detail,
            milestone,
        });
        drop(log);
        self.grown.notify_waiters();
    }

    /// Number of the last occurrence; 0: none yet.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.lock().len() as u64
    }

    /// What happened after number `after`; waits at most `wait` for something to happen.
    pub async fn after(&self, after: u64, wait: Duration) -> Vec<Occurrence> {
        let grown = self.grown.notified();
        tokio::pin!(grown);
        // From here on nothing that is told is missed.
        grown.as_mut().enable();
        let seen = self.since(after);
        if !seen.is_empty() {
            return seen;
        }
        let _ = tokio::time::timeout(wait, grown).await;
        self.since(after)
    }

    fn since(&self, after: u64) -> Vec<Occurrence> {
        let log = self.lock();
        let from = usize::try_from(after).unwrap_or(usize::MAX).min(log.len());
        log[from..].to_vec()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Occurrence>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::testing::run;
    use crate::provider::ChangeId;

    #[test]
    fn occurrences_are_numbered_and_read_from_any_number_on() {
        run(async {
            let happenings = Happenings::default();
            happenings.tell("pod-ready", "shop-1", "");
            let change = Milestone::Effective(ChangeId("c".into()));
            happenings.reached("change-effective", change, "all evicted");
            assert_eq!(happenings.last(), 2);
            let numbers =
                |seen: Vec<Occurrence>| seen.iter().map(|one| one.seq).collect::<Vec<_>>();
            assert_eq!(numbers(happenings.after(0, Duration::ZERO).await), [1, 2]);
            assert_eq!(numbers(happenings.after(1, Duration::ZERO).await), [2]);
            assert!(happenings.after(2, Duration::ZERO).await.is_empty());
        });
    }

    #[test]
    fn who_waits_hears_what_is_told_meanwhile() {
        run(async {
            let happenings = Happenings::default();
            let (seen, ()) = tokio::join!(happenings.after(0, Duration::from_secs(60)), async {
                happenings.tell("pod-ready", "shop-1", "");
            });
            assert_eq!(seen.len(), 1);
        });
    }
}
