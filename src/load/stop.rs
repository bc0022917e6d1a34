//! How a run is told to end before its schedule does.

use tokio::sync::watch;

/// How urgently the load is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It runs.
    None,
    /// No new request; what is in flight may finish within a moment.
    Soft,
    /// Everything is dropped now.
    Hard,
}

/// The handle that ends a run. Clones share it; any thread (also a signal handler's) may use it.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<Urgency>);

impl Stop {
    /// A handle that nobody has used yet.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(Urgency::None))
    }

    /// Ends the load: think times and waits end at once, requests in flight get a moment.
    pub fn soft(&self) {
        self.raise(Urgency::Soft);
    }

    /// Ends the load without waiting for anything.
    pub fn hard(&self) {
        self.raise(Urgency::Hard);
    }

    /// What has been asked for so far.
    #[must_use]
    pub fn urgency(&self) -> Urgency {
        *self.0.borrow()
    }

    /// Returns once at least this urgency was asked for.
    pub async fn at_least(&self, urgency: Urgency) {
        let mut watched = self.0.subscribe();
        // The sender cannot go away while `self` holds it.
        let _ = watched.wait_for(|asked| *asked >= urgency).await;
    }

    /// Urgency only ever rises: a soft stop after a hard one changes nothing.
    fn raise(&self, urgency: Urgency) {
        self.0.send_if_modified(|asked| {
            let rises = urgency > *asked;
            *asked = urgency.max(*asked);
            rises
        });
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn urgency_only_rises() {
        let stop = Stop::new();
        assert_eq!(stop.urgency(), Urgency::None);
        stop.hard();
        stop.soft();
        assert_eq!(stop.urgency(), Urgency::Hard);
        stop.at_least(Urgency::Soft).await;
    }
}
