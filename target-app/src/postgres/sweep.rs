//! Removing what a killed stack left behind.

use std::path::{Path, PathBuf};

use super::copy::remove_tree;
use super::error::{Error, Naming};
use super::processes::kill_all;
use super::segment::Segment;

/// What was found and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Processes that worked in the folder.
    pub processes: usize,
    /// System V shared memory segments.
    pub segments: usize,
    /// Whether the folder was there.
    pub folder: bool,
}

/// Removes the processes, shared memory segments and files of the stack whose folder this was.
/// Blocks for some milliseconds. The stack must not be in use: everything that works in the folder
/// is killed, except the caller.
///
/// # Errors
/// A process does not end, or a file cannot be removed.
pub fn sweep(run_root: &Path) -> Result<Swept, Error> {
    let Ok(root) = run_root.canonicalize() else {
        return Ok(Swept::default());
    };
    if root.components().count() < 3 {
        return Err(Error::Invalid(format!(
            "{} is not the folder of a stack",
            root.display()
        )));
    }
    let processes = kill_all(&root, None)?;
    let mut segments = 0;
    for folder in data_folders(&root, 2)? {
        segments += usize::from(Segment::of(&folder).is_some_and(Segment::remove));
    }
    remove_tree(&root)?;
    Ok(Swept {
        processes,
        segments,
        folder: true,
    })
}

/// Folders with a `postmaster.pid`, at most `depth` levels down.
fn data_folders(root: &Path, depth: u32) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in root.read_dir().naming("read", root)? {
        let entry = entry.naming("read", root)?;
        if !entry.file_type().naming("read", &entry.path())?.is_dir() {
            continue;
        }
        if entry.path().join("postmaster.pid").is_file() {
            found.push(entry.path());
        } else if depth > 1 {
            found.extend(data_folders(&entry.path(), depth - 1)?);
        }
    }
    Ok(found)
}
