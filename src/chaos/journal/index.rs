//! The user's journals that may not be finished: one small file for each, so that
//! `loadtest chaos recover` finds them without being told where. No file is ever shared, so no two
//! runs can get in each other's way.

use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::JournalError;
use super::file::{io_error, sync_folder};
use crate::provider::Place;

/// A folder of registrations.
#[derive(Debug, Clone)]
pub struct Index(PathBuf);

/// A journal in the index. Tells enough to help even when the run folder is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    file: PathBuf,
    /// The journal.
    pub journal: PathBuf,
    /// The run folder's name.
    pub run: String,
    /// Where it may have done something.
    pub places: Vec<Place>,
}

#[derive(Serialize, Deserialize)]
struct Registration {
    journal: PathBuf,
    run: String,
    places: Vec<Place>,
}

impl Index {
    /// This user's, beside the files by which stacks are found: `$XDG_RUNTIME_DIR/loadtest/journals`,
    /// else `<temporary folder>/loadtest-<uid>/journals`. A journal must never outlive its place in
    /// the index while the stack can still be found, nor the other way round.
    #[must_use]
    pub fn of_user() -> Self {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| Path::new(dir).is_dir());
        let ours = match runtime {
            Some(dir) => Path::new(&dir).join("loadtest"),
            None => std::env::temp_dir().join(format!("loadtest-{}", uid())),
        };
        Self(ours.join("journals"))
    }

    /// One in this folder, made when the first journal is registered.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    fn make(&self) -> std::io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)?;
        // The temporary folder is everybody's: another user may have been there first.
        let found = std::fs::symlink_metadata(&self.0)?;
        if found.is_dir() && found.uid() == uid() {
            return Ok(());
        }
        Err(std::io::Error::other(
            "it belongs to another user; set XDG_RUNTIME_DIR to a folder of your own",
        ))
    }

    /// Adds a journal; durable when this returns.
    pub(super) fn register(
        &self,
        journal: &Path,
        run: &str,
        places: &[Place],
    ) -> Result<Registered, JournalError> {
        let file = self.0.join(format!("{}.json", uuid::Uuid::now_v7()));
        let io = io_error("cannot register the journal in", &file);
        let registration = Registration {
            journal: journal.to_owned(),
            run: run.to_owned(),
            places: places.to_vec(),
        };
        let bytes = serde_json::to_vec(&registration).map_err(|e| io(e.into()))?;
        self.make().map_err(&io)?;
        let next = file.with_extension("next");
        let mut written = File::create(&next).map_err(&io)?;
        written.write_all(&bytes).map_err(&io)?;
        written.sync_all().map_err(&io)?;
        std::fs::rename(&next, &file).map_err(&io)?;
        sync_folder(&self.0).map_err(&io)?;
        Ok(Registered {
            file,
            journal: registration.journal,
            run: registration.run,
            places: registration.places,
        })
    }

    /// All registered journals, the oldest first. Files that are none are passed over.
    ///
    /// # Errors
    /// [`JournalError::Io`] when the folder cannot be read; a folder that is not there is empty.
    pub fn registered(&self) -> Result<Vec<Registered>, JournalError> {
        let io = io_error("cannot read", &self.0);
        if !self.0.exists() {
            return Ok(Vec::new());
        }
        self.make().map_err(&io)?;
        let mut paths = Vec::new();
        for file in std::fs::read_dir(&self.0).map_err(&io)? {
            paths.push(file.map_err(&io)?.path());
        }
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        });
        // Names sort by the time they were made.
        paths.sort();
        Ok(paths.into_iter().filter_map(Registered::read).collect())
    }
}

impl Registered {
    fn read(file: PathBuf) -> Option<Self> {
        let bytes = std::fs::read(&file).ok()?;
        let registration: Registration = serde_json::from_slice(&bytes).ok()?;
        Some(Self {
            file,
            journal: registration.journal,
            run: registration.run,
            places: registration.places,
        })
    }

    /// Takes the journal out of the index.
    ///
    /// # Errors
    /// [`JournalError::Io`]; to be gone already is none.
    pub fn remove(&self) -> Result<(), JournalError> {
        match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(io_error("cannot remove", &self.file)(error))
            }
            _ => Ok(()),
        }
    }
}

/// The user that this process acts as.
fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}
