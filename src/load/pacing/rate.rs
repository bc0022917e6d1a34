//! A rate over time, integrated exactly.

use crate::scenario::RateSegment;

/// Piecewise linear arrival rate; answers when the integral reaches a given count.
#[derive(Debug, Clone)]
pub(crate) struct RateCurve {
    pieces: Vec<Piece>,
    length: f64,
}

/// One segment with what came before it, in seconds and counts.
#[derive(Debug, Clone, Copy)]
struct Piece {
    starts: f64,
    count_before: f64,
    count_after: f64,
    from: f64,
    /// Change of the rate per second.
    slope: f64,
    over: f64,
}

impl RateCurve {
    pub(crate) fn new(segments: &[RateSegment]) -> Self {
        let mut pieces = Vec::with_capacity(segments.len());
        let (mut starts, mut count) = (0.0, 0.0);
        for segment in segments.iter().filter(|segment| !segment.over.is_zero()) {
            let over = segment.over.as_secs_f64();
            let inside = (segment.from + segment.to) / 2.0 * over;
            pieces.push(Piece {
                starts,
                count_before: count,
                count_after: count + inside,
                from: segment.from,
                slope: (segment.to - segment.from) / over,
                over,
            });
            starts += over;
            count += inside;
        }
        Self {
            pieces,
            length: starts,
        }
    }

    /// How many arrivals the whole curve holds (a real number).
    #[cfg(test)]
    fn total(&self) -> f64 {
        self.pieces.last().map_or(0.0, |piece| piece.count_after)
    }

    /// Its length, microseconds.
    pub(crate) fn length_us(&self) -> u64 {
        micros(self.length)
    }

    /// Seconds at which the integral of the rate reaches `count`; `None` beyond the end.
    ///
    /// `piece` is where the search starts and is moved along: counts must not decrease between
    /// calls that share it.
    pub(crate) fn reaches(&self, count: f64, piece: &mut usize) -> Option<f64> {
        while self.pieces.get(*piece)?.count_after <= count {
            *piece += 1;
        }
        Some(self.pieces[*piece].reaches(count))
    }
}

impl Piece {
    /// Solves `from · t + slope · t² / 2 = count − count_before` in the form that keeps its
    /// precision when the slope is tiny or the rate starts at zero.
    fn reaches(&self, count: f64) -> f64 {
        let inside = count - self.count_before;
        if inside <= 0.0 {
            return self.starts;
        }
        let root = (self.from * self.from + 2.0 * self.slope * inside)
            .max(0.0)
            .sqrt();
        self.starts + (2.0 * inside / (self.from + root)).min(self.over)
    }
}

/// Seconds as whole microseconds.
pub(crate) fn micros(seconds: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "schedules are non-negative and shorter than 2^63 µs"
    )]
    let whole = (seconds * 1e6).round() as u64;
    whole
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn segment(from: f64, to: f64, seconds: f64) -> RateSegment {
        RateSegment {
            from,
            to,
            over: Duration::from_secs_f64(seconds),
        }
    }

    /// The integral by its definition, written apart from the code under test.
    fn integral(segments: &[RateSegment], until: f64) -> f64 {
        let (mut sum, mut start) = (0.0, 0.0);
        for s in segments {
            let over = s.over.as_secs_f64();
            let t = (until - start).clamp(0.0, over);
            sum += s.from * t + (s.to - s.from) / over * t * t / 2.0;
            start += over;
        }
        sum
    }

    #[test]
    fn a_ramp_from_zero_starts_at_once_and_ends_with_the_segment() {
        let curve = RateCurve::new(&[segment(0.0, 10.0, 2.0)]);
        assert!((curve.total() - 10.0).abs() < 1e-9);
        let mut piece = 0;
        assert_eq!(curve.reaches(0.0, &mut piece), Some(0.0));
        // 5/2·t² = 2.5 at t = 1.
        let second = curve.reaches(2.5, &mut piece).unwrap();
        assert!((second - 1.0).abs() < 1e-9);
        assert_eq!(curve.reaches(10.0, &mut piece), None);
    }

    #[test]
    fn nothing_arrives_while_the_rate_is_zero() {
        let curve = RateCurve::new(&[segment(0.0, 0.0, 3.0), segment(2.0, 2.0, 1.0)]);
        let at = curve.reaches(0.0, &mut 0).unwrap();
        assert!((at - 3.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn reaching_a_count_inverts_the_integral(
            rates in prop::collection::vec((0.0..500.0f64, 0.0..500.0f64, 0.01..20.0f64), 1..6),
            share in 0.0..0.999f64,
        ) {
            let segments: Vec<_> = rates.iter().map(|&(a, b, t)| segment(a, b, t)).collect();
            let curve = RateCurve::new(&segments);
            let count = curve.total() * share;
            if let Some(at) = curve.reaches(count, &mut 0) {
                let back = integral(&segments, at);
                prop_assert!((back - count).abs() < 1e-6 * (1.0 + curve.total()), "{back} for {count}");
            }
        }

        #[test]
        fn times_never_decrease(
            rates in prop::collection::vec((0.0..50.0f64, 0.0..50.0f64, 0.1..5.0f64), 1..5),
        ) {
            let segments: Vec<_> = rates.iter().map(|&(a, b, t)| segment(a, b, t)).collect();
            let curve = RateCurve::new(&segments);
            let (mut piece, mut last, mut count) = (0, 0.0, 0.0);
            while let Some(at) = curve.reaches(count, &mut piece) {
                prop_assert!(at >= last);
                last = at;
                count += 1.0;
            }
            prop_assert!(count >= curve.total());
        }
    }
}
