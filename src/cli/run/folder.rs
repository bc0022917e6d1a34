//! The folder of this run.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use crate::cli::quantities::now_unix_seconds;
use crate::report::folder;

/// A run folder that this process made.
#[derive(Debug)]
pub(in crate::cli) struct RunFolder {
    path: PathBuf,
    id: String,
    used: Cell<bool>,
    /// Whether the folder of all runs was made for this one.
    first: bool,
}

impl RunFolder {
    /// Makes `reports/<scenario>-<utc>`.
    pub(in crate::cli) fn create(reports: &Path, scenario: &str) -> anyhow::Result<Self> {
        let first = !reports.exists();
        let path = folder::create(reports, scenario, now_unix_seconds())?;
        let id = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(Self {
            path,
            id,
            used: Cell::new(false),
            first,
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its name, which names the run.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The load has started: from now on the folder is kept, whatever happens.
    pub(super) fn keep(&self) {
        self.used.set(true);
    }
}

impl Drop for RunFolder {
    /// A run that never was leaves no folder.
    fn drop(&mut self) {
        if !self.used.get() {
            // Ours alone: `create` made it, and nobody else knows its name.
            let _ = std::fs::remove_dir_all(&self.path);
            if let (true, Some(reports)) = (self.first, self.path.parent()) {
                // Only when nobody else has put anything there since.
                let _ = std::fs::remove_dir(reports);
            }
        }
    }
}
