//! When each user of a closed load is active.

use std::time::Duration;

use crate::measure::clock::Micros;
use crate::scenario::UserSegment;

/// Between two users that join where the count jumps up.
const APART: Duration = Duration::from_micros(100);

/// A stretch of time, microseconds from the load's start; the end is outside.
pub(crate) type Window = std::ops::Range<Micros>;

/// When user number `user` (from 0) is active: whenever the count called for exceeds its number.
/// Neighbouring stretches are joined.
pub(crate) fn active_windows(segments: &[UserSegment], user: usize) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    let mut starts = 0;
    for segment in segments {
        let over = length(segment);
        if let Some(inside) = active_within(segment, over, user) {
            let window = starts + inside.start..starts + inside.end;
            match windows.last_mut() {
                Some(last) if last.end == window.start => last.end = window.end,
                _ => windows.push(window),
            }
        }
        starts += over;
    }
    windows
}

/// The same line with its upward jumps made steep ramps: 10,000 users join within a second, none of
/// them in the same instant. A target that meets a thousand new connections at once shows its listen
/// queue, and users that begin together stay in step with each other for as long as they pace.
pub(crate) fn one_after_another(segments: &[UserSegment]) -> Vec<UserSegment> {
    let mut softened = Vec::with_capacity(segments.len() + 1);
    let mut before = 0;
    for segment in segments {
        let joining = segment.from.saturating_sub(before);
        let steep = (APART * u32::try_from(joining).unwrap_or(u32::MAX)).min(segment.over / 10);
        if joining > 1 {
            softened.push(UserSegment {
                from: before,
                to: segment.from,
                over: steep,
            });
        }
        softened.push(UserSegment {
            over: segment.over - if joining > 1 { steep } else { Duration::ZERO },
            ..*segment
        });
        before = segment.to;
    }
    softened
}

/// Where the last segment ends.
pub(crate) fn end_of(segments: &[UserSegment]) -> Micros {
    segments.iter().map(length).sum()
}

/// How many users are ever active at once.
pub(crate) fn most_users(segments: &[UserSegment]) -> usize {
    segments
        .iter()
        .filter(|segment| !segment.over.is_zero())
        .map(|segment| segment.from.max(segment.to))
        .max()
        .unwrap_or(0)
}

fn length(segment: &UserSegment) -> Micros {
    u64::try_from(segment.over.as_micros()).unwrap_or(u64::MAX / 4)
}

/// The part of a segment in which its linear count exceeds `user`.
fn active_within(segment: &UserSegment, over: Micros, user: usize) -> Option<Window> {
    let crossing = |low: usize, high: usize| {
        // Time from the low end until the line reaches `user`, rounded down; no overflow.
        let share = (user - low) as u128 * u128::from(over) / (high - low) as u128;
        u64::try_from(share).unwrap_or(over)
    };
    let (from, to) = (segment.from, segment.to);
    let window = match (from > user, to > user) {
        (true, true) => 0..over,
        (false, true) => crossing(from, to)..over,
        (true, false) => 0..over - crossing(to, from),
        (false, false) => return None,
    };
    (window.start < window.end).then_some(window)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segment(from: usize, to: usize, seconds: u64) -> UserSegment {
        UserSegment {
            from,
            to,
            over: Duration::from_secs(seconds),
        }
    }

    /// Whole seconds.
    fn window(start: Micros, end: Micros) -> Window {
        start * 1_000_000..end * 1_000_000
    }

    #[test]
    fn users_of_a_ramp_join_one_after_another_and_stay_for_the_hold() {
        let segments = [segment(0, 25, 10), segment(25, 25, 80)];
        assert_eq!(active_windows(&segments, 0), vec![window(0, 90)]);
        assert_eq!(active_windows(&segments, 24)[0].start, 9_600_000);
        assert!(active_windows(&segments, 25).is_empty());
        assert_eq!(most_users(&segments), 25);
        assert_eq!(end_of(&segments), 90_000_000);
    }

    #[test]
    fn users_leave_in_the_reverse_order_and_come_back() {
        let segments = [segment(4, 0, 4), segment(0, 2, 2)];
        assert_eq!(active_windows(&segments, 0), vec![window(0, 6)]);
        assert_eq!(active_windows(&segments, 3), vec![window(0, 1)]);
        assert_eq!(
            active_windows(&segments, 1),
            vec![window(0, 3), window(5, 6)]
        );
    }

    #[test]
    fn users_of_a_jump_join_within_a_moment_but_not_together() {
        let segments = [segment(10_000, 10_000, 60), segment(20_000, 20_000, 1)];
        let softened = one_after_another(&segments);
        assert_eq!(end_of(&softened), end_of(&segments));
        let begins = |user| active_windows(&softened, user)[0].start;
        assert_eq!([0, 1, 9_999].map(begins), [0, 100, 999_900]);
        // A tenth of a short segment is all there is.
        assert_eq!([10_000, 19_999].map(begins), [60_000_000, 60_099_990]);
        let ramp = [segment(0, 5, 2), segment(5, 5, 2)];
        assert_eq!(one_after_another(&ramp), ramp);
    }

    proptest! {
        #[test]
        fn as_many_are_active_as_the_line_calls_for(
            shape in prop::collection::vec((0..40usize, 0..40usize, 1..30u64), 1..5),
            share in 0.0..1.0f64,
        ) {
            let segments: Vec<_> = shape.iter().map(|&(a, b, t)| segment(a, b, t)).collect();
            let at = (end_of(&segments) as f64 * share) as u64;
            let active = (0..40)
                .filter(|&user| active_windows(&segments, user).iter().any(|w| w.contains(&at)))
                .count();
            let mut starts = 0;
            for s in &segments {
                let over = length(s);
                if at < starts + over {
                    let line = s.from as f64
                        + (s.to as f64 - s.from as f64) * (at - starts) as f64 / over as f64;
                    prop_assert!((active as f64 - line).abs() <= 1.0, "{active} for {line}");
                    break;
                }
                starts += over;
            }
        }
    }
}
