//! Removing what a killed stack left behind.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::copy::remove_tree;
use super::error::{Error, Naming};
use super::processes::kill_all;
use super::segment::Segment;

/// More threads than ever write into a stack's folder at once.
const WRITERS: usize = 64;

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
/// is killed, except the caller. What another call left half done is finished.
///
/// The folder is first put under another name: whoever is just writing into it by its path, as a
/// copy that was given up on, then fails, instead of filling it again while it is being emptied.
///
/// # Errors
/// A process does not end, or a file cannot be removed.
pub fn sweep(run_root: &Path) -> Result<Swept, Error> {
    if run_root.components().count() < 3 || run_root.file_name().is_none() {
        return Err(Error::Invalid(format!(
            "{} is not the folder of a stack",
            run_root.display()
        )));
    }
    let mut swept = Swept::default();
    if let Ok(root) = run_root.canonicalize() {
        swept = Swept {
            processes: kill_all(&root, None)?,
            segments: remove_segments(&root)?,
            folder: true,
        };
        // An earlier call may have been cut off, and the name used again since.
        empty(&aside(run_root))?;
        std::fs::rename(&root, aside(run_root)).naming("rename", &root)?;
    }
    empty(&aside(run_root))?;
    Ok(swept)
}

/// Removes a folder that nobody finds by its name any more. Who had found it before may still put
/// one last file each into what was just emptied.
fn empty(aside: &Path) -> Result<(), Error> {
    let mut last_files = 0;
    loop {
        match remove_tree(aside) {
            Err(Error::File { source, .. })
                if source.kind() == ErrorKind::DirectoryNotEmpty && last_files < WRITERS =>
            {
                last_files += 1;
            }
            other => return other,
        }
    }
}

/// What a folder is called while it is being removed.
fn aside(root: &Path) -> PathBuf {
    root.with_added_extension("removed")
}

fn remove_segments(root: &Path) -> Result<usize, Error> {
    let folders = data_folders(root, 2)?;
    let removed = |folder: &PathBuf| Segment::of(folder).is_some_and(Segment::remove);
    Ok(folders.iter().filter(|folder| removed(folder)).count())
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
