//! From which rate on waiting grows faster than the load: the *knee*, after V. Satopää et al.,
//! *Finding a "Kneedle" in a Haystack* (2011): where the curve is furthest below the straight line
//! between its ends, both axes scaled to 0…1.

/// Fewer points make no curve.
const FEWEST: usize = 4;
/// A curve that is hardly bent has no knee.
const LEAST_BEND: f64 = 0.2;

/// The rate at the knee of (rate, latency) points in any order; none where there is none.
#[must_use]
pub fn knee(points: &[(f64, f64)]) -> Option<f64> {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (first, last) = (points.first()?, points.last()?);
    let lowest = points.iter().map(|point| point.1).reduce(f64::min)?;
    let highest = points.iter().map(|point| point.1).reduce(f64::max)?;
    if points.len() < FEWEST || last.0 <= first.0 || highest <= lowest {
        return None;
    }
    let bend = |(rate, latency): &(f64, f64)| {
        (rate - first.0) / (last.0 - first.0) - (latency - lowest) / (highest - lowest)
    };
    let furthest = points.iter().max_by(|a, b| bend(a).total_cmp(&bend(b)))?;
    (bend(furthest) >= LEAST_BEND).then_some(furthest.0)
}

#[cfg(test)]
mod tests {
    use super::knee;

    /// Time in a queue with one server: 1 ÷ (1 − load).
    fn queue(loads: &[f64]) -> Vec<(f64, f64)> {
        loads
            .iter()
            .map(|load| (load * 100.0, 1.0 / (1.0 - load)))
            .collect()
    }

    #[test]
    fn a_queue_has_its_knee_where_it_begins_to_rise() {
        let points = queue(&[0.95, 0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9]);
        assert_eq!(knee(&points), Some(80.0));
    }

    #[test]
    fn what_is_straight_or_flat_or_short_has_none() {
        let straight: Vec<(f64, f64)> = (1..9).map(|n| (f64::from(n), f64::from(n))).collect();
        assert_eq!(knee(&straight), None);
        let flat: Vec<(f64, f64)> = (1..9).map(|n| (f64::from(n), 5.0)).collect();
        assert_eq!(knee(&flat), None);
        assert_eq!(knee(&queue(&[0.1, 0.5, 0.9])), None);
        assert_eq!(knee(&[]), None);
    }
}
