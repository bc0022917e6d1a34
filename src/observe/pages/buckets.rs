//! Quantiles of a histogram that was counted into buckets.

/// Upper bound of a bucket and how many observations are at or below it: cumulative, as pages
/// tell them, in order of the bounds.
pub(super) type Buckets = Vec<(f64, f64)>;

/// The quantile `q` (0…1), by linear interpolation within its bucket, as Prometheus'
/// `histogram_quantile` does. Infinite where it lies beyond the last bound; none where nothing was
/// observed. <https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile>
pub(super) fn quantile(q: f64, buckets: &[(f64, f64)]) -> Option<f64> {
    let total = buckets.last()?.1;
    if total <= 0.0 {
        return None;
    }
    let rank = q * total;
    let at = buckets.iter().position(|(_, count)| *count >= rank)?;
    let (bound, count) = buckets[at];
    if bound.is_infinite() {
        return Some(f64::INFINITY);
    }
    let (below, before) = match at {
        0 => (0.0, 0.0),
        at => buckets[at - 1],
    };
    let inside = count - before;
    if inside <= 0.0 {
        return Some(bound);
    }
    Some(below + (bound - below) * (rank - before) / inside)
}

/// Adds what was observed elsewhere, or later. Bounds that only one of the two has stay.
pub(super) fn add(sum: &mut Buckets, more: &[(f64, f64)]) {
    for (bound, count) in more {
        match sum.binary_search_by(|(known, _)| known.total_cmp(bound)) {
            Ok(at) => sum[at].1 += count,
            Err(at) => sum.insert(at, (*bound, *count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_within_their_bucket() {
        let inf = f64::INFINITY;
        let buckets = [(0.1, 10.0), (0.2, 20.0), (0.4, 40.0), (inf, 40.0)];
        let of = |q| quantile(q, &buckets).unwrap();
        assert!((of(0.25) - 0.1).abs() < 1e-12);
        assert!((of(0.5) - 0.2).abs() < 1e-12);
        assert!((of(0.75) - 0.3).abs() < 1e-12);
        assert!((of(0.125) - 0.05).abs() < 1e-12);
        assert_eq!(quantile(0.99, &[(0.1, 1.0), (inf, 2.0)]), Some(inf));
        assert_eq!(quantile(0.5, &[(0.1, 0.0), (inf, 0.0)]), None);
        assert_eq!(quantile(0.5, &[]), None);
    }

    #[test]
    fn the_observations_of_two_pods_are_one_histogram() {
        let mut sum = vec![(0.1, 1.0), (0.2, 3.0)];
        add(&mut sum, &[(0.1, 2.0), (0.2, 2.0), (0.4, 5.0)]);
        assert_eq!(sum, [(0.1, 3.0), (0.2, 5.0), (0.4, 5.0)]);
    }
}
