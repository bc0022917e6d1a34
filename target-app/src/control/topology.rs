//! How zones are told apart on this machine: a loopback network each where the system has them
//! all, else by port alone.

use std::net::{IpAddr, Ipv4Addr, TcpListener};

/// How zones are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Isolation {
    /// `127.0.1.x`, `127.0.2.x` …
    LoopbackSubnets,
    /// Everything is on 127.0.0.1.
    Ports,
}

impl Isolation {
    /// Finds out by binding: Linux has the whole of 127/8, macOS only 127.0.0.1.
    pub(super) fn detect() -> Self {
        if TcpListener::bind((Ipv4Addr::new(127, 0, 1, 1), 0)).is_ok() {
            Self::LoopbackSubnets
        } else {
            Self::Ports
        }
    }

    /// The word in [`crate::api::StackStatus::isolation`].
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::LoopbackSubnets => "loopback-subnets",
            Self::Ports => "ports",
        }
    }

    /// The address of the zone with this index.
    pub(super) fn address(self, zone: usize) -> IpAddr {
        let third = match self {
            // At most nine zones.
            Self::LoopbackSubnets => u8::try_from(zone + 1).unwrap_or(u8::MAX),
            Self::Ports => 0,
        };
        Ipv4Addr::new(127, 0, third, 1).into()
    }
}
