//! Removes what a stack left: processes, shared memory, its folder. The last step of an orderly end
//! and the first of everything after a disorderly one; doing it twice is doing it once.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process};

use super::root;

/// How long killed processes may take to be gone.
const LIMIT: Duration = Duration::from_secs(5);

/// Removes everything that belongs to the stack whose folder is `root`, except this process.
pub(super) fn sweep(root: &Path) {
    if !root::is_ours(root) {
        tracing::error!(root = %root.display(), "no folder of a stack of ours: left alone");
        return;
    }
    let since = Instant::now();
    loop {
        let left = processes_of(root);
        if left.is_empty() || since.elapsed() > LIMIT {
            break;
        }
        for pid in left {
            tracing::info!(pid = pid.as_raw_nonzero().get(), "killing what is left");
            let _ = kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    remove_segments(root);
    if let Err(error) = std::fs::remove_dir_all(root)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::error!(root = %root.display(), %error, "cannot remove the stack's folder");
    }
}

/// The processes that carry the stack's folder on their command line or work inside of it (the
/// database's own processes rename themselves). Not this one.
fn processes_of(root: &Path) -> Vec<Pid> {
    let found = if cfg!(target_os = "linux") {
        from_proc(root)
    } else {
        from_ps(root)
    };
    found.into_iter().filter(|pid| *pid != getpid()).collect()
}

fn from_proc(root: &Path) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let root_bytes = root.as_os_str().as_encoded_bytes();
    let belongs = |path: &Path| {
        let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
        let inside = std::fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(root));
        // A zombie has no command line and no folder: it waits for its parent, not for us.
        inside || line.split(|byte| *byte == 0).any(|word| word.starts_with(root_bytes))
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            belongs(&entry.path()).then(|| Pid::from_raw(pid))?
        })
        .collect()
}

fn from_ps(root: &Path) -> Vec<Pid> {
    let listed = std::process::Command::new("ps")
        .args(["-axww", "-o", "pid=,command="])
        .output();
    let text = listed.map(|out| out.stdout).unwrap_or_default();
    let root = root.to_string_lossy();
    String::from_utf8_lossy(&text)
        .lines()
        .filter_map(|line| {
            let (pid, command) = line.trim_start().split_once(' ')?;
            let named = command.split(' ').any(|word| word.starts_with(&*root));
            named.then(|| Pid::from_raw(pid.parse().ok()?))?
        })
        .collect()
}

/// A database that was killed leaves its System V segment behind; its number is on the last but
/// one line of `postmaster.pid`.
fn remove_segments(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // Data folders are not nested, and their insides are large.
            let file = path.join("postmaster.pid");
            if let Ok(text) = std::fs::read_to_string(&file) {
                remove_segment(&text);
            } else if !path.join("PG_VERSION").exists() {
                remove_segments(&path);
            }
        }
    }
}

fn remove_segment(postmaster_pid: &str) {
    let Some(id) = segment_id(postmaster_pid) else {
        return;
    };
    // SAFETY: removing a segment by number touches no memory of this process; a number that is
    // not there, or not ours, is an error which the call reports.
    if unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) } == 0 {
        tracing::info!(id, "removed a shared memory segment");
    }
}

/// Line 7 of `postmaster.pid` is `key id`.
fn segment_id(postmaster_pid: &str) -> Option<i32> {
    let line = postmaster_pid.lines().nth(6)?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_is_on_the_seventh_line() {
        let text = "4242\n/d/db-1\n1700000000\n5432\n\n127.0.1.1\n  1234567    98309\nready\n";
        assert_eq!(segment_id(text), Some(98309));
        assert_eq!(segment_id("4242\n/d/db-1\n"), None);
    }

    #[test]
    fn leaves_folders_alone_that_are_not_ours() {
        let other = tempfile::tempdir().unwrap();
        sweep(other.path());
        assert!(other.path().exists());
    }

    #[test]
    fn sweeps_processes_and_folder() {
        let root = root::choose("sweep-test").unwrap();
        root::make(&root).unwrap();
        let mut stray = std::process::Command::new("sleep")
            .arg("600")
            .current_dir(root::logs(&root))
            .spawn()
            .unwrap();
        // A zombie of this test would otherwise be ours to reap.
        let reaper = std::thread::spawn(move || stray.wait().unwrap());
        sweep(&root);
        assert!(!reaper.join().unwrap().success());
        assert!(!root.exists());
    }
}
