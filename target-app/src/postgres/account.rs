//! As whom PostgreSQL runs: it refuses root.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::error::{Error, Naming};

/// The user that PostgreSQL's processes run as and its files belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Absent: ourselves.
    other: Option<Other>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Other {
    name: &'static str,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Ourselves, unless we are root: then `postgres`, else `nobody`.
    ///
    /// # Errors
    /// We are root and neither of them exists.
    pub fn choose() -> Result<Self, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::ourselves());
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| {
                let uid = id("-u", name)?;
                let gid = id("-g", name)?;
                Some(Other { name, uid, gid })
            })
            .map(|other| Self { other: Some(other) })
            .ok_or(Error::NoAccount)
    }

    /// The user we run as.
    pub(super) fn ourselves() -> Self {
        Self { other: None }
    }

    /// Makes `command` run as this account.
    pub(super) fn apply(&self, command: &mut Command) {
        if let Some(other) = &self.other {
            command.uid(other.uid).gid(other.gid);
        }
    }

    /// Gives a file or folder (not its contents) to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), Error> {
        match &self.other {
            None => Ok(()),
            Some(other) => std::os::unix::fs::lchown(path, Some(other.uid), Some(other.gid))
                .naming("change the owner of", path),
        }
    }

    /// Checks that this account may pass through every folder above `path`.
    pub(super) fn reaches(&self, path: &Path) -> Result<(), Error> {
        let Some(other) = &self.other else {
            return Ok(());
        };
        for folder in path.ancestors().skip(1) {
            let meta = folder.metadata().naming("read", folder)?;
            let (mode, shift) = (meta.permissions().mode(), other.shift(&meta));
            if mode >> shift & 0o1 == 0 {
                return Err(Error::Unreachable {
                    account: other.name.into(),
                    folder: folder.to_owned(),
                });
            }
        }
        Ok(())
    }
}

impl Other {
    /// Where in a file's mode this account's bits are.
    fn shift(&self, meta: &std::fs::Metadata) -> u32 {
        if meta.uid() == self.uid {
            6
        } else if meta.gid() == self.gid {
            3
        } else {
            0
        }
    }
}

fn id(flag: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([flag, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_closed_to_the_account_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let closed = folder.path().join("closed");
        std::fs::create_dir(&closed).unwrap();
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let stranger = Account {
            other: Some(Other {
                name: "nobody",
                uid: u32::MAX - 1,
                gid: u32::MAX - 1,
            }),
        };
        let error = stranger.reaches(&closed.join("data")).unwrap_err();
        assert!(error.to_string().contains(closed.to_str().unwrap()));
        let ourselves = Account { other: None };
        assert!(ourselves.reaches(&closed.join("data")).is_ok());
    }
}
