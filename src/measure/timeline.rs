//! The run over time, in at most [`MOST_BUCKETS`] buckets however long it was: when they do not
//! suffice, neighbours are merged exactly and buckets become twice as long.

use std::collections::BTreeMap;

use super::interval::Interval;
use super::outcome::ErrorKind;
use super::quantile::Sparse;

/// As many as a chart can show.
pub const MOST_BUCKETS: usize = 600;

/// What happened within one bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Response time of all requests.
    pub response: Sparse,
    /// Failures by kind.
    pub errors: BTreeMap<ErrorKind, u64>,
    /// Iterations that the open-model schedules called for.
    pub scheduled: u64,
    /// Of those, started.
    pub started: u64,
    /// Most iterations in progress.
    pub users: u64,
}

/// Something that is kept per stretch of time and can be joined with its neighbour.
pub trait Join: Default {
    /// Takes the neighbour in.
    fn join(&mut self, later: Self);
}

impl Join for Bucket {
    fn join(&mut self, later: Self) {
        self.response.merge(&later.response);
        for (kind, count) in later.errors {
            *self.errors.entry(kind).or_default() += count;
        }
        self.scheduled += later.scheduled;
        self.started += later.started;
        self.users = self.users.max(later.users);
    }
}

impl Join for Sparse {
    fn join(&mut self, later: Self) {
        self.merge(&later);
    }
}

impl From<&Interval> for Bucket {
    fn from(interval: &Interval) -> Self {
        let mut bucket = Self {
            scheduled: interval.scheduled,
            started: interval.started,
            users: interval.users,
            ..Self::default()
        };
        for step in &interval.steps {
            bucket.response.merge(&Sparse::from(&step.ok_response_us));
            bucket
                .response
                .merge(&Sparse::from(&step.failed_response_us));
            for (kind, count) in &step.errors {
                *bucket.errors.entry(*kind).or_default() += count;
            }
        }
        bucket
    }
}

/// At most [`MOST_BUCKETS`] stretches of equal length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounded<T> {
    width: u64,
    items: Vec<T>,
}

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self {
            width: 1,
            items: Vec::new(),
        }
    }
}

impl<T: Join> Bounded<T> {
    /// Adds what happened at a position: seconds of the run, or consecutive seconds of a phase.
    pub fn add(&mut self, position: u64, item: T) {
        while position / self.width >= MOST_BUCKETS as u64 {
            self.halve();
        }
        let index = usize::try_from(position / self.width).unwrap_or(MOST_BUCKETS - 1);
        if self.items.len() <= index {
            self.items.resize_with(index + 1, T::default);
        }
        self.items[index].join(item);
    }

    fn halve(&mut self) {
        self.width *= 2;
        let mut halved: Vec<T> = Vec::with_capacity(self.items.len().div_ceil(2));
        for (index, item) in std::mem::take(&mut self.items).into_iter().enumerate() {
            match halved.last_mut() {
                Some(first) if index % 2 == 1 => first.join(item),
                _ => halved.push(item),
            }
        }
        self.items = halved;
    }

    /// Length of each, seconds.
    #[must_use]
    pub fn width_seconds(&self) -> u64 {
        self.width
    }

    /// In order of time; those without anything are empty.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::interval::histogram;

    #[test]
    fn long_runs_get_longer_buckets_and_lose_nothing() {
        let mut bounded = Bounded::<Sparse>::default();
        let mut all = histogram();
        for second in 0..2_000_u64 {
            let mut one = histogram();
            one.record(1_000 + second).expect("in range");
            all.add(&one).expect("same kind");
            bounded.add(second, Sparse::from(&one));
        }
        assert_eq!((bounded.width_seconds(), bounded.items().len()), (4, 500));
        assert!(bounded.items().iter().all(|unit| unit.count() == 4));
        let mut merged = Sparse::default();
        bounded.items().iter().for_each(|unit| merged.merge(unit));
        assert_eq!(merged, Sparse::from(&all));
    }

    #[test]
    fn a_gap_is_an_empty_bucket() {
        let mut bounded = Bounded::<Bucket>::default();
        bounded.add(
            3,
            Bucket {
                users: 2,
                ..Bucket::default()
            },
        );
        assert_eq!(bounded.items().len(), 4);
        assert_eq!(bounded.items()[0], Bucket::default());
    }
}
