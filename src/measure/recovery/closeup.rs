//! The moments around a fault at the engine's full resolution, for a chart of their own: on a
//! time axis of minutes an outage of a tenth of a second is one pixel. Pure.

use std::collections::VecDeque;

use super::tracker::Tally;
use crate::measure::clock::Micros;
use crate::measure::interval::SLICE_US;
use crate::scenario::FaultId;

/// Successes and failures of one slice: `(start, ok, failed)`.
type Point = (Micros, u64, u64);

/// Keeps what ended around each fault, slice by slice.
#[derive(Debug, Clone, Default)]
pub struct CloseUps {
    recent: VecDeque<Point>,
    open: Vec<(FaultId, Micros, Vec<Point>)>,
}

/// Kept before a fault.
const LEAD_US: Micros = 2_000_000;
/// Kept after it: longer stories are told by the run's own charts.
const TAIL_US: Micros = 60_000_000;
/// Buckets of a close-up at most: about as many as a chart has room for.
const BUCKETS: u64 = 150;

impl CloseUps {
    /// A fault was accepted at `at`.
    pub(super) fn open(&mut self, fault: FaultId, at: Micros) {
        let lead = self.recent.iter().filter(|(then, ..)| then + LEAD_US >= at);
        self.open.push((fault, at, lead.copied().collect()));
    }

    /// What ended in the slice that starts at `at`. Slices come in order of time.
    pub(super) fn observe(&mut self, at: Micros, tally: Tally) {
        let point = (at, tally.ok, tally.failed);
        self.recent.push_back(point);
        while self
            .recent
            .front()
            .is_some_and(|(then, ..)| then + LEAD_US < at)
        {
            self.recent.pop_front();
        }
        for (_, accepted, points) in &mut self.open {
            if at <= *accepted + TAIL_US {
                points.push(point);
            }
        }
    }

    /// A fault's moments until the last of `marks`, with some room on both sides.
    #[must_use]
    pub fn of(&self, fault: FaultId, marks: &[Micros]) -> Option<CloseUp> {
        let (_, accepted, points) = self.open.iter().find(|(of, ..)| *of == fault)?;
        let last = marks.iter().copied().max().unwrap_or(*accepted);
        let length = last.clamp(*accepted, accepted + TAIL_US) - accepted;
        let room = (length / 4).clamp(200_000, LEAD_US);
        let span = room + length + room;
        let bucket_us = span.div_ceil(BUCKETS).next_multiple_of(SLICE_US);
        let from_us = accepted.saturating_sub(room) / SLICE_US * SLICE_US;
        let buckets = span.div_ceil(bucket_us) as usize;
        let mut close_up = CloseUp {
            from_us,
            bucket_us,
            ok: vec![0; buckets],
            failed: vec![0; buckets],
        };
        for (at, ok, failed) in points.iter().filter(|(at, ..)| *at >= from_us) {
            let bucket = ((at - from_us) / bucket_us) as usize;
            if bucket < buckets {
                close_up.ok[bucket] += ok;
                close_up.failed[bucket] += failed;
            }
        }
        Some(close_up)
    }
}

/// Requests that ended around a fault, in buckets of equal length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseUp {
    /// Start of the first bucket, run time.
    pub from_us: Micros,
    /// Length of a bucket.
    pub bucket_us: Micros,
    /// Successes per bucket.
    pub ok: Vec<u64>,
    /// Failures per bucket.
    pub failed: Vec<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(outage: std::ops::Range<Micros>) -> CloseUps {
        let mut close_ups = CloseUps::default();
        for at in (0..30_000_000).step_by(SLICE_US as usize) {
            if at == 10_000_000 {
                close_ups.open(0, 10_003_000);
            }
            let failed = outage.contains(&at);
            close_ups.observe(
                at,
                Tally {
                    ok: u64::from(!failed),
                    failed: u64::from(failed),
                    ..Tally::default()
                },
            );
        }
        close_ups
    }

    #[test]
    fn a_short_outage_is_shown_slice_by_slice() {
        let close_up = fed(10_020_000..10_090_000).of(0, &[10_090_000]).unwrap();
        assert_eq!((close_up.from_us, close_up.bucket_us), (9_800_000, 10_000));
        assert_eq!(close_up.failed.iter().sum::<u64>(), 7);
        assert_eq!(close_up.failed[22..29], [1; 7]);
    }

    #[test]
    fn a_long_one_in_wider_buckets_of_which_there_are_few() {
        let close_up = fed(10_020_000..18_000_000).of(0, &[18_000_000]).unwrap();
        assert_eq!(close_up.bucket_us, 80_000);
        assert!(close_up.ok.len() as u64 <= BUCKETS);
        let outage = (18_000_000 - 10_020_000) / SLICE_US;
        assert_eq!(close_up.failed.iter().sum::<u64>(), outage);
    }

    #[test]
    fn a_fault_that_was_never_accepted_has_none() {
        assert_eq!(fed(0..0).of(1, &[]), None);
    }
}
