//! The real binary, through a builder that reads like a script.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod plane;
pub(crate) mod target;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A folder of one's own, with the tool in it: its stacks, reports and journals are apart from
/// every other test's.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("has a parent")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// `loadtest ARGS…` in this folder.
    pub(crate) fn loadtest<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
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
    pub(crate) fn run_folder(&self) -> PathBuf {
        let reports = std::fs::read_dir(self.path().join("reports")).expect("reports/");
        let folders: Vec<_> = reports
            .map(|entry| entry.expect("an entry").path())
            .collect();
        assert_eq!(folders.len(), 1, "one run folder: {folders:?}");
        folders[0].clone()
    }

    /// Blocks until the run's `events.jsonl` holds this text.
    pub(crate) fn wait_for_event(&self, run: &mut Child, text: &str) {
        self.wait_for(run, text, |events| events.contains(text));
    }

    /// Blocks until the run's `events.jsonl` has this many lines.
    pub(crate) fn wait_for_lines(&self, run: &mut Child, lines: usize) {
        self.wait_for(run, &format!("{lines} lines"), |events| {
            events.lines().count() >= lines
        });
    }

    fn wait_for(&self, run: &mut Child, what: &str, there: impl Fn(&str) -> bool) {
        until(&format!("{what} in events.jsonl"), || {
            if let Some(status) = run.try_wait().expect("a child") {
                let mut err = String::new();
                if let Some(mut stderr) = run.stderr.take() {
                    std::io::Read::read_to_string(&mut stderr, &mut err).expect("its words");
                }
                panic!("it ended with {status} before {what}:\n{err}");
            }
            there(&self.events())
        });
    }

    /// Whether the run's `events.jsonl` holds this text by now.
    pub(crate) fn said(&self, text: &str) -> bool {
        self.events().contains(text)
    }

    /// `events.jsonl` of the only run, as far as it goes.
    fn events(&self) -> String {
        let Ok(mut folders) = std::fs::read_dir(self.path().join("reports")) else {
            return String::new();
        };
        let folder = folders
            .next()
            .and_then(Result::ok)
            .map(|entry| entry.path());
        folder
            .and_then(|folder| std::fs::read_to_string(folder.join("events.jsonl")).ok())
            .unwrap_or_default()
    }

    /// `summary.json` of the only run.
    pub(crate) fn summary(&self) -> Value {
        let text = std::fs::read_to_string(self.run_folder().join("summary.json"));
        serde_json::from_str(&text.expect("summary.json")).expect("JSON")
    }
}

/// One invocation.
pub(crate) struct Run {
    command: Command,
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// As a shell would run it that lets it open so many files.
    pub(crate) fn with_descriptors(self, limit: u32) -> Self {
        let mut shell = Command::new("sh");
        shell
            .arg("-c")
            .arg(format!("ulimit -n {limit} && exec \"$0\" \"$@\""))
            .arg(self.command.get_program())
            .args(self.command.get_args())
            .stdin(Stdio::null());
        for (name, value) in self.command.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        if let Some(folder) = self.command.get_current_dir() {
            shell.current_dir(folder);
        }
        Self { command: shell }
    }

    /// Runs it to its end and expects this exit code.
    pub(crate) fn exits(mut self, code: i32) -> Said {
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
    pub(crate) fn spawn(mut self) -> Child {
        self.command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts")
    }
}

/// What an invocation said.
pub(crate) struct Said(Output);

impl Said {
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

/// The repository's own file.
pub(crate) fn repository(file: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(file)
        .display()
        .to_string()
}

/// Blocks until a condition holds; gives up after a minute, saying what never came.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(
            began.elapsed().as_secs() < 60,
            "waited a minute for: {what}"
        );
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
}

/// Sends a signal to a process that this test started.
pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .expect("a pid");
    rustix::process::kill_process(pid, signal).expect("the process is there");
}

/// Processes that belong to this bench: those that inherited its runtime folder.
pub(crate) fn processes_of(bench: &Bench) -> Vec<u32> {
    let mark = format!("XDG_RUNTIME_DIR={}", bench.path().display());
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                environment
                    .split(|byte| *byte == 0)
                    .any(|variable| variable == mark.as_bytes())
            })
        })
        .collect()
}

/// Ids of all System V shared memory segments: PostgreSQL makes one for each server. Others on this
/// machine may let theirs go meanwhile; only new ones are a mess of ours.
pub(crate) fn shared_memory_segments() -> BTreeSet<String> {
    let text = std::fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    text.lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned))
        .collect()
}
