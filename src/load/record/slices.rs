//! Counts per hundredth of a second, for everything that has to know at once.

use crate::measure::clock::Micros;
use crate::measure::interval::{SLICE_US, Slice};
use crate::scenario::StepId;

/// Counts of the current slice, and the finished ones since they were last taken.
#[derive(Debug)]
pub(crate) struct Slices {
    at: Micros,
    cells: Vec<Cell>,
    touched: Vec<StepId>,
    finished: Vec<Slice>,
    /// Successes that took longer than this, microseconds, are slow.
    slow_over: u64,
}

#[derive(Debug, Default, Clone)]
struct Cell {
    ok: u32,
    failed: u32,
    slow: u32,
    max: u64,
    sum: u64,
    first_failed_sent: Option<Micros>,
    last_failed_sent: Micros,
}

impl Slices {
    pub(crate) fn new(steps: usize) -> Self {
        Self {
            at: 0,
            cells: vec![Cell::default(); steps],
            touched: Vec::new(),
            finished: Vec::new(),
            slow_over: u64::MAX,
        }
    }

    /// Counts successes that took longer than this, microseconds, as slow.
    pub(crate) fn slow_over(mut self, limit_us: u64) -> Self {
        self.slow_over = limit_us;
        self
    }

    /// Counts a request that ended at `at` (never before an earlier one of this worker).
    pub(crate) fn add(
        &mut self,
        at: Micros,
        step: StepId,
        response_us: u64,
        failed_sent: Option<Micros>,
    ) {
        self.advance(at);
        let cell = &mut self.cells[step];
        if cell.ok == 0 && cell.failed == 0 {
            self.touched.push(step);
        }
        match failed_sent {
            None => {
                cell.ok += 1;
                cell.slow += u32::from(response_us > self.slow_over);
            }
            Some(sent) => {
                cell.failed += 1;
                cell.first_failed_sent =
                    Some(cell.first_failed_sent.map_or(sent, |first| first.min(sent)));
                cell.last_failed_sent = cell.last_failed_sent.max(sent);
            }
        }
        cell.max = cell.max.max(response_us);
        cell.sum += response_us;
    }

    /// Everything that ended before now.
    pub(crate) fn take(&mut self) -> Vec<Slice> {
        self.close();
        std::mem::take(&mut self.finished)
    }

    fn advance(&mut self, at: Micros) {
        let slice = at - at % SLICE_US;
        if slice > self.at {
            self.close();
            self.at = slice;
        }
    }

    fn close(&mut self) {
        for step in self.touched.drain(..) {
            let cell = std::mem::take(&mut self.cells[step]);
            self.finished.push(Slice {
                at: self.at,
                step,
                ok: cell.ok,
                failed: cell.failed,
                slow: cell.slow,
                max_response_us: cell.max,
                sum_response_us: cell.sum,
                first_failed_sent: cell.first_failed_sent.unwrap_or(0),
                last_failed_sent: cell.last_failed_sent,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_in_the_slice_they_ended_in() {
        let mut slices = Slices::new(2).slow_over(400);
        slices.add(10_000, 1, 500, None);
        slices.add(19_999, 1, 700, Some(19_000));
        slices.add(19_999, 1, 100, Some(18_000));
        slices.add(20_000, 0, 300, None);
        let taken = slices.take();
        assert_eq!(taken.len(), 2);
        assert_eq!(
            taken[0],
            Slice {
                at: 10_000,
                step: 1,
                ok: 1,
                failed: 2,
                slow: 1,
                max_response_us: 700,
                sum_response_us: 1_300,
                first_failed_sent: 18_000,
                last_failed_sent: 19_000,
            }
        );
        assert_eq!((taken[1].at, taken[1].step, taken[1].ok), (20_000, 0, 1));
        assert!(slices.take().is_empty());
    }

    #[test]
    fn merging_keeps_the_earliest_failure() {
        let part = |sent| {
            let mut slices = Slices::new(1);
            slices.add(5, 0, 10, sent);
            slices.take().remove(0)
        };
        let mut merged = part(None);
        merged.merge(&part(Some(4)));
        merged.merge(&part(Some(2)));
        assert_eq!((merged.first_failed_sent, merged.last_failed_sent), (2, 4));
        assert_eq!((merged.ok, merged.failed), (1, 2));
    }
}
