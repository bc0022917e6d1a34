//! Binding, and what can go wrong with a server as a whole.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::tls::TlsError;

/// Where a server that was asked to bind really listens: ports may have been chosen by the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Its service.
    pub address: SocketAddr,
    /// Its administration, where that is a listener of its own.
    pub admin: Option<SocketAddr>,
}

/// Why a server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or not one of this machine's.
    #[error("cannot listen on {address}: {source}; choose a free address or port 0")]
    Bind {
        /// As configured.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The listener broke.
    #[error("the server on {address} stopped: {source}")]
    Serve {
        /// Where it listened.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// What it is to encrypt with.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The configuration says something impossible.
    #[error("configuration: {0}")]
    Config(String),
}

/// Listens on `address`, with the port that the system chose when it says 0.
pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
