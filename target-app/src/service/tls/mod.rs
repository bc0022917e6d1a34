//! TLS, for whoever is told to use it: the stack's own certificate authority, the files that a
//! process is given, and what rustls makes of them.
//!
//! A process is told paths, never keys: its configuration, command line and logs hold no secret.
//! Nothing here is on the way of a connection that is not encrypted.

mod authority;
mod client;
mod listener;
mod material;
mod postgres;
mod server;

use std::io;
use std::path::PathBuf;

pub use authority::{Authority, Issued};
pub use client::trusting;
pub use material::{ServerFiles, read_certificates, write_private};
pub use postgres::DatabaseTls;

pub(crate) use client::connector;
pub(crate) use listener::TlsListener;
pub(crate) use server::{HANDSHAKE_LIMIT, acceptor};

/// HTTP/1.1 by its name in ALPN: what the stack's servers speak.
const HTTP_1_1: &[u8] = b"http/1.1";

/// Why something cannot be encrypted. Holds nothing of a key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file.
    #[error("cannot {doing} {path}: {source}", path = path.display())]
    File {
        /// `read` or `write`.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file without what it should hold.
    #[error("{path} holds no {what} that can be read: PEM is expected", path = path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
    },
    /// A certificate that cannot be used, or not with that key.
    #[error("what is in {path} cannot be used: {source}", path = path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: tokio_rustls::rustls::Error,
    },
    /// None can be made.
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}

#[cfg(test)]
mod tests;
