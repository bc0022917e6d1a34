//! What carries requests: a stream with one at a time, or a connection with many.

use super::http2::Multiplexed;
use super::stream::Stream;

/// A connection that is ready for requests, by the version of HTTP that it speaks.
#[derive(Debug)]
pub(crate) enum Carrier {
    One(Stream),
    Many(Multiplexed),
}

impl Carrier {
    /// Whether a kept connection can still carry a request.
    pub(crate) async fn is_usable(&mut self) -> bool {
        match self {
            Self::One(stream) => stream.is_idle().await,
            Self::Many(connection) => connection.is_open().await,
        }
    }
}
