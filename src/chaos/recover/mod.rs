//! Putting back what a run left broken that can no longer do so itself.
//!
//! Works from the journal, or from what the infrastructure itself remembers, or both; looks first
//! and tells what it would do; doing it twice is the same as once.

mod survey;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::conductor::{UndoResult, undo};
use super::journal::{Journal, Registered};
use crate::provider::{ChangeId, Place, Provider, ProviderError, Slate};

pub use survey::survey;

/// What is broken, and what would be done about it.
#[derive(Debug, Default)]
pub struct Survey {
    /// Runs that left something behind.
    pub cases: Vec<Case>,
    /// What is left alone, and why.
    pub notes: Vec<String>,
}

/// What one run left behind.
pub struct Case {
    /// The run folder's name.
    pub run: String,
    /// Its journal, locked by us; none: the infrastructure alone remembers.
    journal: Option<Arc<Journal>>,
    /// Its entry in the index when the journal itself is gone.
    orphan: Option<Registered>,
    /// To undo, in this order.
    pub changes: Vec<Undoable>,
    /// To be brought back to its specification although nothing of ours is open there.
    unwell: Option<Arc<dyn Provider>>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case")
            .field("run", &self.run)
            .field("journal", &self.journal)
            .field("changes", &self.changes)
            .finish_non_exhaustive()
    }
}

/// A change to undo.
#[derive(Clone)]
pub struct Undoable {
    /// Its name.
    pub id: ChangeId,
    /// The fault's name.
    pub fault: String,
    /// Where.
    pub place: Place,
    /// What was done, for people.
    pub words: String,
    /// How it is taken back, for people.
    pub undo: String,
    /// None: the place does not exist any more, and with it whatever was changed.
    provider: Option<Arc<dyn Provider>>,
}

impl std::fmt::Debug for Undoable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Undoable")
            .field("id", &self.id)
            .field("place", &self.place)
            .field("gone", &self.is_gone())
            .finish_non_exhaustive()
    }
}

impl Undoable {
    /// Whether what was changed does not exist any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.provider.is_none()
    }
}

/// A change that could not be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was to be done, and why it failed.
    pub words: String,
    /// Commands for a person.
    pub by_hand: Vec<String>,
}

/// What recovering came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// What was done, one sentence each.
    pub done: Vec<String>,
    /// What could not be.
    pub failures: Vec<Failure>,
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All unfinished journals of this user and all places that exist.
    Everything,
    /// The journal in this run folder.
    RunFolder(PathBuf),
    /// One stack, whatever the journals say.
    Stack(String),
}

impl Survey {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// What would be done, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut lines: Vec<String> = self
            .notes
            .iter()
            .map(|note| format!("note: {note}"))
            .collect();
        for case in &self.cases {
            lines.push(format!("run {}", case.run));
            lines.extend(case.without_changes());
            for change in &case.changes {
                lines.push(format!("  {}: {}", change.fault, change.words));
                lines.push(if change.is_gone() {
                    format!("    {} is gone, and this with it", change.place)
                } else {
                    format!("    undo at {}: {}", change.place, change.undo)
                });
            }
        }
        if self.is_empty() {
            lines.push("nothing to recover".to_owned());
        }
        lines.join("\n")
    }

    /// Undoes everything found; each change may take `limit`.
    pub async fn recover(self, limit: Duration) -> Recovery {
        let mut recovery = Recovery::default();
        for case in self.cases {
            case.recover(limit, &mut recovery).await;
        }
        recovery
    }
}

impl Case {
    fn of(run: String) -> Self {
        Self {
            run,
            journal: None,
            orphan: None,
            changes: Vec::new(),
            unwell: None,
        }
    }

    /// What is done when there is nothing to undo.
    fn without_changes(&self) -> Option<String> {
        if !self.changes.is_empty() {
            return None;
        }
        Some(match (&self.unwell, &self.orphan) {
            (Some(provider), _) => format!("  repair {}", provider.place()),
            (None, Some(orphan)) => format!(
                "  nothing to undo: {} is gone, and is struck off",
                orphan.journal.display()
            ),
            (None, None) => "  nothing to undo: its journal is closed".to_owned(),
        })
    }

    async fn recover(self, limit: Duration, recovery: &mut Recovery) {
        let failed_before = recovery.failures.len();
        for change in &self.changes {
            self.undo(change, limit, recovery).await;
        }
        for provider in self.providers() {
            repair(&provider, limit, recovery).await;
        }
        if recovery.failures.len() == failed_before {
            self.close(recovery).await;
        }
    }

    async fn undo(&self, change: &Undoable, limit: Duration, recovery: &mut Recovery) {
        let Undoable { fault, place, .. } = change;
        let Some(provider) = &change.provider else {
            recovery
                .done
                .push(format!("{fault}: {place} is gone, nothing to undo"));
            return;
        };
        let result = match &self.journal {
            Some(journal) => undo(provider, journal, &change.id, limit).await,
            // Without a journal the resources alone remember.
            None => match provider
                .undo(&change.id, &[], Arc::new(Slate::default()))
                .await
            {
                Ok(()) => UndoResult::Done,
                Err(ProviderError::Gone { reason, .. }) => UndoResult::Gone(reason),
                Err(error) => UndoResult::Failed(error.to_string()),
            },
        };
        match result {
            UndoResult::Done => recovery.done.push(format!("{fault}: undone at {place}")),
            UndoResult::Gone(_) => recovery
                .done
                .push(format!("{fault}: {place} is gone, nothing to undo")),
            UndoResult::Failed(reason) => recovery.failures.push(Failure {
                words: format!("{fault}: {reason}"),
                by_hand: provider.by_hand(&change.id),
            }),
        }
    }

    /// Those that were touched, each once.
    fn providers(&self) -> Vec<Arc<dyn Provider>> {
        let mut providers: Vec<Arc<dyn Provider>> = Vec::new();
        for provider in self
            .changes
            .iter()
            .filter_map(|change| change.provider.as_ref())
        {
            if !providers
                .iter()
                .any(|known| known.place() == provider.place())
            {
                providers.push(Arc::clone(provider));
            }
        }
        providers
    }

    async fn close(&self, recovery: &mut Recovery) {
        let gone = self.changes.iter().any(Undoable::is_gone);
        let why = if gone {
            "recovered: what was changed does not exist any more"
        } else {
            "recovered"
        };
        let closed = match (&self.journal, &self.orphan) {
            (Some(journal), _) => journal.close(why).await,
            (None, Some(orphan)) => orphan.remove(),
            (None, None) => Ok(()),
        };
        if let Err(error) = closed {
            // Everything was undone; the next recovery merely finds nothing to do.
            recovery.done.push(format!("note: {error}"));
        }
    }
}

/// Undoing takes back what was ordered; what broke besides is brought back here.
async fn repair(provider: &Arc<dyn Provider>, limit: Duration, recovery: &mut Recovery) {
    let place = provider.place();
    let problems = match provider.snapshot().await {
        Ok(snapshot) => snapshot.problems,
        Err(ProviderError::Gone { .. }) => return,
        Err(error) => vec![error.to_string()],
    };
    if problems.is_empty() {
        return;
    }
    let reason = match tokio::time::timeout(limit, provider.repair()).await {
        Ok(Ok(())) => {
            let problems = problems.join("; ");
            recovery
                .done
                .push(format!("{place}: repaired ({problems})"));
            return;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", limit.as_secs_f64()),
    };
    recovery.failures.push(Failure {
        words: format!("{place} is not healthy: {reason}"),
        by_hand: provider.by_hand(&ChangeId(String::new())),
    });
}
