//! Decides what became of a write, from what was said and what was found.

use serde::{Deserialize, Serialize};

/// What the answer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteOutcome {
    /// Acknowledged: it must still be there at the end.
    Ok = 0,
    /// Surely not applied: never sent, or refused with a 4xx.
    Fail = 1,
    /// Timeout, broken connection or 5xx: either is legal.
    Unknown = 2,
}

/// What was found when it was read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// There, this many times.
    Present(u64),
    /// Not there.
    Absent,
    /// Could not be read back.
    Unread,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Acknowledged and there.
    Kept,
    /// Acknowledged, missed by one look and there at a later one.
    Stale,
    /// Acknowledged and gone: the target broke its word.
    Lost,
    /// There more than once.
    Duplicate,
    /// Refused and there all the same.
    Phantom,
    /// Refused and not there.
    Refused,
    /// Its outcome was unknown; it is there.
    UnknownKept,
    /// Its outcome was unknown; it is not there.
    UnknownAbsent,
    /// Nobody knows: it could not be read back.
    Unread,
}

impl Fate {
    /// Follows from the outcome, the presence at the last look, and whether an earlier look missed
    /// it.
    ///
    /// As Jepsen's set-full checker has it: an acknowledged element that some read missed is *lost*
    /// when no later read finds it, and *stale* when one does.
    #[must_use]
    pub fn of(outcome: WriteOutcome, presence: Presence, missed: bool) -> Self {
        match (outcome, presence) {
            (_, Presence::Unread) => Self::Unread,
            (_, Presence::Present(copies)) if copies > 1 => Self::Duplicate,
            (WriteOutcome::Ok, Presence::Absent | Presence::Present(0)) => Self::Lost,
            (WriteOutcome::Ok, Presence::Present(_)) if missed => Self::Stale,
            (WriteOutcome::Ok, Presence::Present(_)) => Self::Kept,
            (WriteOutcome::Fail, Presence::Absent | Presence::Present(0)) => Self::Refused,
            (WriteOutcome::Fail, Presence::Present(_)) => Self::Phantom,
            (WriteOutcome::Unknown, Presence::Absent | Presence::Present(0)) => Self::UnknownAbsent,
            (WriteOutcome::Unknown, Presence::Present(_)) => Self::UnknownKept,
        }
    }

    /// As in `ledger.csv`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Stale => "stale",
            Self::Lost => "lost",
            Self::Duplicate => "duplicate",
            Self::Phantom => "phantom",
            Self::Refused => "refused",
            Self::UnknownKept => "unknown-kept",
            Self::UnknownAbsent => "unknown-absent",
            Self::Unread => "unread",
        }
    }
}

/// One write, judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What was said.
    pub outcome: WriteOutcome,
    /// What became of it.
    pub fate: Fate,
}

/// How many writes had which fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCounts {
    /// Writes sent, or tried to.
    pub writes: u64,
    /// Acknowledged.
    pub acknowledged: u64,
    /// Acknowledged and gone.
    pub lost: u64,
    /// There more than once.
    pub duplicate: u64,
    /// Refused and there all the same.
    pub phantom: u64,
    /// Acknowledged and there, but not at the first look.
    pub stale: u64,
    /// Outcome unknown, whatever was found.
    pub unknown: u64,
    /// Could not be read back: with any of these nothing can be promised.
    pub unread: u64,
}

impl LedgerCounts {
    /// Counts one more.
    pub fn add(&mut self, finding: Finding) {
        self.writes += 1;
        match finding.outcome {
            WriteOutcome::Ok => self.acknowledged += 1,
            WriteOutcome::Unknown => self.unknown += 1,
            WriteOutcome::Fail => {}
        }
        match finding.fate {
            Fate::Lost => self.lost += 1,
            Fate::Duplicate => self.duplicate += 1,
            Fate::Phantom => self.phantom += 1,
            Fate::Stale => self.stale += 1,
            Fate::Unread => self.unread += 1,
            Fate::Kept | Fate::Refused | Fate::UnknownKept | Fate::UnknownAbsent => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_word_and_finding_has_its_fate() {
        use Presence::{Absent, Present, Unread};
        use WriteOutcome::{Fail, Ok, Unknown};
        let table = [
            (Ok, Present(1), false, Fate::Kept),
            (Ok, Present(1), true, Fate::Stale),
            (Ok, Absent, true, Fate::Lost),
            (Ok, Present(0), false, Fate::Lost),
            (Ok, Present(2), true, Fate::Duplicate),
            (Ok, Unread, false, Fate::Unread),
            (Fail, Present(1), false, Fate::Phantom),
            (Fail, Absent, true, Fate::Refused),
            (Unknown, Present(1), true, Fate::UnknownKept),
            (Unknown, Absent, true, Fate::UnknownAbsent),
            (Unknown, Present(3), false, Fate::Duplicate),
        ];
        for (outcome, presence, missed, fate) in table {
            assert_eq!(
                Fate::of(outcome, presence, missed),
                fate,
                "{outcome:?} {presence:?} {missed}"
            );
        }
    }
}
