//! The real binary, through a builder that reads like a script.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A folder of one's own, with the tool in it: its stacks, reports and journals are apart from
/// every other test's.
pub struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("has a parent")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// `loadtest ARGS…` in this folder.
    pub fn loadtest<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
        command
            .args(args)
            .current_dir(self.path())
            .env("XDG_RUNTIME_DIR", self.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        Run { command }
    }

    /// The only run folder under `reports/`.
    pub fn run_folder(&self) -> PathBuf {
        let reports = std::fs::read_dir(self.path().join("reports")).expect("reports/");
        let folders: Vec<_> = reports.map(|entry| entry.expect("an entry").path()).collect();
        assert_eq!(folders.len(), 1, "one run folder: {folders:?}");
        folders[0].clone()
    }

    /// `summary.json` of the only run.
    pub fn summary(&self) -> Value {
        let text = std::fs::read_to_string(self.run_folder().join("summary.json"));
        serde_json::from_str(&text.expect("summary.json")).expect("JSON")
    }
}

/// One invocation.
pub struct Run {
    command: Command,
}

impl Run {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end and expects this exit code.
    pub fn exits(mut self, code: i32) -> Said {
        let said = Said(self.command.output().expect("the binary starts"));
        assert_eq!(
            said.0.status.code(),
            Some(code),
            "exit code\n--- stdout\n{}\n--- stderr\n{}",
            said.out(),
            said.err()
        );
        said
    }

    /// Starts it and goes on.
    pub fn spawn(mut self) -> Child {
        self.command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts")
    }
}

/// What an invocation said.
pub struct Said(Output);

impl Said {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

/// The repository's own file.
pub fn repository(file: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file).display().to_string()
}
