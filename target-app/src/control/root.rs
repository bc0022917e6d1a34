//! The folder that holds everything a stack writes: data, logs, journal. In memory where the
//! machine has such a file system with room, because the database's fsyncs would otherwise measure
//! this machine's disk.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::folder::uid;

/// Below this the databases could fill it.
const ROOM: u64 = 1 << 30;
/// How every such folder's name begins: nothing else is ever swept.
const PREFIX: &str = "loadtest-";

/// Why there is no such folder.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// It cannot be made.
    #[error("cannot make the stack's folder {path}: {source}", path = path.display())]
    Make {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The disk is full.
    #[error("{path} has {free} MiB free, and a stack needs 1,024: make room, or set TMPDIR to a place that has it", path = path.display())]
    Full {
        /// Where it would be.
        path: PathBuf,
        /// What is left there, in MiB.
        free: u64,
    },
}

/// A path for a new stack's folder that nothing else has.
///
/// # Errors
/// [`RootError::Full`] when neither memory nor disk has room.
pub(super) fn choose(name: &str) -> Result<PathBuf, RootError> {
    let memory = PathBuf::from("/dev/shm");
    let place = match free(&memory) {
        Some(free) if free >= ROOM && is_writable(&memory) => memory,
        _ => std::env::temp_dir(),
    };
    if let Some(free) = free(&place).filter(|free| *free < ROOM) {
        return Err(RootError::Full {
            path: place,
            free: free >> 20,
        });
    }
    let unique = &uuid::Uuid::new_v4().simple().to_string()[..8];
    Ok(place.join(format!("{PREFIX}{}-{name}-{unique}", uid())))
}

/// Makes the folder and those for logs and data. Entered by its owner alone, except that root's
/// can be passed through, because its databases run as another user.
pub(super) fn make(root: &Path) -> Result<(), RootError> {
    let mode = if uid() == 0 { 0o711 } else { 0o700 };
    let make = |path: &Path, mode| {
        DirBuilder::new()
            .mode(mode)
            .create(path)
            .map_err(|source| RootError::Make {
                path: path.to_owned(),
                source,
            })
    };
    make(root, mode)?;
    make(&logs(root), 0o700)
}

/// The folder's own name: the stack's, and unlike that of any other stack there was.
pub(super) fn name(root: &Path) -> String {
    let name = root.file_name().unwrap_or(root.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Where the processes' logs are.
pub(super) fn logs(root: &Path) -> PathBuf {
    root.join("logs")
}

/// Whether a path is one that [`choose`] can have made: the guard before anything is removed.
pub(super) fn is_ours(root: &Path) -> bool {
    let named = root
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with(&format!("{PREFIX}{}-", uid())));
    named && root.is_absolute() && !root.is_symlink()
}

fn free(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some(found.f_bavail * found.f_frsize)
}

fn is_writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}
