//! Quantiles: of sparse counts, and how sure one can be of them.

use hdrhistogram::Histogram;

/// A histogram's non-empty buckets: what a second with forty requests needs, not 80 KB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sparse {
    /// (highest value of the bucket in microseconds, count), by value.
    buckets: Vec<(u64, u64)>,
}

impl From<&Histogram<u64>> for Sparse {
    fn from(histogram: &Histogram<u64>) -> Self {
        let buckets = histogram
            .iter_recorded()
            .map(|value| (value.value_iterated_to(), value.count_at_value()))
            .collect();
        Self { buckets }
    }
}

impl Sparse {
    /// Requests in it.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// Non-empty buckets.
    #[must_use]
    pub fn buckets(&self) -> &[(u64, u64)] {
        &self.buckets
    }

    /// Adds the other one exactly: as if everything had been recorded in one.
    pub fn merge(&mut self, other: &Self) {
        let mut merged = Vec::with_capacity(self.buckets.len() + other.buckets.len());
        let (mut left, mut right) = (
            self.buckets.iter().peekable(),
            other.buckets.iter().peekable(),
        );
        loop {
            let next = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => *left.next().expect("peeked"),
                (None, Some(_)) => *right.next().expect("peeked"),
                (Some((a, _)), Some((b, _))) => match a.cmp(b) {
                    std::cmp::Ordering::Less => *left.next().expect("peeked"),
                    std::cmp::Ordering::Greater => *right.next().expect("peeked"),
                    std::cmp::Ordering::Equal => {
                        let (value, count) = *left.next().expect("peeked");
                        (value, count + right.next().expect("peeked").1)
                    }
                },
            };
            merged.push(next);
        }
        self.buckets = merged;
    }

    /// The value at a quantile 0…1, as `HdrHistogram` defines it; none when empty.
    #[must_use]
    pub fn value_at(&self, q: f64) -> Option<u64> {
        let rank = rank(q, self.count());
        let mut seen = 0;
        self.buckets.iter().find_map(|(value, count)| {
            seen += count;
            (seen >= rank).then_some(*value)
        })
    }
}

fn rank(q: f64, count: u64) -> u64 {
    ((q.min(1.0) * count as f64).ceil() as u64).max(1)
}

/// Resamples of the bootstrap.
pub const RESAMPLES: usize = 1_000;

/// Length of the bootstrap's blocks, seconds: longer than requests influence one another.
pub const BLOCK_SECONDS: u64 = 20;

/// An approximate 95 % interval of a quantile by moving-block bootstrap: consecutive units (of
/// `unit_seconds` each) are drawn together in blocks of [`BLOCK_SECONDS`], because neighbouring
/// seconds resemble each other and drawing them one by one would promise too much.
///
/// The seed makes it repeatable. None when there are fewer than three blocks to draw from.
#[must_use]
pub fn block_bootstrap(units: &[Sparse], unit_seconds: u64, q: f64, seed: u64) -> Option<[u64; 2]> {
    let drawn = resampled(units, unit_seconds, &[q], seed)?;
    let mut estimates: Vec<u64> = drawn.into_iter().flatten().flatten().collect();
    estimates.sort_unstable();
    Some([at(&estimates, 0.025)?, at(&estimates, 0.975)?])
}

/// Approximate 95 % intervals of how many times as large quantiles are in `other` as in
/// `reference`, one for each of `qs`: both are resampled as by [`block_bootstrap`], apart from each
/// other, and the ratios of what is drawn are taken. Each side is its units and their length in
/// seconds. None when one side has fewer than three blocks, or a quantile of zero.
#[must_use]
pub fn ratio_bootstrap(
    reference: (&[Sparse], u64),
    other: (&[Sparse], u64),
    qs: &[f64],
    seed: u64,
) -> Option<Vec<[f64; 2]>> {
    let ours = resampled(reference.0, reference.1, qs, seed)?;
    // Another seed: the same blocks on both sides would hide what the blocks differ by.
    let theirs = resampled(other.0, other.1, qs, !seed)?;
    let interval = |n: usize| {
        let pairs = theirs.iter().zip(&ours);
        let mut ratios: Vec<f64> = pairs
            .filter_map(|(theirs, ours)| {
                Some(theirs[n]? as f64 / ours[n].filter(|us| *us > 0)? as f64)
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        Some([at(&ratios, 0.025)?, at(&ratios, 0.975)?])
    };
    (0..qs.len()).map(interval).collect()
}

/// The value at a share of sorted values.
fn at<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((share * last as f64).round() as usize).copied()
}

/// The quantiles of each resample; none where nothing was drawn.
fn resampled(
    units: &[Sparse],
    unit_seconds: u64,
    qs: &[f64],
    seed: u64,
) -> Option<Vec<Vec<Option<u64>>>> {
    let block = usize::try_from(BLOCK_SECONDS.div_ceil(unit_seconds.max(1))).ok()?;
    if units.len() < 3 * block {
        return None;
    }
    let mut values: Vec<u64> = units
        .iter()
        .flat_map(|unit| &unit.buckets)
        .map(|(value, _)| *value)
        .collect();
    values.sort_unstable();
    values.dedup();
    let indexed: Vec<Vec<(usize, u64)>> = units
        .iter()
        .map(|unit| {
            let place = |value: &u64| values.binary_search(value).expect("collected above");
            unit.buckets
                .iter()
                .map(|(value, count)| (place(value), *count))
                .collect()
        })
        .collect();

    let mut random = fastrand::Rng::with_seed(seed);
    let mut counts = vec![0_u64; values.len()];
    let mut draw = || {
        counts.fill(0);
        for _ in 0..units.len().div_ceil(block) {
            let start = random.usize(0..=units.len() - block);
            for (index, count) in indexed[start..start + block].iter().flatten() {
                counts[*index] += count;
            }
        }
        let all = counts.iter().sum();
        let quantile = |q: &f64| {
            let rank = rank(*q, all);
            let mut seen = 0;
            let at = counts.iter().position(|count| {
                seen += count;
                seen >= rank
            });
            at.map(|index| values[index])
        };
        qs.iter().map(quantile).collect()
    };
    Some((0..RESAMPLES).map(|_| draw()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::interval::histogram;

    fn recorded(values: &[u64]) -> Histogram<u64> {
        let mut all = histogram();
        for value in values {
            all.record(*value).expect("within the range");
        }
        all
    }

    proptest! {
        #[test]
        fn merging_is_recording_everything_in_one(
            left in proptest::collection::vec(1_u64..600_000_000, 0..200),
            right in proptest::collection::vec(1_u64..600_000_000, 0..200),
        ) {
            let mut merged = Sparse::from(&recorded(&left));
            merged.merge(&Sparse::from(&recorded(&right)));
            let all = recorded(&[left, right].concat());
            prop_assert_eq!(&merged, &Sparse::from(&all));
            for q in [0.0001, 0.5, 0.9, 0.99, 0.999, 1.0] {
                let expected = (!all.is_empty()).then(|| all.value_at_quantile(q));
                prop_assert_eq!(merged.value_at(q), expected);
            }
        }
    }

    #[test]
    fn the_bootstrap_holds_the_estimate_and_repeats_with_its_seed() {
        let mut random = fastrand::Rng::with_seed(1);
        let units: Vec<Sparse> = (0..100)
            .map(|_| {
                Sparse::from(&recorded(
                    &(0..40)
                        .map(|_| random.u64(1_000..9_000))
                        .collect::<Vec<_>>(),
                ))
            })
            .collect();
        let mut all = Sparse::default();
        units.iter().for_each(|unit| all.merge(unit));
        let [low, high] = block_bootstrap(&units, 1, 0.95, 7).expect("enough blocks");
        let estimate = all.value_at(0.95).expect("not empty");
        assert!(
            low <= estimate && estimate <= high && low < high,
            "{low} {estimate} {high}"
        );
        assert_eq!(block_bootstrap(&units, 1, 0.95, 7), Some([low, high]));
    }

    #[test]
    fn too_few_blocks_give_no_interval() {
        let units = vec![Sparse::from(&recorded(&[1_000; 100])); 59];
        assert_eq!(block_bootstrap(&units, 1, 0.5, 7), None);
    }

    #[test]
    fn the_ratio_of_what_is_half_as_slow_again_is_found() {
        let side = |seed, factor: f64| -> Vec<Sparse> {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut time = || (random.u64(1_000..9_000) as f64 * factor) as u64;
            let second =
                |time: &mut dyn FnMut() -> u64| (0..40).map(|_| time()).collect::<Vec<_>>();
            (0..100)
                .map(|_| Sparse::from(&recorded(&second(&mut time))))
                .collect()
        };
        let (ours, theirs, same) = (side(1, 1.0), side(2, 1.5), side(3, 1.0));
        let ratio = |other: &[Sparse]| ratio_bootstrap((&ours, 1), (other, 1), &[0.5, 0.95], 7);
        for [low, high] in ratio(&theirs).expect("enough blocks") {
            assert!(
                low < 1.5 && 1.5 < high && low > 1.3 && high < 1.7,
                "{low} {high}"
            );
        }
        for [low, high] in ratio(&same).expect("enough blocks") {
            assert!(low < 1.0 && 1.0 < high, "{low} {high}");
        }
        assert_eq!(ratio(&theirs[..59]), None);
    }
}
