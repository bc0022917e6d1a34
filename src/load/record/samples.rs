//! A few failures worth showing, however many there are.

use std::collections::BTreeMap;

use crate::measure::clock::Micros;
use crate::measure::interval::ErrorSample;
use crate::measure::outcome::ErrorKind;
use crate::scenario::StepId;

/// Samples per step and kind in a run.
const MOST: u32 = 20;
/// No more than one per step and kind within this time, so that later faults are sampled too.
const APART_US: Micros = 3_000_000;

/// Decides which failures are shown, and holds them until they are taken.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    taken: BTreeMap<(StepId, ErrorKind), (u32, Micros)>,
    waiting: Vec<ErrorSample>,
}

impl Samples {
    /// Whether another sample of this kind is wanted: ask before building its message.
    pub(crate) fn wants(&mut self, step: StepId, kind: ErrorKind, at: Micros) -> bool {
        let (count, last) = self.taken.entry((step, kind)).or_insert((0, 0));
        let wanted = *count < MOST && (*count == 0 || at >= *last + APART_US);
        if wanted {
            *count += 1;
            *last = at;
        }
        wanted
    }

    pub(crate) fn add(&mut self, sample: ErrorSample) {
        self.waiting.push(sample);
    }

    pub(crate) fn take(&mut self) -> Vec<ErrorSample> {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_bounded_and_spread_over_time() {
        let mut samples = Samples::default();
        assert!(samples.wants(0, ErrorKind::Reset, 5));
        assert!(!samples.wants(0, ErrorKind::Reset, 6));
        assert!(samples.wants(0, ErrorKind::Timeout, 6));
        assert!(samples.wants(1, ErrorKind::Reset, 6));
        assert!(samples.wants(0, ErrorKind::Reset, 5 + APART_US));
        let later = (10..1_000).filter(|n| samples.wants(0, ErrorKind::Reset, n * APART_US));
        assert_eq!(later.count(), 18);
    }
}
