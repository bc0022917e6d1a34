//! Connections that fail for a reason of this machine: the target never saw them.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;

use crate::measure::saturation::Denied;

/// What this machine had run out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortage {
    Descriptors,
    Ports,
}

impl Shortage {
    /// What an attempt to connect failed for; none where the target or the way to it is to blame.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        let errno = Errno::from_io_error(error)?;
        match errno {
            Errno::MFILE | Errno::NFILE => Some(Self::Descriptors),
            // Connecting binds to any free port of its own: there was none.
            Errno::ADDRNOTAVAIL => Some(Self::Ports),
            _ => None,
        }
    }
}

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct Shortages {
    descriptors: AtomicU64,
    ports: AtomicU64,
}

impl Shortages {
    pub(crate) fn note(&self, error: &io::Error) {
        let count = match Shortage::of(error) {
            Some(Shortage::Descriptors) => &self.descriptors,
            Some(Shortage::Ports) => &self.ports,
            None => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn so_far(&self) -> Denied {
        Denied {
            descriptors: self.descriptors.load(Ordering::Relaxed),
            ports: self.ports.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_machine_lacks_is_told_from_what_the_target_refuses() {
        let shortages = Shortages::default();
        for errno in [
            Errno::MFILE,
            Errno::NFILE,
            Errno::ADDRNOTAVAIL,
            Errno::CONNREFUSED,
            Errno::NETUNREACH,
        ] {
            shortages.note(&io::Error::from(errno));
        }
        // No answer of the system, but a name without addresses.
        shortages.note(&io::Error::from(io::ErrorKind::AddrNotAvailable));
        let (descriptors, ports) = (2, 1);
        assert_eq!(shortages.so_far(), Denied { descriptors, ports });
    }
}
