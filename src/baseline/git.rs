//! Baselines on an orphan branch of a git repository, written by git's plumbing: neither the working
//! tree nor the index of whoever calls is touched.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Store, StoreError};

/// A branch.
#[derive(Debug, Clone)]
pub struct GitStore {
    /// Inside the repository.
    repository: PathBuf,
    branch: String,
    remote: Option<String>,
}

/// Tries to push again when somebody else was quicker.
const PUSHES: usize = 5;

impl GitStore {
    /// The branch of the repository that `inside` belongs to; with a remote, as it is there now.
    ///
    /// # Errors
    /// [`StoreError::Git`] when there is no repository, or the remote does not answer.
    pub fn open(inside: &Path, branch: &str, remote: Option<&str>) -> Result<Self, StoreError> {
        let store = Self {
            repository: inside.to_owned(),
            branch: branch.to_owned(),
            remote: remote.map(str::to_owned),
        };
        store.git(&["rev-parse", "--git-dir"])?;
        store.git(&["check-ref-format", "--branch", branch])?;
        store.fetch()?;
        Ok(store)
    }

    /// Makes the branch what it is at the remote; a branch that is not there yet is no error.
    fn fetch(&self) -> Result<(), StoreError> {
        let Some(remote) = &self.remote else {
            return Ok(());
        };
        let there = self.git(&["ls-remote", "--heads", remote, &self.branch])?;
        if there.is_empty() {
            return Ok(());
        }
        let branch = &self.branch;
        self.git(&[
            "fetch",
            "--quiet",
            remote,
            &format!("+refs/heads/{branch}:refs/heads/{branch}"),
        ])?;
        Ok(())
    }

    fn tip(&self) -> Option<String> {
        let reference = format!("refs/heads/{}", self.branch);
        let tip = self
            .git(&["rev-parse", "--verify", "--quiet", &reference])
            .ok()?;
        Some(text(&tip))
    }

    /// A commit with these files on top of the tip.
    fn commit(&self, files: &[(String, Vec<u8>)], message: &str) -> Result<(), StoreError> {
        let index = IndexFile::new();
        let with_index =
            |arguments: &[&str], input: &[u8]| self.run(arguments, input, Some(&index.0));
        let tip = self.tip();
        if let Some(tip) = &tip {
            with_index(&["read-tree", tip], b"")?;
        }
        for (path, bytes) in files {
            let blob = text(&self.run(&["hash-object", "-w", "--stdin"], bytes, None)?);
            let entry = format!("100644,{blob},{path}");
            with_index(&["update-index", "--add", "--cacheinfo", &entry], b"")?;
        }
        let tree = text(&with_index(&["write-tree"], b"")?);
        let mut arguments = vec!["commit-tree", &tree, "-m", message];
        if let Some(tip) = &tip {
            arguments.extend(["-p", tip]);
        }
        let commit = text(&self.run(&arguments, b"", None)?);
        let reference = format!("refs/heads/{}", self.branch);
        // Only if nobody else has moved it since.
        let before = tip.unwrap_or_else(|| "0".repeat(commit.len()));
        self.git(&["update-ref", &reference, &commit, &before])?;
        Ok(())
    }

    fn git(&self, arguments: &[&str]) -> Result<Vec<u8>, StoreError> {
        self.run(arguments, b"", None)
    }

    fn run(
        &self,
        arguments: &[&str],
        input: &[u8],
        index: Option<&Path>,
    ) -> Result<Vec<u8>, StoreError> {
        let failed = |said: String| StoreError::Git {
            what: arguments.join(" "),
            said,
        };
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.repository).args(arguments);
        // Whoever has no name yet, as in a fresh pipeline, can still record a run.
        for (name, value) in [("NAME", "loadtest"), ("EMAIL", "loadtest@localhost")] {
            for role in ["AUTHOR", "COMMITTER"] {
                let variable = format!("GIT_{role}_{name}");
                if std::env::var_os(&variable).is_none() {
                    command.env(variable, value);
                }
            }
        }
        if let Some(index) = index {
            command.env("GIT_INDEX_FILE", index);
        }
        let mut child = command
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("git cannot be started: {error}")))?;
        let mut stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                use std::io::Write as _;
                // A git that ends without reading has said why.
                stdin.take().map(|mut stdin| stdin.write_all(input))
            });
            child.wait_with_output()
        });
        let output = output.map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(failed(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ))
        }
    }
}

impl Store for GitStore {
    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let Some(tip) = self.tip() else {
            return Ok(Vec::new());
        };
        let listed = self.git(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", &tip])?;
        let paths = listed
            .split(|byte| *byte == 0)
            .filter_map(|path| std::str::from_utf8(path).ok());
        let found = paths.filter(|path| !path.is_empty() && path.starts_with(prefix));
        Ok(found.map(str::to_owned).collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(tip) = self.tip() else {
            return Ok(None);
        };
        let object = format!("{tip}:{path}");
        if self.git(&["cat-file", "-e", &object]).is_err() {
            return Ok(None);
        }
        self.git(&["cat-file", "blob", &object]).map(Some)
    }

    fn write(&self, files: Vec<(String, Vec<u8>)>, message: &str) -> Result<(), StoreError> {
        let Some(remote) = &self.remote else {
            return self.commit(&files, message);
        };
        let branch = &self.branch;
        let mut pushed = Ok(());
        for _ in 0..PUSHES {
            self.fetch()?;
            self.commit(&files, message)?;
            let reference = format!("refs/heads/{branch}:refs/heads/{branch}");
            match self.git(&["push", "--quiet", remote, &reference]) {
                Ok(_) => return Ok(()),
                // Another job was quicker: on top of its runs, then.
                Err(error) => pushed = Err(error),
            }
        }
        pushed
    }
}

/// An index beside the caller's own; removed with this value.
struct IndexFile(PathBuf);

impl IndexFile {
    fn new() -> Self {
        let name = format!("loadtest-index-{}", uuid::Uuid::new_v4().simple());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for IndexFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
