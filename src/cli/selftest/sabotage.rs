//! Ways to make the target do one thing more than its books say: a selftest that cannot fail is
//! worthless, and each of these must make it fail.

use std::collections::BTreeSet;

use clap::ValueEnum;

/// One thing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Sabotage {
    /// One request is in no book.
    Request,
    /// One arrival more is called for than the table says.
    Arrival,
    /// Every answer leaves 15 ms after it was entered.
    EveryAnswer,
    /// One answer of fifty leaves 100 ms after it was entered.
    SlowAnswer,
    /// The stall lasts 150 ms longer than entered.
    Stall,
    /// From some arrival on nobody is answered any more.
    Deaf,
    /// One request more is refused than was entered.
    Error,
    /// One write more of the canary is refused than was entered.
    Canary,
    /// The fault is entered 100 ms after it was accepted.
    Accepted,
    /// The first refusals leave 100 ms after they were entered.
    FirstError,
    /// The last refusal leaves 100 ms after it was entered.
    LastError,
    /// The first answers after the refusals leave 100 ms after they were entered.
    Recovery,
    /// One acknowledged write more is forgotten.
    Lost,
    /// One write more is kept twice.
    Doubled,
    /// One acknowledged write more is not shown at the first look.
    Stale,
    /// One refused write more is kept.
    Phantom,
    /// One write more is not answered.
    Unanswered,
    /// One write cannot be read back.
    Unreadable,
}

/// Those that were asked for: none, unless this is a test.
#[derive(Debug, Clone, Default)]
pub(super) struct Sabotages(BTreeSet<Sabotage>);

impl Sabotages {
    /// Whether this one was.
    pub(super) fn has(&self, sabotage: Sabotage) -> bool {
        self.0.contains(&sabotage)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Sabotage> {
        self.0.iter().copied()
    }
}

impl FromIterator<Sabotage> for Sabotages {
    fn from_iter<I: IntoIterator<Item = Sabotage>>(sabotages: I) -> Self {
        Self(sabotages.into_iter().collect())
    }
}
