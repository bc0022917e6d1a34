//! How far apart successes are in ordinary traffic, so that silence can be told from a pause.

use std::collections::VecDeque;

use crate::measure::clock::Micros;

/// The largest distances between successes of the last half minute.
///
/// A rate would not do: the requests of one iteration come in bursts, so that the gaps of ten
/// iterations a second are those of ten requests a second however many steps they have.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaps {
    last: Option<Micros>,
    /// `(end, length)`: lengths fall, ends rise; the front is the largest.
    largest: VecDeque<(Micros, Micros)>,
    successes: u64,
}

/// How far back traffic counts as "before".
const HORIZON_US: Micros = 30_000_000;
/// Fewer successes say nothing about gaps.
const ENOUGH: u64 = 20;
/// Silence is this many times the largest gap: the largest of n Poisson gaps is about ln n mean
/// gaps, so that for n = 20 and up less than one in 20,000 is three times as long.
const TIMES_LARGEST: u64 = 3;
/// Shorter gaps are ordinary at any rate.
const SHORTEST_SILENCE_US: Micros = 100_000;

impl Gaps {
    /// Something succeeded at `at`; calls come in order of time.
    pub(super) fn success(&mut self, at: Micros) {
        self.successes += 1;
        if let Some(last) = self.last.replace(at) {
            let gap = at.saturating_sub(last);
            while self.largest.back().is_some_and(|(_, known)| *known <= gap) {
                self.largest.pop_back();
            }
            self.largest.push_back((at, gap));
        }
        while self
            .largest
            .front()
            .is_some_and(|(end, _)| end + HORIZON_US < at)
        {
            self.largest.pop_front();
        }
    }

    /// From which length on a gap that begins at `now` is silence, microseconds; none when traffic
    /// was too thin to tell.
    pub(super) fn silence_us(&self, now: Micros) -> Option<Micros> {
        let usual = self.times_largest_us(now)?;
        Some(usual.max(SHORTEST_SILENCE_US))
    }

    /// As [`Self::silence_us`], without regard to what is ordinary at any rate.
    pub(super) fn times_largest_us(&self, now: Micros) -> Option<Micros> {
        let recent = |(end, _): &&(Micros, Micros)| end + HORIZON_US >= now;
        let (_, largest) = self.largest.iter().find(recent)?;
        (self.successes >= ENOUGH).then_some(largest * TIMES_LARGEST)
    }
}

impl Gaps {
    /// Whether at `now` nothing has succeeded for at least `shortest`, and for longer than traffic
    /// until the last success explains.
    pub(super) fn is_silent(&self, now: Micros, shortest: Micros) -> bool {
        self.last.is_some_and(|last| {
            let silence = self.silence_us(last);
            silence.is_some_and(|silence| now.saturating_sub(last) > silence.max(shortest))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(at: impl IntoIterator<Item = Micros>) -> Gaps {
        let mut gaps = Gaps::default();
        at.into_iter().for_each(|at| gaps.success(at));
        gaps
    }

    #[test]
    fn silence_is_three_times_the_largest_gap() {
        let bursts = (0..40).flat_map(|n| [n * 200_000, n * 200_000 + 1_000]);
        assert_eq!(gaps(bursts).silence_us(8_000_000), Some(3 * 199_000));
        let dense = (0..100).map(|n| n * 10_000);
        assert_eq!(gaps(dense).silence_us(1_000_000), Some(100_000));
    }

    #[test]
    fn silence_lasts_however_old_the_traffic_before_is() {
        let dense = gaps((0..100).map(|n| n * 10_000));
        assert!(!dense.is_silent(1_900_000, 1_000_000));
        assert!(dense.is_silent(2_000_000, 1_000_000));
        assert!(dense.is_silent(90_000_000, 1_000_000));
        let slow = gaps((0..30).map(|n| n * 2_000_000));
        assert!(!slow.is_silent(63_000_000, 1_000_000), "it thinks for 2 s");
        assert!(slow.is_silent(65_000_000, 1_000_000));
        assert!(!gaps([]).is_silent(90_000_000, 1_000_000), "nobody asked");
    }

    #[test]
    fn thin_or_old_traffic_says_nothing() {
        assert_eq!(gaps((0..10).map(|n| n * 10_000)).silence_us(100_000), None);
        let early = (0..100).map(|n| n * 10_000);
        assert_eq!(gaps(early).silence_us(60_000_000), None);
    }

    #[test]
    fn a_large_gap_is_forgotten_after_the_horizon() {
        let one_pause = (0..100).map(|n| n * 10_000);
        let later = (0..4_000).map(|n| 5_000_000 + n * 10_000);
        let gaps = gaps(one_pause.chain(later));
        assert_eq!(gaps.silence_us(44_990_000), Some(100_000));
    }
}
