//! Orders that are dropped or doubled on purpose, which a ledger must find, and requests that fail
//! or take long on purpose, which a rollback must notice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::api::Mischief;

/// What is done to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Nothing: it is placed as promised.
    None,
    /// It is acknowledged and rolled back.
    Drop,
    /// It is placed twice.
    Double,
}

/// What is done to a request before it is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ill {
    /// It waits for so long.
    pub(crate) delay: Duration,
    /// Then it is answered with an error.
    pub(crate) fails: bool,
}

/// Picks every so many-th order and request of a pod.
#[derive(Debug)]
pub(crate) struct Mischiefs {
    plan: Mischief,
    orders: AtomicU64,
    requests: AtomicU64,
}

impl Mischiefs {
    pub(crate) fn new(plan: Mischief) -> Self {
        Self {
            plan,
            orders: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        }
    }

    /// For the next order. One that is due for both is dropped.
    pub(crate) fn next(&self) -> Deed {
        let number = self.orders.fetch_add(1, Ordering::Relaxed) + 1;
        let due = |nth: Option<u32>| nth.is_some_and(|nth| number.is_multiple_of(nth.into()));
        if due(self.plan.drop_order) {
            Deed::Drop
        } else if due(self.plan.double_order) {
            Deed::Double
        } else {
            Deed::None
        }
    }

    /// For the next request. Failures are spread evenly, so that their share is exact.
    pub(crate) fn ill(&self) -> Ill {
        let ppm = u64::from(self.plan.errors_ppm.unwrap_or(0));
        let fails = ppm > 0 && {
            let before = self.requests.fetch_add(1, Ordering::Relaxed);
            (before + 1) * ppm / 1_000_000 > before * ppm / 1_000_000
        };
        Ill {
            delay: Duration::from_millis(self.plan.delay_ms.unwrap_or(0)),
            fails,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deeds(plan: Mischief, count: usize) -> Vec<Deed> {
        let mischief = Mischiefs::new(plan);
        std::iter::repeat_with(|| mischief.next())
            .take(count)
            .collect()
    }

    #[test]
    fn an_honest_shop_does_none() {
        assert_eq!(deeds(Mischief::default(), 4), [Deed::None; 4]);
    }

    #[test]
    fn every_nth_order_is_hit_and_dropping_comes_first() {
        let plan = Mischief {
            drop_order: Some(3),
            double_order: Some(2),
            ..Mischief::default()
        };
        use Deed::{Double, Drop, None};
        assert_eq!(deeds(plan, 6), [None, Double, Drop, Double, None, Drop]);
    }

    #[test]
    fn an_exact_share_of_requests_fails() {
        let mischief = Mischiefs::new(Mischief {
            errors_ppm: Some(200_000),
            delay_ms: Some(30),
            ..Mischief::default()
        });
        let ill: Vec<_> = std::iter::repeat_with(|| mischief.ill()).take(50).collect();
        assert_eq!(ill.iter().filter(|ill| ill.fails).count(), 10);
        assert_eq!(ill[0].delay, Duration::from_millis(30));
        assert_eq!(Mischiefs::new(Mischief::default()).ill(), Ill::default());
    }
}
