//! How a stack is found: small files of one name in the user's folder of stacks.
//!
//! - `NAME.json`: where the control plane listens, and its token ([`StackHandle`]).
//! - `NAME.root`: the stack's folder, written before anything is put there, so that what a killed
//!   control plane left can be swept.
//! - `NAME.lock`: locked by the control plane while it lives. Unlike a process id, a lock cannot be
//!   taken for alive because its number was given to somebody else.
//! - `NAME.log`: the control plane's log; kept when it died, because it may say why.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::folder::{self, FolderError};
use super::sweep;
use crate::api::StackHandle;

/// Extension of a file that is being written.
const NEXT: &str = "next";
/// Longer than a command needs that only looks for a stack, or sweeps up after one.
const LOOKING: Duration = Duration::from_secs(1);

/// Why a stack cannot be found or registered.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The folder of stacks.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// One of the files.
    #[error("cannot use {path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The name cannot be a file's name.
    #[error(
        "'{0}' is no name for a stack: 1 to 40 of the letters a-z and A-Z, digits, '-' and '_', and not '-' first"
    )]
    Name(String),
    /// A stack of this name runs already.
    #[error(
        "a stack named '{0}' is running already: see `loadtest stack status --name {0}`, or choose another --name"
    )]
    Running(String),
}

/// The running stack called `name`; sweeps away what a dead one of that name left.
///
/// # Errors
/// [`HandleError`] when the folder or a file of it cannot be read.
pub fn find(name: &str) -> Result<Option<StackHandle>, HandleError> {
    let files = Files::of(name)?;
    match files.try_lock()? {
        None => files.read(),
        Some(lock) => {
            files.sweep(&lock);
            Ok(None)
        }
    }
}

/// All running stacks of this user, by name; sweeps away what dead ones left.
///
/// # Errors
/// [`HandleError`] when the folder or a file of it cannot be read.
pub fn list() -> Result<Vec<StackHandle>, HandleError> {
    let folder = folder::stacks()?;
    let io = |source| HandleError::Io {
        path: folder.clone(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(name) = name.filter(|_| path.extension().is_some_and(|e| e == "root")) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    let found = names.iter().map(|name| find(name));
    found.filter_map(Result::transpose).collect()
}

/// Whether the control plane of the stack called `name` has ended; if so, sweeps what it left.
///
/// # Errors
/// [`HandleError`] when its lock cannot be tried.
pub(super) fn is_gone(name: &str) -> Result<bool, HandleError> {
    let files = Files::of(name)?;
    let lock = files.try_lock()?;
    if let Some(lock) = &lock {
        files.sweep(lock);
    }
    Ok(lock.is_some())
}

/// The files of one stack.
pub(super) struct Files {
    name: String,
    handle: PathBuf,
    root: PathBuf,
    lock: PathBuf,
    log: PathBuf,
}

/// The name is ours while this lives.
pub(super) struct Registration {
    files: Files,
    lock: File,
}

impl Files {
    pub(super) fn of(name: &str) -> Result<Self, HandleError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 40 || name.starts_with('-') || !name.chars().all(fits) {
            return Err(HandleError::Name(name.to_owned()));
        }
        let folder = folder::stacks()?;
        let file = |extension| folder.join(format!("{name}.{extension}"));
        Ok(Self {
            name: name.to_owned(),
            handle: file("json"),
            root: file("root"),
            lock: file("lock"),
            log: file("log"),
        })
    }

    /// Where the control plane logs.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Takes the name, sweeps what a dead stack of it left, and notes `root` for the next sweep.
    pub(super) fn register(self, root: &Path) -> Result<Registration, HandleError> {
        let since = Instant::now();
        let lock = loop {
            if let Some(lock) = self.try_lock()? {
                break lock;
            }
            // Another command may hold it for the moment in which it looks, or sweeps.
            if self.read()?.is_some() || since.elapsed() > LOOKING {
                return Err(HandleError::Running(self.name));
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        self.sweep(&lock);
        write_private(&self.root, root.as_os_str().as_encoded_bytes())
            .map_err(|e| self.io(&self.root, e))?;
        Ok(Registration { files: self, lock })
    }

    /// The lock, if no control plane holds it.
    fn try_lock(&self) -> Result<Option<File>, HandleError> {
        let lock = self.open_lock()?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.io(&self.lock, error)),
        }
    }

    fn open_lock(&self) -> Result<File, HandleError> {
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&self.lock)
            .map_err(|e| self.io(&self.lock, e))
    }

    /// The handle; absent while the stack is still starting.
    fn read(&self) -> Result<Option<StackHandle>, HandleError> {
        match std::fs::read(&self.handle) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|e| self.io(&self.handle, e.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io(&self.handle, error)),
        }
    }

    /// Removes what a dead stack left. The lock shows that it is dead; its file stays, because to
    /// remove it while another process opens it would let two hold "the" lock.
    fn sweep(&self, _lock: &File) {
        let root = std::fs::read_to_string(&self.root);
        for file in [&self.handle, &self.handle.with_extension(NEXT)] {
            let _ = std::fs::remove_file(file);
        }
        // What could not be swept now is tried again by the next command.
        if root.is_ok_and(|root| sweep::sweep(Path::new(&root))) {
            let _ = std::fs::remove_file(&self.root);
        }
    }

    fn io(&self, path: &Path, source: std::io::Error) -> HandleError {
        HandleError::Io {
            path: path.to_owned(),
            source,
        }
    }
}

impl Registration {
    /// Lets others find the stack. Answers the file.
    pub(super) fn publish(&self, handle: &StackHandle) -> Result<PathBuf, HandleError> {
        let path = &self.files.handle;
        serde_json::to_vec(handle)
            .map_err(std::io::Error::from)
            .and_then(|bytes| write_private(path, &bytes))
            .map_err(|e| self.files.io(path, e))?;
        Ok(path.clone())
    }

    /// Takes the stack's files away, and whatever it left. The name is free once the process ends.
    pub(super) fn clear(&self) {
        self.files.sweep(&self.lock);
        let _ = std::fs::remove_file(&self.files.log);
    }
}

/// Writes a file for its owner alone, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // Only the holder of the lock writes.
    let next = path.with_extension(NEXT);
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&next)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&next, path)
}
