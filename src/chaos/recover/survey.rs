//! Finding out what is broken, from journals and from the infrastructure's own memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Case, Scope, Survey, Undoable};
use crate::chaos::journal::{self, Index, Journal, JournalError, Registered};
use crate::provider::{ChangeId, Finder, Place, Provider, Snapshot};

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
            survey.add_journal(&path, registered, finder).await?;
            return Ok(survey);
        }
        Scope::Everything | Scope::Stack(_) => {
            for entry in index.registered().map_err(|error| error.to_string())? {
                if !scope.covers(&entry.places) {
                    continue;
                }
                let path = entry.journal.clone();
                let run = entry.run.clone();
                match survey.add_journal(&path, Some(entry.clone()), finder).await {
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
                .any(|place| matches!(place, Place::Local { stack, .. } if stack == name)),
        }
    }
}

impl Survey {
    async fn add_journal(
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
                provider: finder.find(&open.place).await.map_err(AddError::Unusable)?,
                id: open.change,
                fault: open.fault,
                place: open.place,
                words: open.words,
                undo: open.undo,
            });
        }
        if !journal::closed(&entries) || !changes.is_empty() {
            self.cases.push(Case {
                journal: Some(Arc::new(journal)),
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
            let Some(provider) = finder.find(&place).await? else {
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
