//! Runs one contestant on one core and takes its processor time from the kernel.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What a generator's process used, its children included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// User time, seconds.
    pub(crate) user: f64,
    /// System time, seconds.
    pub(crate) system: f64,
    /// Largest resident memory of one of its processes, bytes.
    pub(crate) memory: u64,
}

impl Usage {
    /// User and system time together, seconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

/// Pins a command to these cores.
pub(crate) fn pinned(cores: &[usize], command: &[String]) -> Command {
    let mut pinned = Command::new("taskset");
    let cores: Vec<String> = cores.iter().map(usize::to_string).collect();
    pinned.args(["-c", &cores.join(",")]).args(command);
    pinned
}

/// Runs a command on `cores` until it ends, or interrupts it after `at_most`: some peers know no
/// duration. Its output goes to `log`; any of the exit codes `ends_well_with` is no failure.
///
/// # Errors
/// It cannot be started, or it failed before its time was over.
pub(crate) fn run(
    cores: &[usize],
    command: &[String],
    ends_well_with: &[i32],
    at_most: Duration,
    log: &Path,
) -> Result<Usage> {
    let output = File::create(log)?;
    let began = Instant::now();
    let child = pinned(cores, command)
        .stdin(Stdio::null())
        .stderr(output.try_clone()?)
        .stdout(output)
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {}", command[0]))?;
    let pid = i32::try_from(child.id())?;
    let mut status = 0;
    let mut interrupted = false;
    loop {
        // SAFETY: all zeros is a valid rusage, which is plain numbers.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: `pid` is our own child, not waited for by anyone else; both pointers are valid.
        let ended = unsafe { libc::wait4(pid, &raw mut status, libc::WNOHANG, &raw mut usage) };
        if ended == pid {
            let code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
            if !ends_well_with.contains(&code.unwrap_or(-1)) && !interrupted {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                bail!("{} failed:\n{said}", command.join(" "));
            }
            return Ok(Usage {
                user: seconds(usage.ru_utime),
                system: seconds(usage.ru_stime),
                memory: u64::try_from(usage.ru_maxrss)? * 1024,
            });
        }
        if began.elapsed() > at_most && !interrupted {
            interrupted = true;
            // SAFETY: sends a signal to the process group that this child leads.
            unsafe { libc::kill(-pid, libc::SIGINT) };
        }
        if began.elapsed() > at_most + Duration::from_secs(20) {
            // SAFETY: as above.
            unsafe { libc::kill(-pid, libc::SIGKILL) };
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}
