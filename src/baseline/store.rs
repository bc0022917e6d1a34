//! Where baselines are kept, behind a trait as narrow as it can be.

use std::path::PathBuf;
use std::str::FromStr;

/// Files by path, relative and with forward slashes.
pub trait Store {
    /// All paths that begin so.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError>;

    /// A file; none: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes these files, all or none where the store can.
    ///
    /// # Errors
    /// [`StoreError`].
    fn write(&self, files: Vec<(String, Vec<u8>)>, message: &str) -> Result<(), StoreError>;
}

/// A store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refuses.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write` …
        action: &'static str,
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Git refuses.
    #[error("git {what} failed: {said}")]
    Git {
        /// Its arguments.
        what: String,
        /// Its words.
        said: String,
    },
    /// A file there is damaged.
    #[error("a file of the baseline makes no sense: {0}")]
    Damaged(#[from] serde_json::Error),
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder; of a bucket or a share too, once it is mounted.
    Dir(PathBuf),
    /// An orphan branch of the git repository that one stands in.
    Git {
        /// The branch.
        branch: String,
        /// Where it is fetched from first and pushed to afterwards; none: it stays here.
        remote: Option<String>,
    },
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("dir", path)) if !path.is_empty() => Ok(Self::Dir(path.into())),
            Some(("git", name)) if !name.is_empty() => {
                let (branch, remote) = match name.split_once('@') {
                    Some((branch, remote)) => (branch, Some(remote.to_owned())),
                    None => (name, None),
                };
                Ok(Self::Git {
                    branch: branch.to_owned(),
                    remote,
                })
            }
            _ => Err(format!(
                "`{text}` is no place for baselines: write dir:FOLDER, git:BRANCH, or \
                 git:BRANCH@REMOTE to fetch and push it"
            )),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dir(path) => write!(f, "dir:{}", path.display()),
            Self::Git { branch, remote } => match remote {
                Some(remote) => write!(f, "git:{branch}@{remote}"),
                None => write!(f, "git:{branch}"),
            },
        }
    }
}
