//! What was seen of every write, in two bytes each.

use super::fate::{Presence, WriteOutcome};

/// What was seen of one write so far: the copies at the last look that could tell, and whether any
/// look missed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen(u16);

/// The other bits are the copies.
const MISSED: u16 = 1 << 15;
const COPIES: u16 = MISSED - 1;
/// No look could tell.
const UNREAD: u16 = COPIES;
/// More copies than this are told as this many.
const MOST: u16 = COPIES - 1;

impl Seen {
    /// Not looked at yet.
    pub(super) const NOTHING: Self = Self(UNREAD);

    /// Takes another look into account. One that cannot tell changes nothing.
    pub(super) fn look(&mut self, presence: Presence) {
        let missed = self.0 & MISSED;
        self.0 = match presence {
            Presence::Unread => self.0,
            Presence::Absent | Presence::Present(0) => MISSED,
            Presence::Present(copies) => {
                missed | u16::try_from(copies).map_or(MOST, |copies| copies.min(MOST))
            }
        };
    }

    /// At the last look that could tell.
    pub(super) fn presence(self) -> Presence {
        match self.0 & COPIES {
            UNREAD => Presence::Unread,
            0 => Presence::Absent,
            copies => Presence::Present(u64::from(copies)),
        }
    }

    /// Whether a look missed it.
    pub(super) fn was_missed(self) -> bool {
        self.0 & MISSED != 0
    }

    /// Whether another look is worth making: nobody could tell, or the target's word stands against
    /// what was seen.
    pub(super) fn is_open(self, outcome: WriteOutcome) -> bool {
        match self.presence() {
            Presence::Unread => true,
            Presence::Absent => outcome == WriteOutcome::Ok,
            Presence::Present(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(looks: &[Presence]) -> Seen {
        let mut seen = Seen::NOTHING;
        looks.iter().for_each(|presence| seen.look(*presence));
        seen
    }

    #[test]
    fn the_last_look_that_could_tell_counts_and_misses_are_remembered() {
        use Presence::{Absent, Present, Unread};
        let of = |looks: &[Presence]| {
            let seen = after(looks);
            (seen.presence(), seen.was_missed())
        };
        assert_eq!(of(&[]), (Unread, false));
        assert_eq!(of(&[Unread, Present(1)]), (Present(1), false));
        assert_eq!(of(&[Absent, Present(2)]), (Present(2), true));
        assert_eq!(of(&[Absent, Unread]), (Absent, true));
        assert_eq!(of(&[Present(1 << 40)]), (Present(u64::from(MOST)), false));
    }

    #[test]
    fn only_what_is_unclear_is_looked_at_again() {
        use Presence::{Absent, Present};
        assert!(after(&[]).is_open(WriteOutcome::Fail));
        assert!(after(&[Absent]).is_open(WriteOutcome::Ok));
        assert!(!after(&[Absent]).is_open(WriteOutcome::Unknown));
        assert!(!after(&[Absent, Present(1)]).is_open(WriteOutcome::Ok));
    }
}
