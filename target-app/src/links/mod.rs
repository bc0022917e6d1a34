//! Links: TCP relays between zones that can delay, fall silent, reset or refuse.
//!
//! Every edge of the stack that crosses zones passes through one. A link keeps its address for life
//! while its target may move (a database endpoint that flips), and its mode may change at any time.

mod door;
mod pump;
mod relay;
mod schedule;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::watch;

use crate::api::{self, LinkMode};

use door::Door;
use relay::Course;

/// What becomes of connections when the target moves: the ways an application sees a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnMove {
    /// Connections to the old target are reset; new ones go to the new target.
    #[default]
    Reset,
    /// Connections to the old target live as long as it does; new ones go to the new target.
    Keep,
    /// Connections to the old target are reset, and new ones still go there for this long, as with
    /// a name whose old answer is cached.
    Stale(Duration),
}

/// One crossing. Dropping it closes its listener and its connections.
#[derive(Debug)]
pub struct Link {
    name: String,
    from: String,
    to: String,
    address: SocketAddr,
    mode: watch::Sender<LinkMode>,
}

impl Link {
    /// Listens on a free port of `listen` and relays to wherever `target` leads, resetting
    /// connections when it moves. `from` and `to` are zone names (or `edge`), for people.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn start(
        name: impl Into<String>,
        from: impl Into<String>,
        to: impl Into<String>,
        listen: IpAddr,
        target: watch::Receiver<Option<SocketAddr>>,
    ) -> io::Result<Self> {
        Self::start_with(OnMove::default(), name, from, to, listen, target)
    }

    /// As [`Link::start`], choosing what happens when the target moves.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn start_with(
        on_move: OnMove,
        name: impl Into<String>,
        from: impl Into<String>,
        to: impl Into<String>,
        listen: IpAddr,
        target: watch::Receiver<Option<SocketAddr>>,
    ) -> io::Result<Self> {
        let (door, listener) = Door::bind(listen)?;
        let address = door.address();
        let (mode, modes) = watch::channel(LinkMode::Pass);
        let course = Course::new(on_move, target, modes);
        tokio::spawn(door::serve(door, listener, course));
        Ok(Self {
            name: name.into(),
            from: from.into(),
            to: to.into(),
            address,
            mode,
        })
    }

    /// Its name, such as `edge->shop-1`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where to connect to; it never changes.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it does to bytes now.
    #[must_use]
    pub fn mode(&self) -> LinkMode {
        *self.mode.borrow()
    }

    /// Changes what it does to bytes, for open connections and new ones.
    pub fn set(&self, mode: LinkMode) {
        self.mode.send_replace(mode);
    }

    /// The link as the control plane's API shows it.
    #[must_use]
    pub fn describe(&self) -> api::Link {
        api::Link {
            name: self.name.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            mode: self.mode(),
        }
    }
}
