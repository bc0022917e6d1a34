//! Traffic that moves from one set of pods to another beside it: at once, or in steps.

use std::time::Duration;

use tokio::time::Instant;

use super::to_count;
use crate::api::CanaryStep;

/// How far the traffic has moved.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::control) struct Shift {
    steps: Vec<Step>,
    /// How long the old set stays once the last step is over.
    keep_old: Duration,
    /// What the new set had when it began, percent.
    begin: u32,
    taken: usize,
    /// Of the step taken last.
    since: Option<Instant>,
    /// The old set is what is being left, and is not replenished.
    back: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    share: u32,
    pause: Duration,
}

const EVERYTHING: Step = Step {
    share: 100,
    pause: Duration::ZERO,
};

impl Shift {
    /// Everything, once a whole second set serves.
    pub(in crate::control) fn at_once(keep_old_ms: u64) -> Self {
        Self {
            steps: vec![EVERYTHING],
            keep_old: Duration::from_millis(keep_old_ms),
            begin: 0,
            taken: 0,
            since: None,
            back: false,
        }
    }

    /// Little by little.
    pub(in crate::control) fn in_steps(steps: &[CanaryStep]) -> Self {
        let step = |step: &CanaryStep| Step {
            share: step.share,
            pause: Duration::from_millis(step.pause_ms),
        };
        Self {
            steps: steps.iter().map(step).collect(),
            ..Self::at_once(0)
        }
    }

    /// Everything to the set that was there before and has `share` percent of it still.
    pub(in crate::control) fn back(share: u32) -> Self {
        Self {
            begin: share,
            back: true,
            ..Self::at_once(0)
        }
    }

    /// Of the traffic, what the new set gets now, in percent.
    pub(in crate::control) fn share(&self) -> u32 {
        match self.taken.checked_sub(1) {
            None => self.begin,
            Some(last) => self.steps[last].share,
        }
    }

    /// Pods that the new set is to have now, of `replicas` when it has everything.
    pub(in crate::control) fn size(&self, replicas: usize, now: Instant) -> usize {
        match self.next(now) {
            Some(next) => size_for(next.share, replicas),
            None => size_for(self.share(), replicas),
        }
    }

    /// Takes the next step when it is time and enough of the new set serves; answers the new share.
    pub(in crate::control) fn advance(
        &mut self,
        serving: usize,
        replicas: usize,
        now: Instant,
    ) -> Option<u32> {
        let next = self.next(now)?;
        if serving < size_for(next.share, replicas) {
            return None;
        }
        self.taken += 1;
        self.since = Some(now);
        Some(next.share)
    }

    /// Whether the old set has nothing to do any more.
    pub(in crate::control) fn old_may_leave(&self, now: Instant) -> bool {
        self.taken == self.steps.len() && self.has_lasted(self.keep_old, now)
    }

    /// Whether pods of the old set that are lost are replaced until it leaves.
    pub(in crate::control) fn keeps_old_whole(&self) -> bool {
        !self.back
    }

    /// The step that is due.
    fn next(&self, now: Instant) -> Option<Step> {
        let due = self.has_lasted(Duration::ZERO, now);
        self.steps.get(self.taken).copied().filter(|_| due)
    }

    /// Whether the step taken last is over for this long.
    fn has_lasted(&self, longer: Duration, now: Instant) -> bool {
        let pause = self
            .taken
            .checked_sub(1)
            .map_or(Duration::ZERO, |last| self.steps[last].pause);
        self.since.is_none_or(|since| since + pause + longer <= now)
    }
}

fn size_for(share: u32, replicas: usize) -> usize {
    (replicas * to_count(share)).div_ceil(100).max(1)
}

/// What one pod of the new and one of the old set weigh, so that together the `new` pods get `share`
/// percent: as small as it can be said.
pub(in crate::control) fn weights(share: u32, new: usize, old: usize) -> (u32, u32) {
    let of = |share: u32, others: usize| share * u32::try_from(others.max(1)).unwrap_or(1);
    let (new, old) = (of(share, old), of(100 - share, new));
    let common = gcd(new, old).max(1);
    (new / common, old / common)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canary() -> Shift {
        let step = |share, pause_ms| CanaryStep { share, pause_ms };
        Shift::in_steps(&[step(10, 4_000), step(50, 4_000), step(100, 0)])
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_canary_grows_in_steps_with_pauses() {
        let (mut shift, start) = (canary(), Instant::now());
        assert_eq!((shift.share(), shift.size(3, start)), (0, 1));
        assert_eq!(shift.advance(0, 3, start), None, "before it serves");
        assert_eq!(shift.advance(1, 3, start), Some(10));
        assert_eq!(shift.advance(1, 3, after(start, 3)), None, "in the pause");
        assert_eq!(shift.size(3, after(start, 4)), 2, "then pods, then traffic");
        assert_eq!(shift.advance(1, 3, after(start, 4)), None);
        assert_eq!(shift.advance(2, 3, after(start, 5)), Some(50));
        assert_eq!(shift.advance(3, 3, after(start, 9)), Some(100));
        assert!(shift.old_may_leave(after(start, 9)));
    }

    #[test]
    fn blue_green_switches_when_the_whole_set_serves_and_keeps_the_old_one() {
        let (mut shift, start) = (Shift::at_once(5_000), Instant::now());
        assert_eq!(shift.size(3, start), 3);
        assert_eq!(shift.advance(2, 3, start), None);
        assert_eq!(shift.advance(3, 3, start), Some(100));
        assert!(!shift.old_may_leave(after(start, 4)));
        assert!(shift.old_may_leave(after(start, 5)));
    }

    #[test]
    fn on_the_way_back_what_the_old_set_has_stays_with_it() {
        let mut shift = Shift::back(50);
        let now = Instant::now();
        assert_eq!(shift.share(), 50);
        assert_eq!(shift.advance(3, 3, now), Some(100));
        assert!(shift.old_may_leave(now) && !shift.keeps_old_whole());
    }

    proptest! {
        #[test]
        fn weights_give_the_new_set_its_share(share in 1_u32..100, new in 1_usize..9, old in 1_usize..9) {
            let (of_new, of_old) = weights(share, new, old);
            let (new, old) = (f64::from(of_new) * new as f64, f64::from(of_old) * old as f64);
            prop_assert!((new / (new + old) - f64::from(share) / 100.0).abs() < 1e-9);
        }

        /// Whatever time passes and whoever serves: shares only grow, each is reached with enough
        /// pods, and it ends with everything.
        #[test]
        fn shares_grow_to_the_end(
            waits in proptest::collection::vec((0_u64..6, 0_usize..6), 1..40),
            replicas in 1_usize..6,
        ) {
            let (mut shift, mut now) = (canary(), Instant::now());
            let mut share = 0;
            let end = std::iter::repeat_n((5, replicas), 4);
            for (wait, serving) in waits.into_iter().chain(end) {
                now += Duration::from_secs(wait);
                if let Some(next) = shift.advance(serving, replicas, now) {
                    prop_assert!(next > share);
                    prop_assert!(serving >= (replicas * next as usize).div_ceil(100));
                    share = next;
                }
            }
            prop_assert_eq!((share, shift.old_may_leave(now)), (100, true));
        }
    }

    #[test]
    fn nothing_and_everything_weigh_so() {
        assert_eq!((weights(0, 1, 3).0, weights(100, 3, 3).1), (0, 0));
        assert_eq!(weights(10, 1, 3), (1, 3));
        assert_eq!(weights(100, 3, 0), (1, 0));
    }
}
