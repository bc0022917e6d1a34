//! Choosing a target. Pure but for the credits that a turn-taker has to remember.

use std::sync::atomic::{AtomicI64, Ordering};

use super::Policy;

/// What a choice depends on.
pub(super) trait Candidate {
    /// Share, relative to the others'.
    fn weight(&self) -> u32;
    /// Requests without an end yet.
    fn in_flight(&self) -> u64;
    /// What it is owed, in units of weight.
    fn credit(&self) -> &AtomicI64;
}

/// Chooses among those that are `eligible`; none when there are none, or all weigh nothing.
pub(super) fn choose<C: Candidate>(
    candidates: &[C],
    policy: Policy,
    eligible: impl Fn(&C) -> bool,
) -> Option<&C> {
    let weighty = |candidate: &C| candidate.weight() > 0 && eligible(candidate);
    match policy {
        Policy::RoundRobin => take_turns(candidates, weighty),
        Policy::LeastConnections => {
            let least = candidates
                .iter()
                .filter(|candidate| weighty(candidate))
                .min_by(|a, b| load(*a, *b))?;
            // Those that are equally free take turns: else the first would get everything.
            take_turns(candidates, |candidate| {
                weighty(candidate) && load(candidate, least).is_eq()
            })
        }
    }
}

/// Compares requests in flight for each unit of weight.
fn load<C: Candidate>(a: &C, b: &C) -> std::cmp::Ordering {
    let scaled = |one: &C, other: &C| u128::from(one.in_flight()) * u128::from(other.weight());
    scaled(a, b).cmp(&scaled(b, a))
}

/// Smooth weighted round robin: everyone earns their weight, the richest goes and pays for all.
/// Weights 3 and 1 give A A B A, never A A A B.
fn take_turns<C: Candidate>(candidates: &[C], eligible: impl Fn(&C) -> bool) -> Option<&C> {
    let mut total = 0;
    let mut richest: Option<(&C, i64)> = None;
    for candidate in candidates.iter().filter(|candidate| eligible(candidate)) {
        let weight = i64::from(candidate.weight());
        let credit = candidate.credit().fetch_add(weight, Ordering::Relaxed) + weight;
        total += weight;
        if richest.is_none_or(|(_, most)| credit > most) {
            richest = Some((candidate, credit));
        }
    }
    let (chosen, _) = richest?;
    chosen.credit().fetch_sub(total, Ordering::Relaxed);
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default)]
    struct Fake {
        name: char,
        weight: u32,
        in_flight: u64,
        credit: AtomicI64,
    }

    impl Candidate for Fake {
        fn weight(&self) -> u32 {
            self.weight
        }
        fn in_flight(&self) -> u64 {
            self.in_flight
        }
        fn credit(&self) -> &AtomicI64 {
            &self.credit
        }
    }

    fn fakes(list: &[(char, u32, u64)]) -> Vec<Fake> {
        list.iter()
            .map(|&(name, weight, in_flight)| Fake {
                name,
                weight,
                in_flight,
                credit: AtomicI64::default(),
            })
            .collect()
    }

    fn turns(fakes: &[Fake], policy: Policy, count: usize) -> String {
        (0..count)
            .map(|_| choose(fakes, policy, |_| true).unwrap().name)
            .collect()
    }

    #[test]
    fn weights_are_served_smoothly() {
        let three_to_one = fakes(&[('A', 3, 0), ('B', 1, 0)]);
        assert_eq!(turns(&three_to_one, Policy::RoundRobin, 8), "AABAAABA");
    }

    #[test]
    fn the_freest_for_its_weight_is_chosen() {
        let list = fakes(&[('A', 1, 2), ('B', 4, 5), ('C', 1, 2)]);
        assert_eq!(turns(&list, Policy::LeastConnections, 2), "BB");
        let equal = fakes(&[('A', 1, 1), ('B', 1, 1)]);
        assert_eq!(turns(&equal, Policy::LeastConnections, 4), "ABAB");
    }

    #[test]
    fn nobody_eligible_is_nobody_chosen() {
        let list = fakes(&[('A', 1, 0), ('B', 0, 0)]);
        assert!(choose(&list, Policy::RoundRobin, |fake| fake.name == 'B').is_none());
        assert!(choose(&list, Policy::LeastConnections, |_| false).is_none());
    }

    proptest! {
        #[test]
        fn everyone_gets_exactly_their_share(weights in prop::collection::vec(1..10u32, 1..8)) {
            let list: Vec<_> = weights
                .iter()
                .map(|&weight| Fake { weight, ..Fake::default() })
                .collect();
            let total: u32 = weights.iter().sum();
            let mut served = vec![0; list.len()];
            for _ in 0..total {
                let chosen = choose(&list, Policy::RoundRobin, |_| true).unwrap();
                served[list.iter().position(|fake| std::ptr::eq(fake, chosen)).unwrap()] += 1;
            }
            prop_assert_eq!(served, weights);
        }
    }
}
