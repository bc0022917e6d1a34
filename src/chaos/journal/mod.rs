//! What was done to infrastructure and not taken back, on disk: `journal.jsonl` in the run folder.
//!
//! One JSON object per line, appended and fsynced: an *intent* before each call that changes
//! something, *done* after it. Whatever instant a run is killed at, the journal names every change
//! that may have been made, so that `loadtest chaos recover` can undo it. While a run goes on it
//! holds a lock on the file, by which others see that it still looks after its own faults.

mod file;
mod index;
mod ink;
mod record;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub use file::{Medium, Written, read};
pub use index::{Index, Registered};
pub use ink::JournalInk;
pub use record::{Entry, OpenIntent, Record, closed, open_intents, run_of};

use crate::provider::{CallRecord, ChangeId, Place};

/// The file's name in a run folder.
pub const FILE_NAME: &str = "journal.jsonl";

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file or folder.
    #[error("{what} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A run that still goes on writes it.
    #[error("{path} belongs to a run that still goes on: stop it by Ctrl-C, and it undoes its faults itself", path = path.display())]
    InUse {
        /// The journal.
        path: PathBuf,
    },
    /// A line that is not the last one cannot be understood.
    #[error("{path}, line {line}: {reason}: this is no journal of this version of loadtest, or it was damaged. `loadtest chaos recover --stack NAME` works without it", path = path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

/// A journal that is open for writing.
pub struct Journal {
    path: PathBuf,
    medium: tokio::sync::Mutex<Box<dyn Medium>>,
    open: Mutex<BTreeMap<ChangeId, OpenIntent>>,
    registered: Option<Registered>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Starts the journal of a run, and registers it in the user's index. When this returns, file
    /// and folder are on disk.
    ///
    /// # Errors
    /// [`JournalError`] when a file cannot be written; a run must not do any fault then.
    pub async fn create(
        run_folder: &Path,
        run: &str,
        places: Vec<Place>,
        index: &Index,
    ) -> Result<Self, JournalError> {
        let path = run_folder.join(FILE_NAME);
        let medium = file::LogFile::create(&path)?;
        let path = path.canonicalize().unwrap_or(path);
        let registered = index.register(&path, run, &places)?;
        let journal = Self::on(path, Box::new(medium), Some(registered));
        journal
            .append(Record::Opened {
                version: record::VERSION,
                run: run.to_owned(),
                pid: std::process::id(),
                places,
            })
            .await?;
        Ok(journal)
    }

    /// Opens a journal that a run left behind, to go on with it.
    ///
    /// # Errors
    /// [`JournalError::InUse`] while its run goes on, else what is wrong with the file.
    pub fn reopen(
        path: &Path,
        registered: Option<Registered>,
    ) -> Result<(Self, Vec<Entry>), JournalError> {
        let medium = file::LogFile::reopen(path)?;
        let entries = read(path)?;
        let journal = Self::on(path.to_owned(), Box::new(medium), registered);
        *journal.open() = open_intents(&entries)
            .into_iter()
            .map(|intent| (intent.change.clone(), intent))
            .collect();
        Ok((journal, entries))
    }

    /// A journal on any medium.
    #[must_use]
    pub fn on(path: PathBuf, medium: Box<dyn Medium>, registered: Option<Registered>) -> Self {
        Self {
            path,
            medium: tokio::sync::Mutex::new(medium),
            open: Mutex::default(),
            registered,
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a record; when this returns it is on disk.
    ///
    /// # Errors
    /// [`JournalError::Io`]; then nothing was appended.
    pub async fn append(&self, record: Record) -> Result<(), JournalError> {
        let entry = Entry::now(record);
        let mut line = serde_json::to_vec(&entry).map_err(|e| self.io(e.into()))?;
        line.push(b'\n');
        let written = self.medium.lock().await.append(line).await;
        written.map_err(|source| self.io(source))?;
        record::follow(&mut self.open(), entry.record);
        Ok(())
    }

    /// What may have been done and was not taken back, the latest first.
    #[must_use]
    pub fn open_changes(&self) -> Vec<OpenIntent> {
        self.open().values().rev().cloned().collect()
    }

    /// The calls of a change that were written down.
    #[must_use]
    pub fn calls_of(&self, change: &ChangeId) -> Vec<CallRecord> {
        let open = self.open();
        open.get(change)
            .map_or_else(Vec::new, |intent| intent.calls.clone())
    }

    /// Ends the journal: nothing is left to undo. It stays in the run folder, but is not registered
    /// any more.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub async fn close(&self, why: &str) -> Result<(), JournalError> {
        self.append(Record::Closed {
            why: why.to_owned(),
        })
        .await?;
        if let Some(registered) = &self.registered {
            registered.remove()?;
        }
        Ok(())
    }

    fn open(&self) -> std::sync::MutexGuard<'_, BTreeMap<ChangeId, OpenIntent>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn io(&self, source: std::io::Error) -> JournalError {
        JournalError::Io {
            what: "cannot append to the journal",
            path: self.path.clone(),
            source,
        }
    }
}
