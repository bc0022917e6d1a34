//! Copies of a whole data folder.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use super::account::Account;
use super::error::{Error, Naming};

/// Copies `from` to the new folder `to`, readable by nobody but `owner`.
pub(super) fn copy_tree(from: &Path, to: &Path, owner: &Account) -> Result<(), Error> {
    let private = |path: &Path| fs::DirBuilder::new().mode(0o700).create(path);
    private(to).naming("create", to)?;
    for entry in from.read_dir().naming("read", from)? {
        let entry = entry.naming("read", from)?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type().naming("read", &entry.path())?;
        if kind.is_dir() {
            copy_tree(&entry.path(), &target, owner)?;
        } else {
            fs::copy(entry.path(), &target).naming("copy", &entry.path())?;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600))
                .naming("set the mode of", &target)?;
            owner.own(&target)?;
        }
    }
    owner.own(to)
}

/// Removes a folder and everything in it; one that is not there is removed already.
pub(super) fn remove_tree(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.naming("remove", path),
    }
}
