//! Counts per hundredth of a second, for everything that has to know at once.

use std::sync::Arc;

use crate::measure::clock::Micros;
use crate::measure::interval::{SLICE_US, Slice};
use crate::scenario::StepId;

/// More zones than this are counted as none.
const MAX_ZONES: usize = 64;

/// Counts of the current slice, and the finished ones since they were last taken.
#[derive(Debug)]
pub(crate) struct Slices {
    at: Micros,
    cells: Vec<Cell>,
    touched: Vec<StepId>,
    finished: Vec<ZonedSlice>,
    zones: Vec<Arc<str>>,
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
    zones: Vec<(usize, u32)>,
}

/// A slice before it is decided which zone answered most of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZonedSlice {
    pub(crate) slice: Slice,
    pub(crate) zones: Vec<(Arc<str>, u32)>,
}

impl Slices {
    pub(crate) fn new(steps: usize) -> Self {
        Self {
            at: 0,
            cells: vec![Cell::default(); steps],
            touched: Vec::new(),
            finished: Vec::new(),
            zones: Vec::new(),
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
        zone: Option<&[u8]>,
    ) {
        self.advance(at);
        let zone = zone.and_then(|name| self.zone(name));
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
            }
        }
        cell.max = cell.max.max(response_us);
        cell.sum += response_us;
        if let Some(zone) = zone {
            match cell.zones.iter_mut().find(|(known, _)| *known == zone) {
                Some((_, count)) => *count += 1,
                None => cell.zones.push((zone, 1)),
            }
        }
    }

    /// Everything that ended before now.
    pub(crate) fn take(&mut self) -> Vec<ZonedSlice> {
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
            let cell = &mut self.cells[step];
            self.finished.push(ZonedSlice {
                slice: Slice {
                    at: self.at,
                    step,
                    ok: cell.ok,
                    failed: cell.failed,
                    slow: cell.slow,
                    max_response_us: cell.max,
                    sum_response_us: cell.sum,
                    first_failed_sent: cell.first_failed_sent.unwrap_or(0),
                    zone: None,
                },
                zones: cell
                    .zones
                    .iter()
                    .map(|&(zone, count)| (self.zones[zone].clone(), count))
                    .collect(),
            });
            cell.zones.clear();
            let zones = std::mem::take(&mut cell.zones);
            *cell = Cell {
                zones,
                ..Cell::default()
            };
        }
    }

    fn zone(&mut self, name: &[u8]) -> Option<usize> {
        if let Some(known) = self.zones.iter().position(|z| z.as_bytes() == name) {
            return Some(known);
        }
        let name = std::str::from_utf8(name).ok()?;
        if name.is_empty() || self.zones.len() >= MAX_ZONES {
            return None;
        }
        self.zones.push(name.into());
        Some(self.zones.len() - 1)
    }
}

impl ZonedSlice {
    /// Joins the counts of another worker (or of a later part) of the same slice and step.
    pub(crate) fn merge(&mut self, other: Self) {
        let (mine, theirs) = (&mut self.slice, &other.slice);
        mine.first_failed_sent = match (mine.failed, theirs.failed) {
            (_, 0) => mine.first_failed_sent,
            (0, _) => theirs.first_failed_sent,
            _ => mine.first_failed_sent.min(theirs.first_failed_sent),
        };
        mine.ok += theirs.ok;
        mine.failed += theirs.failed;
        mine.slow += theirs.slow;
        mine.max_response_us = mine.max_response_us.max(theirs.max_response_us);
        mine.sum_response_us += theirs.sum_response_us;
        for (zone, count) in other.zones {
            match self.zones.iter_mut().find(|(known, _)| *known == zone) {
                Some((_, sum)) => *sum += count,
                None => self.zones.push((zone, count)),
            }
        }
    }

    /// With the zone that answered most of it; of equals the first by name.
    pub(crate) fn decide(self) -> Slice {
        let most = self
            .zones
            .into_iter()
            .max_by(|(a, m), (b, n)| m.cmp(n).then_with(|| b.cmp(a)));
        Slice {
            zone: most.map(|(zone, _)| zone.to_string()),
            ..self.slice
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_in_the_slice_they_ended_in() {
        let mut slices = Slices::new(2).slow_over(400);
        slices.add(10_000, 1, 500, None, Some(b"a"));
        slices.add(19_999, 1, 700, Some(19_000), Some(b"b"));
        slices.add(19_999, 1, 100, Some(18_000), Some(b"b"));
        slices.add(20_000, 0, 300, None, None);
        let taken: Vec<Slice> = slices.take().into_iter().map(ZonedSlice::decide).collect();
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
                zone: Some("b".into()),
            }
        );
        assert_eq!((taken[1].at, taken[1].step, taken[1].ok), (20_000, 0, 1));
        assert!(slices.take().is_empty());
    }

    #[test]
    fn merging_keeps_the_earliest_failure() {
        let part = |sent| {
            let mut slices = Slices::new(1);
            slices.add(5, 0, 10, sent, Some(b"a"));
            slices.take().remove(0)
        };
        let mut merged = part(None);
        merged.merge(part(Some(4)));
        merged.merge(part(Some(2)));
        assert_eq!(merged.slice.first_failed_sent, 2);
        assert_eq!((merged.slice.ok, merged.slice.failed), (1, 2));
        assert_eq!(&*merged.zones[0].0, "a");
        assert_eq!(merged.zones[0].1, 3);
    }
}
