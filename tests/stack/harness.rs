//! Drives the real binary, each test with stacks of its own that no other test can see.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use target_app::api::{Action, ChangeRequest, Event, EventKind, StackHandle, StackStatus};
use target_app::client::Client;
use tempfile::TempDir;

/// Nothing here takes that long; what does is a failure that says so.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A user of their own, with a folder of stacks of their own.
pub(crate) struct User {
    runtime: TempDir,
}

impl User {
    pub(crate) fn new() -> Self {
        Self {
            runtime: tempfile::tempdir().unwrap(),
        }
    }

    /// A file of theirs: its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.runtime.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// `loadtest …` as this user.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
        command
            .args(arguments)
            .env("XDG_RUNTIME_DIR", self.runtime.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs it and answers what it printed.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} failed: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a stack that this test takes down, whatever becomes of it.
    pub(crate) fn up(&self, arguments: &[&str]) -> Stack<'_> {
        let name = name_in(arguments);
        self.succeeds(&[&["stack", "up"], arguments].concat());
        self.running(name)
    }

    /// A stack that was started; this test takes it down, whatever becomes of it.
    pub(crate) fn running(&self, name: &str) -> Stack<'_> {
        Stack {
            user: self,
            handle: self.handle(name).expect("a handle after `stack up`"),
        }
    }

    /// Starts `stack up --foreground` and waits for its handle.
    pub(crate) fn foreground(&self) -> (Child, StackHandle) {
        let mut command = self.command(&["stack", "up", "--foreground"]);
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let handle = eventually("a handle of the stack", || self.handle("default"));
        (child, handle)
    }

    pub(crate) fn handle(&self, name: &str) -> Option<StackHandle> {
        let file = self.stacks().join(format!("{name}.json"));
        serde_json::from_slice(&std::fs::read(file).ok()?).ok()
    }

    pub(crate) fn stacks(&self) -> PathBuf {
        self.runtime.path().join("loadtest/stacks")
    }

    /// Names of the files in the folder of stacks.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.stacks()).unwrap().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Process id of the edge of the stack with this folder.
    pub(crate) fn edge_of(&self, root: &Path) -> u32 {
        self.process_of(root, "edge")
    }

    /// Process id of the only one in this role of the stack with this folder.
    pub(crate) fn process_of(&self, root: &Path, role: &str) -> u32 {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let role = format!("internal\0{role}");
        let is_it = |path: &Path| {
            let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            line.contains(&role) && line.contains(&*root.to_string_lossy())
        };
        processes
            .filter(|entry| is_it(&entry.path()))
            .find_map(|entry| entry.file_name().to_str()?.parse().ok())
            .expect("a process in this role")
    }
}

/// A running stack.
pub(crate) struct Stack<'a> {
    user: &'a User,
    pub(crate) handle: StackHandle,
}

impl Stack<'_> {
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.handle)
    }

    pub(crate) async fn status(&self) -> StackStatus {
        self.client().status().await.unwrap()
    }

    pub(crate) async fn change(&self, id: &str, action: Action) {
        let request = ChangeRequest {
            run: "test-run".into(),
            fault: id.into(),
            action,
        };
        self.client().change(id, &request).await.unwrap();
    }

    /// Waits until the status is as wished.
    pub(crate) async fn until(
        &self,
        what: &str,
        wished: impl Fn(&StackStatus) -> bool,
    ) -> StackStatus {
        let since = Instant::now();
        loop {
            let status = self.status().await;
            if wished(&status) {
                return status;
            }
            assert!(since.elapsed() < LIMIT, "{what} never came: {status:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for an event after number `after`.
    pub(crate) async fn event(&self, after: u64, kind: EventKind, subject: &str) -> Event {
        let (since, mut last) = (Instant::now(), after);
        loop {
            let events = self
                .client()
                .events(last, Duration::from_secs(5))
                .await
                .unwrap();
            last = events.last().map_or(last, |event| event.seq);
            let wanted = |event: &&Event| event.kind == kind && event.subject == subject;
            if let Some(found) = events.iter().find(wanted) {
                return found.clone();
            }
            assert!(since.elapsed() < LIMIT, "{kind:?} of {subject} never came");
        }
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        let _ = self
            .user
            .run(&["stack", "down", "--name", &self.handle.name]);
    }
}

fn name_in<'a>(arguments: &[&'a str]) -> &'a str {
    let mut after = arguments.iter().skip_while(|word| **word != "--name");
    after.nth(1).copied().unwrap_or("default")
}

/// The shop's books, once no job waits any more.
pub(crate) async fn settled_books(status: &StackStatus) -> Value {
    loop {
        let url = format!("{}/api/admin/invariants", status.edge_url);
        let found: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        if found["pending"] == 0 {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until there is something.
pub(crate) fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(since.elapsed() < LIMIT, "{what} never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}
