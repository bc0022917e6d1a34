//! Connections that fail for a reason of this machine: the target never saw them.

use std::io;

use rustix::io::Errno;

use crate::measure::saturation::Denied;

/// What an attempt to connect says of this machine: nothing where the target, or the way to it, is
/// to blame.
pub(crate) fn denied(error: &io::Error) -> Denied {
    let (descriptors, ports) = match Errno::from_io_error(error) {
        Some(Errno::MFILE | Errno::NFILE) => (1, 0),
        // Connecting binds to any free port of its own: there was none.
        Some(Errno::ADDRNOTAVAIL) => (0, 1),
        _ => (0, 0),
    };
    Denied { descriptors, ports }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_machine_lacks_is_told_from_what_the_target_refuses() {
        let mut all = Denied::default();
        for errno in [
            Errno::MFILE,
            Errno::NFILE,
            Errno::ADDRNOTAVAIL,
            Errno::CONNREFUSED,
            Errno::NETUNREACH,
        ] {
            all += denied(&io::Error::from(errno));
        }
        // No answer of the system, but a name without addresses.
        all += denied(&io::Error::from(io::ErrorKind::AddrNotAvailable));
        let (descriptors, ports) = (2, 1);
        assert_eq!(all, Denied { descriptors, ports });
    }
}
