//! Which rows of the data sets an iteration works with.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use super::seed::{self, Purpose};
use crate::scenario::{DataOrder, DataSet, JourneyId, Scenario};

/// The order in which every data set is handed out, shared by all workers.
#[derive(Debug)]
pub(crate) struct Data {
    sets: Vec<Set>,
    /// The data sets that each journey looks into: others give it no row.
    used_by: Vec<BTreeSet<usize>>,
}

#[derive(Debug)]
struct Set {
    order: DataOrder,
    rows: u64,
    /// The loads whose journeys use it: they take turns.
    loads: Vec<usize>,
    /// Only with [`DataOrder::Shuffle`].
    shuffled: Vec<u32>,
    /// Only with [`DataOrder::Unique`].
    used: AtomicU64,
}

/// A data set whose rows may be used only once has none left: its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RanOut(pub(crate) usize);

impl Data {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let used_by: Vec<BTreeSet<usize>> = (0..scenario.journeys.len())
            .map(|journey| used_by(scenario, journey))
            .collect();
        let loads_of = |set: usize| {
            let uses = |load: &usize| {
                let journeys = &scenario.loads[*load].journeys;
                journeys.iter().any(|(id, _)| used_by[*id].contains(&set))
            };
            (0..scenario.loads.len()).filter(uses).collect()
        };
        let sets = scenario.data.iter().enumerate();
        Self {
            sets: sets
                .map(|(index, set)| Set::new(set, index, loads_of(index), scenario.seed))
                .collect(),
            used_by,
        }
    }

    /// The row of each data set for one iteration of one load; zero for those that its journey
    /// does not use. Depends only on these numbers and the seed, except for unique rows, which go
    /// to whoever starts first.
    ///
    /// # Errors
    /// [`RanOut`].
    pub(crate) fn rows(
        &self,
        load: usize,
        journey: JourneyId,
        iteration: u64,
        random: &mut fastrand::Rng,
    ) -> Result<Vec<usize>, RanOut> {
        let mut rows = vec![0; self.sets.len()];
        for &set in &self.used_by[journey] {
            rows[set] = self.sets[set]
                .row(load, iteration, random)
                .ok_or(RanOut(set))?;
        }
        Ok(rows)
    }
}

impl Set {
    fn new(set: &DataSet, index: usize, loads: Vec<usize>, seed: u64) -> Self {
        let mut shuffled = Vec::new();
        if set.order == DataOrder::Shuffle {
            shuffled.extend(0..u32::try_from(set.rows.len()).unwrap_or(u32::MAX));
            seed::rng(seed, Purpose::Data, index, 0).shuffle(&mut shuffled);
        }
        Self {
            order: set.order,
            rows: set.rows.len() as u64,
            loads,
            shuffled,
            used: AtomicU64::new(0),
        }
    }

    /// `None` when there is none left.
    fn row(&self, load: usize, iteration: u64, random: &mut fastrand::Rng) -> Option<usize> {
        if self.rows == 0 {
            return None;
        }
        let rank = self
            .loads
            .iter()
            .position(|&user| user == load)
            .unwrap_or(0);
        let turn = iteration
            .wrapping_mul(self.loads.len().max(1) as u64)
            .wrapping_add(rank as u64);
        let row = match self.order {
            DataOrder::Sequential => turn % self.rows,
            DataOrder::Shuffle => u64::from(self.shuffled[to_index(turn % self.rows)]),
            DataOrder::Random => random.u64(..self.rows),
            DataOrder::Unique => {
                let row = self.used.fetch_add(1, Ordering::Relaxed);
                (row < self.rows).then_some(row)?
            }
        };
        Some(to_index(row))
    }
}

/// The data sets that a journey's templates look into.
fn used_by(scenario: &Scenario, journey: JourneyId) -> BTreeSet<usize> {
    let mut sets = BTreeSet::new();
    for step in &scenario.steps[scenario.journeys[journey].steps.clone()] {
        let defaults = scenario.http.headers.iter().map(|(_, value)| value);
        step.templates()
            .chain(defaults)
            .for_each(|template| template.data_sets(&mut sets));
    }
    sets
}

/// Row numbers come from lengths of vectors.
fn to_index(row: u64) -> usize {
    usize::try_from(row).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(order: DataOrder, rows: usize, loads: &[usize]) -> Set {
        let data = DataSet {
            name: "d".into(),
            columns: vec!["c".into()],
            rows: (0..rows).map(|row| vec![row.to_string()]).collect(),
            order,
        };
        Set::new(&data, 0, loads.to_vec(), 42)
    }

    fn take(set: &Set, load: usize, iterations: std::ops::Range<u64>) -> Vec<usize> {
        let mut random = fastrand::Rng::with_seed(1);
        iterations
            .map_while(|n| set.row(load, n, &mut random))
            .collect()
    }

    #[test]
    fn sequential_rows_go_round_and_loads_take_turns() {
        let set = set(DataOrder::Sequential, 6, &[0, 3]);
        assert_eq!(take(&set, 0, 0..4), [0, 2, 4, 0]);
        assert_eq!(take(&set, 3, 0..4), [1, 3, 5, 1]);
    }

    #[test]
    fn shuffled_rows_come_once_each_before_any_comes_twice() {
        let set = set(DataOrder::Shuffle, 50, &[0]);
        let mut first = take(&set, 0, 0..50);
        assert_ne!(first, (0..50).collect::<Vec<_>>());
        assert_eq!(take(&set, 0, 50..100), first);
        first.sort_unstable();
        assert_eq!(first, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn unique_rows_run_out() {
        let set = set(DataOrder::Unique, 3, &[0, 1]);
        let mut rows = take(&set, 0, 0..2);
        rows.extend(take(&set, 1, 0..2));
        assert_eq!(rows, [0, 1, 2]);
        assert!(take(&set, 0, 9..10).is_empty());
    }
}
