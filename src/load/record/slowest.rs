//! The slowest requests of a run, however many there are.

use crate::measure::interval::SlowRequest;

/// More than this nobody looks up.
const MOST: usize = 10;

/// Keeps the slowest of what it is shown, slowest first.
#[derive(Debug, Default)]
pub(crate) struct Slowest {
    kept: Vec<SlowRequest>,
}

impl Slowest {
    /// Whether a request of this response time, microseconds, is among them: ask before building
    /// one.
    pub(crate) fn wants(&self, response_us: u64) -> bool {
        match self.kept.get(MOST - 1) {
            Some(last) => response_us > last.response_us,
            None => true,
        }
    }

    pub(crate) fn add(&mut self, request: SlowRequest) {
        let faster = |kept: &SlowRequest| kept.response_us >= request.response_us;
        let at = self.kept.partition_point(faster);
        self.kept.insert(at, request);
        self.kept.truncate(MOST);
    }

    /// Adds those of another worker.
    pub(crate) fn join(&mut self, other: Vec<SlowRequest>) {
        for request in other {
            self.add(request);
        }
    }

    pub(crate) fn take(&mut self) -> Vec<SlowRequest> {
        std::mem::take(&mut self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(response_us: u64) -> SlowRequest {
        SlowRequest {
            at: response_us,
            step: 0,
            response_us,
            service_us: response_us,
            status: Some(200),
            failed: false,
            request: "GET /".into(),
            pod: None,
            trace: None,
        }
    }

    #[test]
    fn the_slowest_stay_in_their_order_whoever_saw_them() {
        let (mut one, mut other) = (Slowest::default(), Slowest::default());
        for at in 0..50 {
            let us = at * 37 % 101;
            let of = if at % 2 == 0 { &mut one } else { &mut other };
            if of.wants(us) {
                of.add(request(us));
            }
        }
        one.join(other.take());
        let mut all: Vec<u64> = (0..50).map(|at| at * 37 % 101).collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        let kept: Vec<u64> = one.take().iter().map(|kept| kept.response_us).collect();
        assert_eq!(kept, all[..MOST]);
    }
}
