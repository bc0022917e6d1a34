//! System V shared memory: a postmaster killed with SIGKILL leaves its segment behind for ever.

use std::path::Path;

/// A segment, and who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    id: libc::c_int,
    creator: libc::pid_t,
}

impl Segment {
    /// The one that the `postmaster.pid` of this data folder names. A postmaster killed in the
    /// moment before it noted its segment there is found in the system's list, where there is one.
    pub(super) fn of(data: &Path) -> Option<Self> {
        let pid_file = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let listed = || {
            let list = std::fs::read_to_string("/proc/sysvipc/shm").ok()?;
            Self::listed(&list, postmaster(&pid_file)?)
        };
        Self::parse(&pid_file).or_else(listed)
    }

    /// The segment of this creator that nobody uses: columns are key, id, mode, size, creator, last
    /// user, users.
    fn listed(list: &str, creator: libc::pid_t) -> Option<Self> {
        list.lines().find_map(|line| {
            let column = |index| line.split_whitespace().nth(index)?.parse::<i32>().ok();
            let unused = column(4) == Some(creator) && column(6) == Some(0);
            let id = column(1).filter(|_| unused)?;
            Some(Self { id, creator })
        })
    }

    /// Line 1 is the postmaster's process id, line 7 `key id`.
    fn parse(pid_file: &str) -> Option<Self> {
        let creator = postmaster(pid_file)?;
        let (_, id) = pid_file
            .lines()
            .nth(6)?
            .trim()
            .split_once(char::is_whitespace)?;
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

/// The process id on line 1; that of a server in single-user mode is negated.
fn postmaster(pid_file: &str) -> Option<libc::pid_t> {
    let pid: libc::pid_t = pid_file.lines().next()?.trim().parse().ok()?;
    Some(pid.abs())
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
    fn finds_one_that_was_not_noted_yet() {
        let list = "  key  shmid perms  size  cpid  lpid nattch   uid\n\
                    1105058  655412  600  56  4711  4711  3  101\n\
                    1105058  655413  600  56  4711  4711  0  101\n\
                    1105059  655414  600  56  4712  4712  0  101\n";
        let (creator, id) = (4711, 655_413);
        assert_eq!(Segment::listed(list, 4711), Some(Segment { id, creator }));
        assert_eq!(Segment::listed(list, 4713), None);
        assert_eq!(postmaster("-4711\n/data\n"), Some(4711));
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
