//! The folder in which this user's stacks can be found: one for each user of the machine, readable
//! by nobody else.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or read.
    #[error("cannot use the folder {path} for the addresses of stacks: {source}. Set XDG_RUNTIME_DIR to a folder of your own", path = path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Somebody else made it.
    #[error("the folder {path} belongs to another user, or is no folder: not used. Remove it, or set XDG_RUNTIME_DIR to a folder of your own", path = path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
}

/// `$XDG_RUNTIME_DIR/loadtest/stacks`, else `<temporary folder>/loadtest-<uid>/stacks`; made if
/// absent, open to its owner alone.
///
/// # Errors
/// [`FolderError`] when it cannot be made, or is not ours.
pub(super) fn stacks() -> Result<PathBuf, FolderError> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| Path::new(dir).is_dir());
    let ours = match runtime {
        Some(dir) => Path::new(&dir).join("loadtest"),
        None => std::env::temp_dir().join(format!("loadtest-{}", uid())),
    };
    private(&ours)?;
    let stacks = ours.join("stacks");
    private(&stacks)?;
    Ok(stacks)
}

/// The user that this process acts as.
pub(super) fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Makes a folder that only its owner may enter, or checks that it is one.
fn private(path: &Path) -> Result<(), FolderError> {
    let io = |source| FolderError::Io {
        path: path.to_owned(),
        source,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(io)?;
    // The temporary folder is everybody's: another user may have been there first.
    let found = std::fs::symlink_metadata(path).map_err(io)?;
    if !found.is_dir() || found.uid() != uid() {
        return Err(FolderError::NotOurs {
            path: path.to_owned(),
        });
    }
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(io)?;
    }
    Ok(())
}
