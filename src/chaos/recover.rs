//! Putting back what a run left broken that can no longer do so itself.
//!
//! Works from the journal, or from what the infrastructure itself remembers, or both; looks first
//! and tells what it would do; doing it twice is the same as once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::conductor::{UndoResult, undo};
use super::journal::{self, Index, Journal, JournalError, Registered};
use crate::provider::{ChangeId, Finder, Place, Provider, ProviderError, Snapshot};

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
    journal: Option<Journal>,
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

/// Looks, and changes nothing but locks.
///
/// # Errors
/// What was asked for cannot be looked at, in words.
pub async fn survey(scope: &Scope, index: &Index, finder: &dyn Finder) -> Result<Survey, String> {
    let mut survey = Survey::default();
    // Runs whose journal we could not take: they look after their own faults.
    let mut busy = Vec::new();
    match scope {
        Scope::RunFolder(folder) => {
            let path = journal_in(folder)?;
            let known = index.registered().map_err(|error| error.to_string())?;
            let registered = known.into_iter().find(|entry| entry.journal == path);
            survey.add_journal(&path, registered, finder)?;
            return Ok(survey);
        }
        Scope::Everything | Scope::Stack(_) => {
            for entry in index.registered().map_err(|error| error.to_string())? {
                if !scope.covers(&entry.places) {
                    continue;
                }
                let path = entry.journal.clone();
                let run = entry.run.clone();
                match survey.add_journal(&path, Some(entry.clone()), finder) {
                    Ok(()) => {}
                    Err(AddError::Busy(note)) => {
                        survey.notes.push(note);
                        busy.push(run);
                    }
                    Err(AddError::Lost) => survey.add_orphan(entry),
                    Err(AddError::Unusable(why)) => {
                        survey.notes.push(why);
                    }
                }
            }
        }
    }
    survey.add_places(scope, &busy, finder).await?;
    Ok(survey)
}

/// Why a journal was not added.
enum AddError {
    /// Its run still goes on.
    Busy(String),
    /// It is not there any more.
    Lost,
    /// It cannot be read.
    Unusable(String),
}

impl From<AddError> for String {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Busy(why) | AddError::Unusable(why) => why,
            AddError::Lost => "there is no journal".to_owned(),
        }
    }
}

impl Scope {
    fn covers(&self, places: &[Place]) -> bool {
        match self {
            Self::Everything | Self::RunFolder(_) => true,
            Self::Stack(name) => places
                .iter()
                .any(|Place::Local { stack, .. }| stack == name),
        }
    }
}

impl Survey {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    fn add_journal(
        &mut self,
        path: &Path,
        registered: Option<Registered>,
        finder: &dyn Finder,
    ) -> Result<(), AddError> {
        let (journal, entries) =
            Journal::reopen(path, registered).map_err(|error| match error {
                JournalError::InUse { .. } => AddError::Busy(error.to_string()),
                JournalError::Io { ref source, .. }
                    if source.kind() == std::io::ErrorKind::NotFound =>
                {
                    AddError::Lost
                }
                other => AddError::Unusable(other.to_string()),
            })?;
        let run = journal::run_of(&entries).unwrap_or_else(|| path.display().to_string());
        let mut changes = Vec::new();
        for open in journal.open_changes() {
            changes.push(Undoable {
                provider: finder.find(&open.place).map_err(AddError::Unusable)?,
                id: open.change,
                fault: open.fault,
                place: open.place,
                words: open.words,
                undo: open.undo,
            });
        }
        if !journal::closed(&entries) || !changes.is_empty() {
            self.cases.push(Case {
                journal: Some(journal),
                changes,
                ..Case::of(run)
            });
        }
        Ok(())
    }

    /// The run folder was removed: the infrastructure has to remember.
    fn add_orphan(&mut self, entry: Registered) {
        self.cases.push(Case {
            orphan: Some(entry.clone()),
            ..Case::of(entry.run)
        });
    }

    /// What places remember themselves, beyond what the journals say.
    async fn add_places(
        &mut self,
        scope: &Scope,
        busy: &[String],
        finder: &dyn Finder,
    ) -> Result<(), String> {
        let mut places = finder.places()?;
        places.retain(|place| scope.covers(std::slice::from_ref(place)));
        if let (Scope::Stack(name), true) = (scope, places.is_empty()) {
            self.notes
                .push(format!("no stack `{name}` runs on this machine"));
        }
        for place in places {
            let Some(provider) = finder.find(&place)? else {
                continue;
            };
            match provider.snapshot().await {
                Ok(snapshot) => {
                    self.add_open(&place, &provider, &snapshot, busy);
                    if matches!(scope, Scope::Stack(_)) && busy.is_empty() {
                        self.add_unwell(&place, provider, &snapshot);
                    }
                }
                Err(error) => self.notes.push(error.to_string()),
            }
        }
        Ok(())
    }

    fn add_open(
        &mut self,
        place: &Place,
        provider: &Arc<dyn Provider>,
        snapshot: &Snapshot,
        busy: &[String],
    ) {
        for open in &snapshot.open {
            if busy.contains(&open.run) || self.has(&open.id) {
                continue;
            }
            let change = Undoable {
                id: open.id.clone(),
                fault: open.fault.clone(),
                place: place.clone(),
                words: open.words.clone(),
                undo: format!("{place} knows how"),
                provider: Some(Arc::clone(provider)),
            };
            match self.cases.iter_mut().find(|case| case.run == open.run) {
                Some(case) => case.changes.push(change),
                None => self.cases.push(Case {
                    changes: vec![change],
                    ..Case::of(open.run.clone())
                }),
            }
        }
    }

    /// Asked about a place by name, what is broken there is repaired whoever broke it.
    fn add_unwell(&mut self, place: &Place, provider: Arc<dyn Provider>, snapshot: &Snapshot) {
        let covered = (self.cases.iter())
            .flat_map(|case| &case.changes)
            .any(|change| change.place == *place);
        if !covered && !snapshot.problems.is_empty() {
            self.cases.push(Case {
                unwell: Some(provider),
                ..Case::of(format!("(none): {}", snapshot.problems.join("; ")))
            });
        }
    }

    fn has(&self, id: &ChangeId) -> bool {
        let mut changes = self.cases.iter().flat_map(|case| &case.changes);
        changes.any(|change| change.id == *id)
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
            None => match provider.undo(&change.id).await {
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

/// The journal of a run folder, or the journal itself.
fn journal_in(folder: &Path) -> Result<PathBuf, String> {
    let path = if folder.is_dir() {
        folder.join(journal::FILE_NAME)
    } else {
        folder.to_owned()
    };
    path.canonicalize().map_err(|error| {
        format!(
            "{}: {error}: name a run folder, such as reports/checkout-…",
            path.display()
        )
    })
}
