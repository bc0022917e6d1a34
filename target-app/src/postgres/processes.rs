//! Finding and killing every process of a server.
//!
//! PostgreSQL's children call `setsid`, so killing a process group misses them, and when only the
//! postmaster is killed a backend can still report a commit as done. All of them work in the data
//! folder, whoever their parent is now: that is how they are found.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::error::Error;

/// A killed process may be in uninterruptible IO for this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Kills every process that works under `folder` with SIGKILL and waits until all are gone.
/// Returns how many there were. `postmaster` is stopped first, so that it forks no more.
/// Works on stopped processes too. Blocks for some milliseconds.
pub(super) fn kill_all(folder: &Path, postmaster: Option<Pid>) -> Result<usize, Error> {
    let started = Instant::now();
    if let Some(pid) = postmaster {
        stop(pid);
    }
    let mut killed = std::collections::HashSet::new();
    loop {
        let living = living(folder, postmaster);
        if living.is_empty() {
            return Ok(killed.len());
        }
        if started.elapsed() > PATIENCE {
            return Err(Error::Timeout {
                what: format!("processes {living:?} in {} to end", folder.display()),
                seconds: PATIENCE.as_secs(),
            });
        }
        for pid in living.into_iter().filter_map(Pid::from_raw) {
            // It may have ended by itself since.
            let _ = kill_process(pid, Signal::KILL);
            killed.insert(pid);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// SIGSTOP, and waits until it is in effect: until then the process can still fork.
fn stop(pid: Pid) {
    if kill_process(pid, Signal::STOP).is_err() {
        return;
    }
    let deadline = Instant::now() + Duration::from_millis(100);
    while os::runs(pid) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_micros(100));
    }
}

fn living(folder: &Path, postmaster: Option<Pid>) -> Vec<i32> {
    let ourselves = rustix::process::getpid().as_raw_nonzero().get();
    let mut living = os::working_in(folder, postmaster);
    living.retain(|pid| *pid != ourselves);
    living
}

#[cfg(target_os = "linux")]
mod os {
    use std::fs;
    use std::path::Path;

    use rustix::process::Pid;

    /// Processes whose working folder is under `folder`. A zombie has none, so it is gone.
    pub(super) fn working_in(folder: &Path, _postmaster: Option<Pid>) -> Vec<i32> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        entries
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| {
                fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| {
                    let cwd = cwd.to_string_lossy();
                    Path::new(cwd.strip_suffix(" (deleted)").unwrap_or(&cwd)).starts_with(folder)
                })
            })
            .collect()
    }

    /// Whether it is neither stopped nor dead.
    pub(super) fn runs(pid: Pid) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        // The state follows the name, which may itself hold spaces and parentheses.
        stat.ok()
            .and_then(|stat| stat.rsplit_once(") ")?.1.chars().next())
            .is_some_and(|state| !matches!(state, 'T' | 't' | 'Z' | 'X'))
    }
}

/// Without `/proc` the postmaster is recognised by its command line, which names the data folder,
/// and its children by their parent. Orphans of a postmaster killed by someone else are not found;
/// they notice its end and leave by themselves.
#[cfg(not(target_os = "linux"))]
mod os {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::process::Command;

    use rustix::process::Pid;

    pub(super) fn working_in(folder: &Path, postmaster: Option<Pid>) -> Vec<i32> {
        let Ok(output) = Command::new("ps")
            .args(["-axo", "pid=,ppid=,stat=,command="])
            .output()
        else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let folder = folder.to_string_lossy();
        let mut found: BTreeSet<i32> = BTreeSet::new();
        let rows: Vec<(i32, i32, bool)> = text
            .lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                let pid = words.next()?.parse().ok()?;
                let parent = words.next()?.parse().ok()?;
                let zombie = words.next()?.starts_with('Z');
                Some((pid, parent, !zombie && line.contains(&*folder)))
            })
            .collect();
        found.extend(rows.iter().filter(|row| row.2).map(|row| row.0));
        let alive = |pid: i32| rows.iter().any(|row| row.0 == pid);
        found.extend(
            postmaster
                .map(|pid| pid.as_raw_nonzero().get())
                .filter(|pid| alive(*pid)),
        );
        loop {
            let before = found.len();
            for (pid, parent, _) in &rows {
                if found.contains(parent) {
                    found.insert(*pid);
                }
            }
            if found.len() == before {
                return found.into_iter().collect();
            }
        }
    }

    pub(super) fn runs(pid: Pid) -> bool {
        let pid = pid.as_raw_nonzero().to_string();
        Command::new("ps")
            .args(["-o", "stat=", "-p", &pid])
            .output()
            .is_ok_and(|output| {
                let state = output.stdout.first().copied().unwrap_or(b'X');
                !matches!(state, b'T' | b'Z' | b'X')
            })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn kills_grandchildren_in_their_own_session_and_stopped_ones_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let mut inside = Command::new("sh")
            .args(["-c", "setsid sleep 600 & sleep 600"])
            .current_dir(&folder)
            .spawn()
            .unwrap();
        let mut outside = Command::new("sleep").arg("600").spawn().unwrap();
        let pid = Pid::from_child(&inside);
        while living(&folder, None).len() < 3 {
            std::thread::yield_now();
        }
        assert_eq!(kill_all(&folder, Some(pid)).unwrap(), 3);
        assert!(living(&folder, None).is_empty());
        assert!(outside.try_wait().unwrap().is_none());
        inside.wait().unwrap();
        outside.kill().unwrap();
        outside.wait().unwrap();
    }
}
