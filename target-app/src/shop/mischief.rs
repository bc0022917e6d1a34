//! Orders that are dropped or doubled on purpose: what a ledger must find.

use std::sync::atomic::{AtomicU64, Ordering};

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

/// Picks every so many-th order of a pod.
#[derive(Debug)]
pub(crate) struct Mischiefs {
    plan: Mischief,
    orders: AtomicU64,
}

impl Mischiefs {
    pub(crate) fn new(plan: Mischief) -> Self {
        Self {
            plan,
            orders: AtomicU64::new(0),
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
        };
        use Deed::{Double, Drop, None};
        assert_eq!(deeds(plan, 6), [None, Double, Drop, Double, None, Drop]);
    }
}
