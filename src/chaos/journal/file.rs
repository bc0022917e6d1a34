//! The journal's file: appended whole lines, fsynced, locked while in use.

use std::fs::{File, OpenOptions, TryLockError};
use std::future::Future;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Entry, JournalError};

/// What [`Medium::append`] returns.
pub type Written<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// Where journal lines go. A file, but for tests.
pub trait Medium: Send {
    /// Appends the line and makes it durable; after an error nothing of it is left.
    fn append(&mut self, line: Vec<u8>) -> Written<'_>;
}

/// A file that is appended to and locked.
pub(super) struct LogFile(Arc<Mutex<Appender>>);

struct Appender {
    file: File,
    /// Where the next line starts: what comes after is a line that failed.
    length: u64,
}

impl LogFile {
    /// Creates and locks it; file and folder are durable.
    pub(super) fn create(path: &Path) -> Result<Self, JournalError> {
        let io = io_error("cannot create the journal", path);
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(path)
            .map_err(&io)?;
        lock(&file, path)?;
        file.sync_all().map_err(&io)?;
        if let Some(folder) = path.parent() {
            sync_folder(folder).map_err(&io)?;
        }
        Ok(Self::over(file, 0))
    }

    /// Opens and locks it; a torn last line is cut off, so that the next one starts afresh.
    pub(super) fn reopen(path: &Path) -> Result<Self, JournalError> {
        let io = io_error("cannot open the journal", path);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(path)
            .map_err(&io)?;
        lock(&file, path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(&io)?;
        let length = whole_lines(&bytes).len() as u64;
        if length < bytes.len() as u64 {
            file.set_len(length).map_err(&io)?;
            file.sync_all().map_err(&io)?;
        }
        Ok(Self::over(file, length))
    }

    fn over(file: File, length: u64) -> Self {
        Self(Arc::new(Mutex::new(Appender { file, length })))
    }
}

impl Medium for LogFile {
    fn append(&mut self, line: Vec<u8>) -> Written<'_> {
        let appender = Arc::clone(&self.0);
        // fsync may take long on a busy disk: not on a thread that makes load.
        let writing = tokio::task::spawn_blocking(move || {
            appender
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .append(&line)
        });
        Box::pin(async { writing.await.map_err(io::Error::other)? })
    }
}

impl Appender {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.file.metadata()?.len() != self.length {
            self.file.set_len(self.length)?;
        }
        let written = self
            .file
            .write_all(line)
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.length += line.len() as u64,
            // Best effort: the next append checks the length again.
            Err(_) => drop(self.file.set_len(self.length)),
        }
        written
    }
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(io_error("cannot lock the journal", path)(source)),
    }
}

/// All whole lines of a journal. A last line that was torn by a crash is left out: its append never
/// returned, so nothing was done on its strength.
///
/// # Errors
/// [`JournalError::Io`], or [`JournalError::Damaged`] with the line.
pub fn read(path: &Path) -> Result<Vec<Entry>, JournalError> {
    let bytes = std::fs::read(path).map_err(io_error("cannot read the journal", path))?;
    parse(&bytes).map_err(|(line, reason)| JournalError::Damaged {
        path: path.to_owned(),
        line,
        reason,
    })
}

/// The entries of these bytes, or the number and fault of a line.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Entry>, (usize, String)> {
    whole_lines(bytes)
        .split_inclusive(|byte| *byte == b'\n')
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_slice(line).map_err(|error| (number + 1, error.to_string()))
        })
        .collect()
}

fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    &bytes[..end.map_or(0, |at| at + 1)]
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)?.sync_all()
}

pub(super) fn io_error(
    what: &'static str,
    path: &Path,
) -> impl Fn(io::Error) -> JournalError + use<> {
    let path: PathBuf = path.to_owned();
    move |source| JournalError::Io {
        what,
        path: path.clone(),
        source,
    }
}
