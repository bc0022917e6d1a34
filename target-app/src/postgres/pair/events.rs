//! How the pair tells what it does.

use crate::api::EventKind;

/// Receives every step of the pair, as it happens. Called from the pair's task: must not block.
pub trait Events: Send + Sync + 'static {
    /// `subject` is a node's name; `detail` is for people.
    fn report(&self, kind: EventKind, subject: &str, detail: &str);
}

impl<F: Fn(EventKind, &str, &str) + Send + Sync + 'static> Events for F {
    fn report(&self, kind: EventKind, subject: &str, detail: &str) {
        self(kind, subject, detail);
    }
}
