//! A rolling replacement, by the rules of a Deployment of Kubernetes.

/// How far the number of pods may be from the specified one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::control) struct Rolling {
    /// More, at most.
    pub(in crate::control) surge: usize,
    /// Fewer that serve, at most.
    pub(in crate::control) unavailable: usize,
}

/// Pods that run and are meant to go on, by release, and those of them that users reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::control) struct Fleet {
    /// As specified.
    pub(in crate::control) replicas: usize,
    pub(in crate::control) new: usize,
    pub(in crate::control) new_serving: usize,
    pub(in crate::control) old: usize,
    pub(in crate::control) old_serving: usize,
}

/// What may be done next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::control) struct Step {
    /// New pods to start.
    pub(in crate::control) start: usize,
    /// Old pods to stop that do not serve.
    pub(in crate::control) stop_idle: usize,
    /// Old pods to stop that serve.
    pub(in crate::control) stop_serving: usize,
}

impl Rolling {
    /// The rules that a Deployment has unless told otherwise: a quarter each, more rounded up and
    /// fewer rounded down.
    pub(in crate::control) fn default_of(replicas: usize) -> Self {
        Self {
            surge: replicas.div_ceil(4),
            unavailable: replicas / 4,
        }
    }

    /// The next step. Pods that are starting count as not serving; when nobody serves because of
    /// something else, such as a database that fails over, the old pods stay.
    pub(in crate::control) fn step(self, fleet: Fleet) -> Step {
        let all = fleet.new + fleet.old;
        let room = (fleet.replicas + self.surge).saturating_sub(all);
        let start = fleet.replicas.saturating_sub(fleet.new).min(room);

        let enough = fleet.replicas.saturating_sub(self.unavailable);
        let new_idle = fleet.new - fleet.new_serving;
        let to_spare = all.saturating_sub(enough + new_idle);
        if to_spare == 0 {
            return Step {
                start,
                ..Step::default()
            };
        }
        let serving = fleet.new_serving + fleet.old_serving;
        let old_idle = fleet.old - fleet.old_serving;
        Step {
            start,
            stop_idle: old_idle.min(to_spare),
            stop_serving: serving.saturating_sub(enough).min(fleet.old_serving),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steady(replicas: usize) -> Fleet {
        Fleet {
            replicas,
            old: replicas,
            old_serving: replicas,
            ..Fleet::default()
        }
    }

    #[test]
    fn a_new_pod_serves_before_an_old_one_leaves() {
        let rolling = Rolling {
            surge: 1,
            unavailable: 0,
        };
        let mut fleet = steady(3);
        let begin = rolling.step(fleet);
        assert_eq!((begin.start, begin.stop_serving), (1, 0));
        fleet.new = 1;
        assert_eq!(rolling.step(fleet), Step::default(), "while it starts");
        fleet.new_serving = 1;
        let next = rolling.step(fleet);
        assert_eq!((next.start, next.stop_serving), (0, 1));
    }

    #[test]
    fn without_surge_an_old_pod_makes_room_first() {
        let rolling = Rolling {
            surge: 0,
            unavailable: 1,
        };
        let mut fleet = steady(3);
        assert_eq!(rolling.step(fleet).stop_serving, 1);
        (fleet.old, fleet.old_serving) = (2, 2);
        assert_eq!(rolling.step(fleet).start, 1);
    }

    #[test]
    fn old_pods_that_nobody_can_help_stay() {
        let rolling = Rolling::default_of(3);
        let fleet = Fleet {
            replicas: 3,
            new: 1,
            old: 3,
            ..Fleet::default()
        };
        assert_eq!(rolling.step(fleet), Step::default());
    }

    #[test]
    fn the_rules_of_kubernetes_unless_told_otherwise() {
        let of = |replicas| {
            let rolling = Rolling::default_of(replicas);
            (rolling.surge, rolling.unavailable)
        };
        assert_eq!(
            (of(1), of(3), of(4), of(10)),
            ((1, 0), (1, 0), (1, 1), (3, 2))
        );
    }

    proptest! {
        /// Whoever becomes ready when: never fewer serve than allowed, never more are there, and
        /// in the end all are new.
        #[test]
        fn keeps_within_its_bounds_and_ends(
            replicas in 1_usize..9,
            surge in 0_usize..4,
            unavailable in 0_usize..4,
            slowness in proptest::collection::vec(any::<bool>(), 64),
        ) {
            let surge = if unavailable == 0 { surge.max(1) } else { surge };
            let rolling = Rolling { surge, unavailable };
            let mut fleet = steady(replicas);
            let least = replicas.saturating_sub(unavailable);
            for slow in slowness.into_iter().chain(std::iter::repeat_n(false, 40)) {
                let step = rolling.step(fleet);
                fleet.new += step.start;
                fleet.old -= step.stop_idle + step.stop_serving;
                fleet.old_serving -= step.stop_serving;
                prop_assert!(fleet.new_serving + fleet.old_serving >= least);
                prop_assert!(fleet.new + fleet.old <= replicas + surge);
                if !slow && fleet.new_serving < fleet.new {
                    fleet.new_serving += 1;
                }
            }
            prop_assert_eq!((fleet.new_serving, fleet.old), (replicas, 0));
        }
    }
}
