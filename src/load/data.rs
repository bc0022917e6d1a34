//! Which rows of the data sets an iteration works with.

use std::sync::atomic::{AtomicU64, Ordering};

use super::seed::{self, Purpose};
use crate::scenario::{DataOrder, DataSet};

/// The order in which every data set is handed out, shared by all workers.
#[derive(Debug)]
pub(crate) struct Data {
    sets: Vec<Set>,
    /// Loads of the scenario: those with rows in order take turns.
    loads: u64,
}

#[derive(Debug)]
struct Set {
    order: DataOrder,
    rows: u64,
    /// Only with [`DataOrder::Shuffle`].
    shuffled: Vec<u32>,
    /// Only with [`DataOrder::Unique`].
    used: AtomicU64,
}

/// A data set whose rows may be used only once has none left: its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RanOut(pub(crate) usize);

impl Data {
    pub(crate) fn new(sets: &[DataSet], loads: usize, seed: u64) -> Self {
        let prepare = |(index, set): (usize, &DataSet)| {
            let mut shuffled = Vec::new();
            if set.order == DataOrder::Shuffle {
                shuffled.extend(0..u32::try_from(set.rows.len()).unwrap_or(u32::MAX));
                seed::rng(seed, Purpose::Data, index, 0).shuffle(&mut shuffled);
            }
            Set {
                order: set.order,
                rows: set.rows.len() as u64,
                shuffled,
                used: AtomicU64::new(0),
            }
        };
        Self {
            sets: sets.iter().enumerate().map(prepare).collect(),
            loads: loads.max(1) as u64,
        }
    }

    /// The row of each data set for one iteration of one load. Depends only on these numbers and
    /// the seed, except for unique rows, which go to whoever starts first.
    ///
    /// # Errors
    /// [`RanOut`].
    pub(crate) fn rows(
        &self,
        load: usize,
        iteration: u64,
        random: &mut fastrand::Rng,
    ) -> Result<Vec<usize>, RanOut> {
        let turn = iteration.wrapping_mul(self.loads).wrapping_add(load as u64);
        let row = |(index, set): (usize, &Set)| {
            if set.rows == 0 {
                return Err(RanOut(index));
            }
            let row = match set.order {
                DataOrder::Sequential => turn % set.rows,
                DataOrder::Shuffle => u64::from(set.shuffled[to_index(turn % set.rows)]),
                DataOrder::Random => random.u64(..set.rows),
                DataOrder::Unique => {
                    let row = set.used.fetch_add(1, Ordering::Relaxed);
                    if row >= set.rows {
                        return Err(RanOut(index));
                    }
                    row
                }
            };
            Ok(to_index(row))
        };
        self.sets.iter().enumerate().map(row).collect()
    }
}

/// Row numbers come from lengths of vectors.
fn to_index(row: u64) -> usize {
    usize::try_from(row).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(order: DataOrder, rows: usize, loads: usize) -> Data {
        let set = DataSet {
            name: "d".into(),
            columns: vec!["c".into()],
            rows: (0..rows).map(|row| vec![row.to_string()]).collect(),
            order,
        };
        Data::new(&[set], loads, 42)
    }

    fn take(data: &Data, load: usize, iterations: std::ops::Range<u64>) -> Vec<usize> {
        let mut random = fastrand::Rng::with_seed(1);
        iterations
            .map_while(|n| Some(data.rows(load, n, &mut random).ok()?[0]))
            .collect()
    }

    #[test]
    fn sequential_rows_go_round_and_loads_take_turns() {
        let data = data(DataOrder::Sequential, 6, 2);
        assert_eq!(take(&data, 0, 0..4), [0, 2, 4, 0]);
        assert_eq!(take(&data, 1, 0..4), [1, 3, 5, 1]);
    }

    #[test]
    fn shuffled_rows_come_once_each_before_any_comes_twice() {
        let data = data(DataOrder::Shuffle, 50, 1);
        let mut first = take(&data, 0, 0..50);
        assert_ne!(first, (0..50).collect::<Vec<_>>());
        assert_eq!(take(&data, 0, 50..100), first);
        first.sort_unstable();
        assert_eq!(first, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn unique_rows_run_out() {
        let data = data(DataOrder::Unique, 3, 2);
        let mut rows = take(&data, 0, 0..2);
        rows.extend(take(&data, 1, 0..2));
        assert_eq!(rows, [0, 1, 2]);
        let mut random = fastrand::Rng::with_seed(1);
        assert_eq!(data.rows(0, 9, &mut random), Err(RanOut(0)));
    }
}
