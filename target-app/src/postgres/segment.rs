//! System V shared memory: a postmaster killed with SIGKILL leaves its segment behind for ever.

use std::path::Path;

/// Removes the segment that the `postmaster.pid` of this data folder names, if it is still there
/// and was made by that postmaster. Returns whether one was removed.
pub(super) fn remove_segment_of(data: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    parse(&text).is_some_and(|(postmaster, id)| remove(id, postmaster))
}

/// Postmaster's process id and the segment's id. Line 1 is the former, line 7 `key id`.
fn parse(pid_file: &str) -> Option<(libc::pid_t, libc::c_int)> {
    let mut lines = pid_file.lines();
    let postmaster = lines.next()?.trim().parse().ok()?;
    let (_, id) = lines.nth(5)?.trim().split_once(char::is_whitespace)?;
    Some((postmaster, id.trim().parse().ok()?))
}

fn remove(id: libc::c_int, creator: libc::pid_t) -> bool {
    // SAFETY: `shmid_ds` is a plain C struct for which all zeroes is a valid value.
    let mut state: libc::shmid_ds = unsafe { std::mem::zeroed() };
    // SAFETY: IPC_STAT writes one `shmid_ds` to the pointer, which is valid for that.
    let known = unsafe { libc::shmctl(id, libc::IPC_STAT, &raw mut state) } == 0;
    // Ids are reused: a segment made by another process is not ours to remove.
    if !known || state.shm_cpid != creator {
        return false;
    }
    // SAFETY: IPC_RMID ignores the pointer.
    unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_seventh_line() {
        let file = "4711\n/data\n1700000000\n5432\n\n127.0.1.1\n  1048577     32769\nready   \n";
        assert_eq!(parse(file), Some((4711, 32769)));
        assert_eq!(parse("4711\n/data\n"), None);
    }

    #[test]
    fn removes_its_own_segment_but_not_a_strangers() {
        // SAFETY: makes a private segment of one page; no memory of ours is involved.
        let id = unsafe { libc::shmget(libc::IPC_PRIVATE, 4096, libc::IPC_CREAT | 0o600) };
        assert!(id >= 0);
        let ourselves = libc::pid_t::try_from(std::process::id()).unwrap();
        assert!(!remove(id, ourselves + 1));
        assert!(remove(id, ourselves));
        assert!(!remove(id, ourselves));
    }
}
