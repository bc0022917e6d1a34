//! How far the start is: told to whoever started the stack.

use std::time::Instant;

use crate::process::{Announcement, Progress, announce};

/// A clock from the start on. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stages(Instant);

impl Stages {
    pub(super) fn begin() -> Self {
        Self(Instant::now())
    }

    /// Tells that a stage is done.
    pub(super) fn done(self, stage: &str) {
        let elapsed = self.0.elapsed().as_millis();
        announce(&Announcement::Progress(Progress {
            stage: stage.to_owned(),
            elapsed_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
        }));
    }
}
