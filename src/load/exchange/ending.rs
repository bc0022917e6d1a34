//! How an exchange on one connection ended, in any version of HTTP.

use super::failure::Failure;
use crate::measure::clock::Micros;

/// An answer that came to its last byte.
#[derive(Debug)]
pub(super) struct Arrived {
    /// Bytes of the body, kept or not.
    pub(super) body_length: u64,
    /// The connection stays usable.
    pub(super) kept: bool,
    /// When the first byte came, unless all came with it.
    pub(super) first_byte_at: Option<Micros>,
}

/// An exchange on one connection that failed.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) failure: Failure,
    /// Not one byte of an answer had come, and the connection is closed.
    pub(super) before_answer: bool,
}
