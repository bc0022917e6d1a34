//! What a pod is made of: two pods of one release are interchangeable.

use std::fmt;

use crate::api::Mischief;

/// What a pod is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Release {
    pub(super) version: String,
    /// What is wrong with it on purpose.
    pub(super) mischief: Mischief,
    /// How often all pods of the app were replaced by ones of the same kind.
    pub(super) restarts: u32,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}", self.version)
    }
}
