//! A version that a command starts: brought up before a run, taken down after it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::cli::UsageError;

/// Between two looks whether it answers.
const PAUSE: Duration = Duration::from_millis(100);
/// What one look may take.
const LOOK: Duration = Duration::from_secs(2);
/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(10);
/// Lines of its own that are shown when it does not come up.
const LAST_LINES: usize = 10;

/// A process group of its own; killed when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    group: Pid,
    door: Door,
    log: PathBuf,
}

impl Server {
    /// Starts a shell command, told as `words`, whose output goes to `log`, and waits until `url`
    /// answers.
    ///
    /// # Errors
    /// Something else answers already, the command ends, or it does not answer in time.
    pub(super) async fn start(
        (command, words): (&str, &str),
        url: &str,
        log: &Path,
        within: Duration,
    ) -> anyhow::Result<Self> {
        let door = Door::of(url)?;
        if door.answers().await {
            return Err(UsageError(format!(
                "something answers at {url} already, so it would be measured instead of what \
                 {words} starts\n  next: stop it, or give the scenario another target"
            ))
            .into());
        }
        let output = File::options().create(true).append(true).open(log);
        let output = output.with_context(|| format!("{} cannot be written", log.display()))?;
        let child = Command::new("sh")
            .arg("-c")
            .arg(command)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C at the terminal is ours to answer; and whatever it starts ends with it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{words} cannot be started"))?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        let group = pid
            .and_then(Pid::from_raw)
            .context("the command has no process id")?;
        let mut server = Self {
            child,
            group,
            door,
            log: log.to_owned(),
        };
        server.ready(words, within).await?;
        Ok(server)
    }

    /// Returns once it answers.
    async fn ready(&mut self, words: &str, within: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + within;
        loop {
            if self.door.answers().await {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                let why = format!(
                    "{words} ended with {status} before {} answered",
                    self.door.url
                );
                return Err(self.not_up(&why).into());
            }
            if Instant::now() >= deadline {
                let why = format!(
                    "{} did not answer within {} s after {words} was started (--ready-within)",
                    self.door.url,
                    within.as_secs()
                );
                return Err(self.not_up(&why).into());
            }
            sleep(PAUSE).await;
        }
    }

    fn not_up(&self, why: &str) -> UsageError {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n  | ");
        UsageError(match last.as_str() {
            "" => format!("{why}; it said nothing"),
            last => format!("{why}; it said:\n  | {last}"),
        })
    }

    /// Ends it, and waits until nothing answers any more.
    ///
    /// # Errors
    /// Something still answers: the next run would measure the wrong version.
    pub(super) async fn end(mut self) -> anyhow::Result<()> {
        // One that has ended by itself has no group any more, which is as good.
        let _ = kill_process_group(self.group, Signal::TERM);
        if timeout(GRACE, self.child.wait()).await.is_err() {
            self.kill();
            self.child.wait().await?;
        }
        // What it started and did not end itself.
        self.kill();
        let deadline = Instant::now() + GRACE;
        while self.door.answers().await {
            if Instant::now() >= deadline {
                anyhow::bail!(
                    "something still answers at {} although the process group of the command was \
                     killed: it must not start its server as a daemon",
                    self.door.url
                );
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    fn kill(&self) {
        let _ = kill_process_group(self.group, Signal::KILL);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where it is to answer.
#[derive(Debug)]
struct Door {
    url: String,
    client: reqwest::Client,
}

impl Door {
    fn of(url: &str) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(LOOK).build();
        Ok(Self {
            url: url.to_owned(),
            client: client.context("the client that asks whether it answers cannot be made")?,
        })
    }

    /// Whether something takes requests there. Plain HTTP is asked, since what only forwards a port
    /// accepts connections long before the server behind it does; else a connection has to do.
    async fn answers(&self) -> bool {
        let url = &self.url;
        if let Some(path) = url.strip_prefix("unix:") {
            return UnixStream::connect(path).await.is_ok();
        }
        if url.starts_with("http://") {
            let answer = self.client.get(url).send().await;
            // A proxy without anything behind it answers so.
            return answer.is_ok_and(|answer| !matches!(answer.status().as_u16(), 502..=504));
        }
        let rest = url.strip_prefix("https://").unwrap_or(url);
        let authority = rest.split('/').next().unwrap_or(rest);
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.ends_with(']'));
        let address = match has_port {
            true => authority.to_owned(),
            false => format!("{authority}:443"),
        };
        matches!(timeout(LOOK, TcpStream::connect(address)).await, Ok(Ok(_)))
    }
}
