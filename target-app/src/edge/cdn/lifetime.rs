//! How an answer ages. Pure: the age comes in as data.

use std::time::Duration;

/// How long an answer may be used, from when it was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// Without asking.
    pub(super) fresh: Duration,
    /// After that: at once, while a new one is fetched.
    pub(super) while_revalidating: Duration,
    /// After `fresh`: when no new one is to be had.
    pub(super) if_error: Duration,
}

/// What an answer of some age is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// To be used as it is.
    Fresh,
    /// To be used once more, while a new one is fetched.
    Stale,
    /// Better than an error.
    OnError,
    /// Nothing.
    Gone,
}

impl Lifetime {
    pub(super) fn state(self, age: Duration) -> State {
        if age < self.fresh {
            State::Fresh
        } else if age < self.fresh + self.while_revalidating {
            State::Stale
        } else if age < self.fresh + self.if_error {
            State::OnError
        } else {
            State::Gone
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_gets_old_in_steps() {
        let seconds = Duration::from_secs;
        let lifetime = Lifetime {
            fresh: seconds(5),
            while_revalidating: seconds(30),
            if_error: seconds(300),
        };
        let states = [0, 4, 5, 34, 35, 304, 305].map(|age| lifetime.state(seconds(age)));
        use State::{Fresh, Gone, OnError, Stale};
        assert_eq!(states, [Fresh, Fresh, Stale, Stale, OnError, OnError, Gone]);
    }
}
