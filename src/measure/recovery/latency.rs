//! T6: when was the response time back where it was before a fault?
//!
//! Pure. T5 says when the SLO held again; an SLO is coarse, and a system that holds it with cold
//! caches, full queues or half its pods is not yet what it was.

use std::collections::VecDeque;

use hdrhistogram::Histogram;

use crate::measure::clock::Micros;
use crate::measure::interval::histogram;

/// What to compare for one fault; run time, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencySpan {
    /// "Before" begins here at the earliest: the end of what disturbed the run last.
    pub calm_since: Micros,
    /// T0: "before" ends.
    pub accepted: Micros,
    /// T5: the search begins. None: not recovered, so not back either.
    pub recovered: Option<Micros>,
    /// What follows is another fault's doing, or the run is over.
    pub until: Micros,
}

/// What the response time did around one fault. Microseconds, of all requests that ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LatencyBack {
    /// p99 before it. None: fewer than 200 requests, of which a p99 says nothing.
    pub p99_before: Option<u64>,
    /// T6: from here on the p99 of five seconds was at most 1.1 times that of before.
    pub back: Option<Micros>,
}

/// "Before" is at most this long.
const BEFORE_US: Micros = 30_000_000;
/// Two requests lie beyond the p99 of so many: fewer and it is the slowest of all, which is chance.
const ENOUGH: u64 = 200;
/// Within 10 % of before.
const ALLOWED: f64 = 1.10;
/// The p99 afterwards is taken over this long, and must hold that long.
const WINDOW_SECONDS: usize = 5;
const SECOND_US: Micros = 1_000_000;

/// Compares each fault's afterwards with its before. `seconds` are the run's seconds in order, each
/// with the response times of the requests that ended in it.
///
/// # Errors
/// Those of `seconds`.
pub fn latency_back<E>(
    spans: &[LatencySpan],
    seconds: impl Iterator<Item = Result<(u64, Histogram<u64>), E>>,
) -> Result<Vec<LatencyBack>, E> {
    let mut searches: Vec<Search> = spans.iter().map(|span| Search::new(*span)).collect();
    for second in seconds {
        let (second, response) = second?;
        for search in &mut searches {
            search.second(second, &response);
        }
    }
    Ok(searches.into_iter().map(|search| search.found).collect())
}

/// One fault's comparison.
struct Search {
    span: LatencySpan,
    before: Histogram<u64>,
    /// Largest value within the allowance.
    limit: Option<u64>,
    /// Of the last seconds: which, how many requests, how many slower than the limit.
    window: VecDeque<(u64, u64, u64)>,
    found: LatencyBack,
}

impl Search {
    fn new(span: LatencySpan) -> Self {
        Self {
            span,
            before: histogram(),
            limit: None,
            window: VecDeque::new(),
            found: LatencyBack::default(),
        }
    }

    fn second(&mut self, second: u64, response: &Histogram<u64>) {
        let (from, to) = (second * SECOND_US, (second + 1) * SECOND_US);
        let LatencySpan {
            calm_since,
            accepted,
            recovered,
            until,
        } = self.span;
        if to <= accepted && from >= calm_since.max(accepted.saturating_sub(BEFORE_US)) {
            // Both grow on demand and have three digits.
            let _ = self.before.add(response);
        } else if recovered.is_some_and(|at| from >= at) && to <= until && self.found.back.is_none()
        {
            self.after(second, response);
        }
    }

    fn after(&mut self, second: u64, response: &Histogram<u64>) {
        let Some(limit) = self.limit.or_else(|| self.settle_before()) else {
            return;
        };
        if self
            .window
            .back()
            .is_some_and(|(last, ..)| last + 1 != second)
        {
            self.window.clear();
        }
        let slower = response.len() - response.count_between(0, limit);
        self.window.push_back((second, response.len(), slower));
        if self.window.len() > WINDOW_SECONDS {
            self.window.pop_front();
        }
        let requests: u64 = self.window.iter().map(|(_, requests, _)| requests).sum();
        let slower: u64 = self.window.iter().map(|(.., slower)| slower).sum();
        if self.window.len() == WINDOW_SECONDS && requests > 0 && slower * 100 <= requests {
            let start = self.window[0].0 * SECOND_US;
            // Nothing can be told of the part of a second between T5 and the first whole one.
            let at_once = self.span.recovered.filter(|at| at + SECOND_US > start);
            self.found.back = Some(at_once.unwrap_or(start));
        }
    }

    /// The limit, once "before" is complete.
    fn settle_before(&mut self) -> Option<u64> {
        if self.before.len() >= ENOUGH {
            let p99 = self.before.value_at_quantile(0.99);
            self.found.p99_before = Some(p99);
            self.limit = Some((p99 as f64 * ALLOWED) as u64);
        }
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const S: Micros = SECOND_US;

    /// A hundred requests a second, all as slow as `slow(second)` says.
    fn run(
        seconds: u64,
        slow: impl Fn(u64) -> u64,
    ) -> impl Iterator<Item = Result<(u64, Histogram<u64>), Infallible>> {
        (0..seconds).map(move |second| {
            let mut response = histogram();
            response.record_n(slow(second), 100).unwrap();
            Ok((second, response))
        })
    }

    fn one(span: LatencySpan, seconds: u64, slow: impl Fn(u64) -> u64) -> LatencyBack {
        latency_back(&[span], run(seconds, slow)).unwrap()[0]
    }

    const SPAN: LatencySpan = LatencySpan {
        calm_since: 0,
        accepted: 10 * S + 5,
        recovered: Some(12 * S + 300_000),
        until: 60 * S,
    };

    #[test]
    fn slow_after_the_slo_held_is_not_yet_back() {
        let back = one(
            SPAN,
            60,
            |s| if (10..20).contains(&s) { 9_000 } else { 1_000 },
        );
        assert_eq!(back.back, Some(20 * S));
        assert_eq!(back.p99_before, Some(1_000));
    }

    #[test]
    fn never_slower_is_back_when_the_slo_held() {
        assert_eq!(one(SPAN, 60, |_| 1_000).back, SPAN.recovered);
        let within = one(SPAN, 60, |s| if s < 10 { 1_000 } else { 1_090 });
        assert_eq!(within.back, SPAN.recovered);
        let beyond = one(SPAN, 60, |s| if s < 10 { 1_000 } else { 1_120 });
        assert_eq!(beyond.back, None);
    }

    #[test]
    fn the_next_fault_and_the_runs_end_cut_the_search_off() {
        let slow = |s| if (10..20).contains(&s) { 9_000 } else { 1_000 };
        assert_eq!(
            one(
                LatencySpan {
                    until: 24 * S,
                    ..SPAN
                },
                60,
                slow
            )
            .back,
            None
        );
        assert_eq!(one(SPAN, 24, slow).back, None);
        let never = LatencySpan {
            recovered: None,
            ..SPAN
        };
        assert_eq!(one(never, 60, slow).back, None);
    }

    #[test]
    fn too_few_requests_before_say_nothing() {
        let span = LatencySpan {
            calm_since: 9 * S,
            ..SPAN
        };
        assert_eq!(one(span, 60, |_| 1_000), LatencyBack::default());
    }
}
