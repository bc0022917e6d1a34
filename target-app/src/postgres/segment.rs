//! System V shared memory: a postmaster killed with SIGKILL leaves its segment behind for ever.

use std::path::Path;

/// A segment, and who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    id: libc::c_int,
    creator: libc::pid_t,
}

impl Segment {
    /// The one that the `postmaster.pid` of this data folder names.
    pub(super) fn of(data: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    /// Line 1 is the postmaster's process id, line 7 `key id`.
    fn parse(pid_file: &str) -> Option<Self> {
        let mut lines = pid_file.lines();
        let creator = lines.next()?.trim().parse().ok()?;
        let (_, id) = lines.nth(5)?.trim().split_once(char::is_whitespace)?;
        let id = id.trim().parse().ok()?;
        Some(Self { id, creator })
    }

    /// Removes it if it is still there, and says whether it was. Ids are reused: a segment made by
    /// another process is not ours to remove.
    pub(super) fn remove(self) -> bool {
        // SAFETY: `shmid_ds` is a plain C struct for which all zeroes is a valid value.
        let mut state: libc::shmid_ds = unsafe { std::mem::zeroed() };
        // SAFETY: IPC_STAT writes one `shmid_ds` to the pointer, which is valid for that.
        let known = unsafe { libc::shmctl(self.id, libc::IPC_STAT, &raw mut state) } == 0;
        if !known || state.shm_cpid != self.creator {
            return false;
        }
        // SAFETY: IPC_RMID ignores the pointer.
        unsafe { libc::shmctl(self.id, libc::IPC_RMID, std::ptr::null_mut()) == 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_seventh_line() {
        let file = "4711\n/data\n1700000000\n5432\n\n127.0.1.1\n  1048577     32769\nready   \n";
        let (creator, id) = (4711, 32769);
        assert_eq!(Segment::parse(file), Some(Segment { id, creator }));
        assert_eq!(Segment::parse("4711\n/data\n"), None);
    }

    #[test]
    fn removes_its_own_segment_but_not_a_strangers() {
        // SAFETY: makes a private segment of one page; no memory of ours is involved.
        let id = unsafe { libc::shmget(libc::IPC_PRIVATE, 4096, libc::IPC_CREAT | 0o600) };
        assert!(id >= 0);
        let creator = libc::pid_t::try_from(std::process::id()).unwrap();
        let stranger = creator + 1;
        assert!(
            !Segment {
                id,
                creator: stranger
            }
            .remove()
        );
        assert!(Segment { id, creator }.remove());
        assert!(!Segment { id, creator }.remove());
    }
}
