//! Baselines in a folder.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::{Store, StoreError};

/// A folder, made when something is first written.
#[derive(Debug, Clone)]
pub struct DirStore {
    root: PathBuf,
}

impl DirStore {
    /// In this folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn add_below(&self, folder: &Path, found: &mut Vec<String>) -> Result<(), StoreError> {
        let entries = match folder.read_dir() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(io("list", folder))?,
        };
        for entry in entries {
            let path = entry.map_err(io("list", folder))?.path();
            if path.is_dir() {
                self.add_below(&path, found)?;
            } else if let Some(path) = path.strip_prefix(&self.root).ok().and_then(Path::to_str) {
                found.push(path.to_owned());
            }
        }
        Ok(())
    }
}

impl Store for DirStore {
    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        // Whole folders of the prefix need not be looked at beside it.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.add_below(&self.root.join(folder), &mut found)?;
        found.retain(|path| path.starts_with(prefix));
        found.sort();
        Ok(found)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.root.join(path);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io("read", &path)(error)),
        }
    }

    fn write(&self, files: Vec<(String, Vec<u8>)>, _message: &str) -> Result<(), StoreError> {
        for (path, bytes) in files {
            let path = self.root.join(path);
            let folder = path.parent().unwrap_or(&self.root);
            std::fs::create_dir_all(folder).map_err(io("create", folder))?;
            // Whole or not at all: another job may read it meanwhile.
            let mut file = tempfile_in(folder)?;
            file.1.write_all(&bytes).map_err(io("write", &file.0))?;
            std::fs::rename(&file.0, &path).map_err(io("write", &path))?;
        }
        Ok(())
    }
}

fn tempfile_in(folder: &Path) -> Result<(PathBuf, std::fs::File), StoreError> {
    let path = folder.join(format!(".{}", uuid::Uuid::new_v4().simple()));
    let file = std::fs::File::create_new(&path).map_err(io("create", &path))?;
    Ok((path, file))
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io {
        action,
        path,
        source,
    }
}
