//! A running process of the stack, seen from its parent.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

use super::{Announcement, Failure, Progress, Ready, Role, spawner};

/// How long a process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Dies with its parent, at once (on Linux; elsewhere when it notices).
    Bound,
    /// Is asked to stop when its parent dies, and cleans up.
    Follows,
    /// Outlives its parent, once it is ready.
    Detached,
}

/// What to start.
#[derive(Debug)]
pub struct Launch<'a> {
    /// Which part of the stack.
    pub role: Role,
    /// What the process list calls it.
    pub name: &'a str,
    /// The stack's folder: on the command line, for people who look at the process list.
    pub root: &'a Path,
    /// Where its stderr goes; made if absent.
    pub log: PathBuf,
    /// How long it lives.
    pub lifetime: Lifetime,
}

/// Why a process did not start.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The operating system refused, or a pipe broke.
    #[error("cannot start {name}: {source}")]
    Io {
        /// Of the process.
        name: String,
        /// The cause.
        source: std::io::Error,
    },
    /// It said itself why not.
    #[error("{name} did not start: {}", failure.error)]
    Failed {
        /// Of the process.
        name: String,
        /// Its own words.
        failure: Failure,
    },
    /// It ended without a word.
    #[error("{name} ended before it was ready ({status}); its log {log} closes with:\n{tail}", log = log.display())]
    Exited {
        /// Of the process.
        name: String,
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
}

/// A running process. Dropping it cuts the lifeline: the process is asked to end.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    ready: Ready,
    exited: watch::Receiver<Option<ExitStatus>>,
    _lifeline: Option<ChildStdin>,
}

impl Child {
    /// Process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Where it listens.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Resolves when the process has ended. Safe to drop and call again.
    pub async fn wait(&self) -> Option<ExitStatus> {
        let mut exited = self.exited.clone();
        exited.wait_for(Option::is_some).await.ok().and_then(|s| *s)
    }

    /// Whether the process has ended.
    #[must_use]
    pub fn has_exited(&self) -> bool {
        self.exited.borrow().is_some()
    }

    /// SIGTERM: finish what you have, then end.
    pub fn term(&self) {
        self.signal(Signal::TERM);
    }

    /// SIGKILL: end now. Works on stopped processes too.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// SIGSTOP: keep your sockets and do nothing.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT: go on.
    pub fn cont(&self) {
        self.signal(Signal::CONT);
    }

    /// An ended process is not signalled: its number may belong to another one.
    fn signal(&self, signal: Signal) {
        if !self.has_exited() {
            // The only error left is that it has just ended, which is no error.
            let _ = kill_process(self.pid, signal);
        }
    }
}

/// Starts a process, hands it `config` and waits until it is ready. `progress` hears of every
/// stage that it announces before. Dropping the future takes the process down again.
///
/// # Errors
/// [`SpawnError`] when it could not be started, said why it cannot run, or ended early.
pub async fn spawn(
    launch: Launch<'_>,
    config: &impl Serialize,
    mut progress: impl FnMut(Progress),
) -> Result<Child, SpawnError> {
    let io = |source| SpawnError::Io {
        name: launch.name.to_owned(),
        source,
    };
    let mut line = serde_json::to_vec(config).map_err(|error| io(error.into()))?;
    line.push(b'\n');
    let command = command(&launch).map_err(io)?;
    let mut process = spawner::spawn(command).await.map_err(io)?;
    let pid = process
        .id()
        .and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?))
        .ok_or_else(|| io(std::io::Error::other("it ended at once")))?;
    let mut stdin = process.stdin.take();
    let stdout = process.stdout.take();
    if let Some(stdin) = &mut stdin {
        stdin.write_all(&line).await.map_err(io)?;
    }
    let announced = match stdout {
        Some(stdout) => listen(stdout, &mut progress).await.map_err(io)?,
        None => None,
    };
    match announced {
        Some(Announcement::Ready(ready)) => Ok(Child {
            pid,
            ready,
            exited: reap(process),
            _lifeline: stdin.filter(|_| launch.lifetime != Lifetime::Detached),
        }),
        Some(Announcement::Failed(failure)) => {
            let _ = process.wait().await;
            Err(SpawnError::Failed {
                name: launch.name.to_owned(),
                failure,
            })
        }
        Some(Announcement::Progress(_)) | None => {
            let status = process.wait().await.map_err(io)?;
            Err(SpawnError::Exited {
                name: launch.name.to_owned(),
                status: status.to_string(),
                tail: tail(&launch.log),
                log: launch.log,
            })
        }
    }
}

fn command(launch: &Launch<'_>) -> std::io::Result<Command> {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&launch.log)?;
    // Whoever sweeps up after a dead stack finds its processes by the folder they work in.
    let folder = match launch.lifetime {
        Lifetime::Bound => launch.root,
        Lifetime::Follows | Lifetime::Detached => Path::new("/"),
    };
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["internal", launch.role.as_str(), "--name", launch.name])
        .arg("--root")
        .arg(launch.root)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        // The others clean up by themselves when they lose their lifeline.
        .kill_on_drop(launch.lifetime == Lifetime::Bound);
    let lifetime = launch.lifetime;
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec only system calls are made that are async-signal-safe.
    unsafe { command.pre_exec(move || prepare(lifetime, parent)) };
    Ok(command)
}

/// Runs in the child, before it becomes the new program.
fn prepare(lifetime: Lifetime, parent: Pid) -> std::io::Result<()> {
    if lifetime != Lifetime::Bound {
        // Out of the terminal's reach: Ctrl-C is for the tool, which then takes the stack down.
        rustix::process::setsid()?;
    }
    #[cfg(target_os = "linux")]
    {
        let signal = match lifetime {
            Lifetime::Bound => Some(Signal::KILL),
            Lifetime::Follows => Some(Signal::TERM),
            Lifetime::Detached => None,
        };
        rustix::process::set_parent_process_death_signal(signal)?;
    }
    // The parent died before the signal was armed.
    if lifetime != Lifetime::Detached && rustix::process::getppid() != Some(parent) {
        return Err(rustix::io::Errno::SRCH.into());
    }
    Ok(())
}

/// Reads announcements up to the deciding one; `None` when stdout ended without it.
async fn listen(
    stdout: ChildStdout,
    progress: &mut impl FnMut(Progress),
) -> std::io::Result<Option<Announcement>> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line) {
            Ok(Announcement::Progress(stage)) => progress(stage),
            Ok(decided) => return Ok(Some(decided)),
            Err(_) => tracing::warn!(line, "not an announcement"),
        }
    }
    Ok(None)
}

/// Collects the exit status as soon as there is one, so that nothing stays a zombie.
fn reap(mut process: tokio::process::Child) -> watch::Receiver<Option<ExitStatus>> {
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        if let Ok(status) = process.wait().await {
            sender.send_replace(Some(status));
        }
    });
    receiver
}

/// The last lines of a log, for an error message.
fn tail(log: &Path) -> String {
    const BYTES: u64 = 2_000;
    let read = || -> std::io::Result<String> {
        let mut file = std::fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    };
    read().unwrap_or_else(|error| format!("(unreadable: {error})"))
}
