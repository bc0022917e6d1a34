//! The listening side: one address for life, open or closed.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::relay::{Course, relay};
use crate::api::LinkMode;

const BACKLOG: u32 = 1024;
/// Before trying again what failed for want of descriptors or because of a taken port.
const BACK_OFF: Duration = Duration::from_millis(10);

/// A port that stays ours while nobody listens on it.
#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    /// Bound but never listening: connecting to it is refused, and nobody else is given the port.
    #[cfg(target_os = "linux")]
    _reserved: TcpSocket,
}

impl Door {
    /// Takes a free port and listens on it.
    pub(super) fn bind(ip: IpAddr) -> io::Result<(Self, TcpListener)> {
        let socket = bound(SocketAddr::new(ip, 0))?;
        let address = socket.local_addr()?;
        let door = Self {
            address,
            // Two sockets may share an address as long as neither listens yet.
            #[cfg(target_os = "linux")]
            _reserved: bound(address)?,
        };
        Ok((door, socket.listen(BACKLOG)?))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    fn open(&self) -> io::Result<TcpListener> {
        bound(self.address)?.listen(BACKLOG)
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Accepts connections until the link is dropped.
pub(super) async fn serve(door: Door, first: TcpListener, mut course: Course) {
    let mut listener = Some(first);
    loop {
        if *course.mode.borrow_and_update() == LinkMode::Refuse {
            listener = None;
            if course.mode.changed().await.is_err() {
                return;
            }
            continue;
        }
        let open = match listener.take().map_or_else(|| door.open(), Ok) {
            Ok(open) => open,
            Err(error) => {
                tracing::warn!(address = %door.address, %error, "link cannot listen again yet");
                tokio::time::sleep(BACK_OFF).await;
                continue;
            }
        };
        tokio::select! {
            biased;
            changed = course.mode.changed() => if changed.is_err() { return },
            accepted = open.accept() => match accepted {
                Ok((client, _)) => welcome(client, &course),
                Err(error) => {
                    tracing::warn!(address = %door.address, %error, "link cannot accept");
                    tokio::time::sleep(BACK_OFF).await;
                }
            },
        }
        listener = Some(open);
    }
}

fn welcome(client: TcpStream, course: &Course) {
    // Failing here means that the client has gone; the relay finds out.
    let _ = client.set_nodelay(true);
    tokio::spawn(relay(client, course.clone()));
}
