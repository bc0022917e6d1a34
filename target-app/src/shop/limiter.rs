//! Rate limiting: a token bucket for every client.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use super::RateLimit;

/// Clients remembered before those with full buckets, which need no memory, are forgotten.
const SWEEP_AT: usize = 10_000;

/// A token bucket: pure, told the time in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    tokens: f64,
    at: f64,
}

impl Bucket {
    fn refilled(self, limit: RateLimit, now: f64) -> Self {
        let gained = (now - self.at).max(0.0) * limit.per_second;
        Self {
            tokens: (self.tokens + gained).min(limit.burst),
            at: self.at.max(now),
        }
    }

    /// Takes one token, or says in how many seconds there is one.
    fn take(&mut self, limit: RateLimit, now: f64) -> Result<(), f64> {
        *self = self.refilled(limit, now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            Ok(())
        } else {
            Err((1.0 - self.tokens) / limit.per_second)
        }
    }
}

/// The buckets of all clients of this pod.
#[derive(Debug)]
pub(crate) struct Limiter<K> {
    limit: RateLimit,
    buckets: Mutex<HashMap<K, Bucket>>,
}

impl<K: Eq + Hash> Limiter<K> {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            buckets: Mutex::default(),
        }
    }

    /// Admits one request of `client` at `now` (seconds of any steady clock), or says in how many
    /// seconds the next is admitted.
    pub(crate) fn admit(&self, client: K, now: f64) -> Result<(), f64> {
        let limit = self.limit;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= SWEEP_AT {
            buckets.retain(|_, bucket| bucket.refilled(limit, now).tokens < limit.burst);
        }
        buckets
            .entry(client)
            .or_insert(Bucket {
                tokens: limit.burst,
                at: now,
            })
            .take(limit, now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: RateLimit = RateLimit {
        per_second: 2.0,
        burst: 3.0,
    };

    #[test]
    fn a_burst_passes_then_the_rate_counts() {
        let limiter = Limiter::new(LIMIT);
        for _ in 0..3 {
            assert_eq!(limiter.admit("a", 10.0), Ok(()));
        }
        assert_eq!(limiter.admit("a", 10.0), Err(0.5));
        assert_eq!(limiter.admit("b", 10.0), Ok(()), "others are not affected");
        assert_eq!(limiter.admit("a", 10.5), Ok(()));
    }

    #[test]
    fn clients_that_were_quiet_are_forgotten() {
        let limiter = Limiter::new(LIMIT);
        for client in 0..SWEEP_AT {
            limiter.admit(client, 0.0).unwrap();
        }
        limiter.admit(SWEEP_AT, 60.0).unwrap();
        assert_eq!(limiter.buckets.lock().unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate(gaps in prop::collection::vec(0.0..1.0f64, 1..200)) {
            let limiter = Limiter::new(LIMIT);
            let mut now = 0.0;
            let mut admitted = 0.0;
            for gap in gaps {
                now += gap;
                if limiter.admit((), now).is_ok() {
                    admitted += 1.0;
                }
                prop_assert!(admitted <= LIMIT.burst + now * LIMIT.per_second + 1e-6);
            }
        }
    }
}
