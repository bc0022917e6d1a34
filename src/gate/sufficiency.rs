//! Whether there are enough requests to tell a quantile.

use super::result::GateVerdict;

/// Requests beyond a quantile from which its interval is worth printing.
pub const FOR_AN_INTERVAL: u64 = 50;

/// Requests beyond a quantile from which it is taken at its word.
pub const FOR_A_POINT: u64 = 10;

/// The test's error rate on each side when there are fewer.
const ALPHA: f64 = 0.05;

/// Requests that lie beyond a quantile.
#[must_use]
pub fn beyond(q: f64, count: u64) -> u64 {
    // 1 − 0.99 is 0.010000000000000009: without the nudge 1,000 requests leave 10, 900 leave 9.
    (((1.0 - q) * count as f64) + 1e-9).floor() as u64
}

/// "The quantile is at most the limit" says that of `count` requests a share 1 − q at most lies
/// above the limit; `above` do. An exact binomial test tells whether that is credible (pass),
/// incredible (fail) or neither. It takes requests for independent, which few of them nearly are.
#[must_use]
pub fn binomial(q: f64, count: u64, above: u64) -> GateVerdict {
    let share = 1.0 - q;
    let at_most = cumulative(count, share, above);
    let at_least = if above == 0 {
        1.0
    } else {
        1.0 - cumulative(count, share, above - 1)
    };
    if at_most < ALPHA {
        GateVerdict::Pass
    } else if at_least < ALPHA {
        GateVerdict::Fail
    } else {
        GateVerdict::Inconclusive
    }
}

/// P(K ≤ k) for K successes of n at probability p, summed in logarithms.
fn cumulative(n: u64, p: f64, k: u64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    let (n, log_p, log_not) = (n as f64, p.ln(), (1.0 - p).ln());
    let mut log_choose = 0.0;
    let mut sum = 0.0;
    for i in 0..=k {
        let i = i as f64;
        if i > n {
            break;
        }
        if i > 0.0 {
            log_choose += ((n - i + 1.0) / i).ln();
        }
        sum += (log_choose + i * log_p + (n - i) * log_not).exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_beyond_a_quantile_are_counted_exactly() {
        assert_eq!(
            [(0.99, 1_000), (0.99, 999), (0.95, 200), (0.999, 9_999)].map(|(q, n)| beyond(q, n)),
            [10, 9, 10, 9]
        );
    }

    #[test]
    fn few_requests_can_still_be_conclusive() {
        // None of 300 above: were one in a hundred above, that would happen in 4.9 % of runs.
        assert_eq!(binomial(0.99, 300, 0), GateVerdict::Pass);
        assert_eq!(binomial(0.99, 200, 0), GateVerdict::Inconclusive);
        assert_eq!(binomial(0.99, 200, 2), GateVerdict::Inconclusive);
        assert_eq!(binomial(0.99, 200, 6), GateVerdict::Fail);
        // All of five above the p99's limit needs no more data.
        assert_eq!(binomial(0.99, 5, 5), GateVerdict::Fail);
    }

    #[test]
    fn the_binomial_sums_to_one() {
        assert!((cumulative(40, 0.3, 40) - 1.0).abs() < 1e-12);
        assert!((cumulative(10, 0.5, 4) - 0.376_953_125).abs() < 1e-12);
    }
}
