//! A browser of a test's own: its profile, its processes, their end.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Its names, best first.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Nothing that needs a screen, a network or a person.
const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-port=0",
];

/// A headless browser; it ends with this.
pub(crate) struct Browser {
    leader: Child,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one.
    ///
    /// # Panics
    /// There is none on this machine: the words say how to install it.
    pub(crate) fn launch() -> Self {
        let program = program().expect(
            "no Chromium on this machine, which the tests of pages drive; install it: ci/setup --test",
        );
        let profile = tempfile::tempdir().expect("a temporary folder");
        let leader = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own, so that its helpers can be ended with it and nobody else.
            .process_group(0)
            .spawn()
            .expect("the browser starts");
        Self { leader, profile }
    }

    /// Port and path at which it can be driven; it writes them into its profile once it listens.
    pub(crate) fn endpoint(&mut self) -> (u16, String) {
        let file = self.profile.path().join("DevToolsActivePort");
        let began = Instant::now();
        loop {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if let Some((port, path)) = text.split_once('\n')
                && path.starts_with("/devtools/")
            {
                return (port.parse().expect("a port"), path.trim().to_owned());
            }
            if let Some(status) = self.leader.try_wait().expect("a child") {
                panic!("the browser ended with {status} before it listened");
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "waited a minute for the browser to listen"
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = i32::try_from(self.leader.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // Gone already is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.leader.wait();
    }
}

/// The first browser on the search path, or where macOS keeps it.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let named = |name: &str| {
        let mut files = folders.iter().map(|folder| folder.join(name));
        files.find(|file| file.is_file())
    };
    let mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    NAMES
        .iter()
        .find_map(|name| named(name))
        .or_else(|| mac.is_file().then_some(mac))
}
