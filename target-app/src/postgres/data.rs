//! A server's data folder, and every process that works in it.

use std::path::{Path, PathBuf};

use rustix::process::Pid;

use super::copy::remove_tree;
use super::error::Error;
use super::kit::blocking;
use super::processes::kill_all;
use super::segment::Segment;

/// Owns a data folder. Dropping it kills what works there and removes the folder, so that a step
/// which is abandoned half done leaves nothing behind.
pub(super) struct DataFolder {
    path: PathBuf,
    segment: Option<Segment>,
    removed: bool,
}

impl DataFolder {
    /// Takes responsibility for a folder, which need not exist yet.
    pub(super) fn own(path: PathBuf) -> Self {
        Self {
            path,
            segment: None,
            removed: false,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Remembers the shared memory of the server that has started in it, in case its pid file is
    /// gone when it has to be removed.
    pub(super) fn note_segment(&mut self) {
        self.segment = Segment::of(&self.path);
    }

    /// Kills everything that works in it, and returns when nothing is left; the data stays.
    pub(super) async fn kill(&self, postmaster: Option<Pid>) -> Result<(), Error> {
        let (path, segment) = (self.path.clone(), self.segment);
        blocking(move || kill(&path, postmaster, segment)).await
    }

    /// Kills everything that works in it and removes it.
    pub(super) async fn destroy(mut self, postmaster: Option<Pid>) -> Result<(), Error> {
        self.kill(postmaster).await?;
        let path = self.path.clone();
        blocking(move || remove_tree(&path)).await?;
        self.removed = true;
        Ok(())
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        if self.removed {
            return;
        }
        if let Err(error) =
            kill(&self.path, None, self.segment).and_then(|()| remove_tree(&self.path))
        {
            tracing::error!(folder = %self.path.display(), %error, "database not removed");
        }
    }
}

fn kill(folder: &Path, postmaster: Option<Pid>, segment: Option<Segment>) -> Result<(), Error> {
    kill_all(folder, postmaster)?;
    if let Some(segment) = Segment::of(folder).or(segment) {
        segment.remove();
    }
    Ok(())
}
