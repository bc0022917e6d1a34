//! Which pods to start and which to move: decided from how they are spread over the zones now.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::state::{App, Pod, State};
use crate::api::{PodState, ZoneState};

/// What brings the pods closer to the specification.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Pods to start, and in which zone.
    pub(super) start: Vec<(App, String)>,
    /// Pods to stop in good order.
    pub(super) leave: Vec<String>,
}

/// How many pods of an app each zone that takes part is to have: spread in turn.
pub(super) fn desired<'a>(replicas: usize, zones_up: &[&'a str]) -> BTreeMap<&'a str, usize> {
    let zones = zones_up.len();
    let share = |(index, zone): (usize, &&'a str)| {
        (
            *zone,
            replicas / zones + usize::from(index < replicas % zones),
        )
    };
    zones_up.iter().enumerate().map(share).collect()
}

/// The next steps towards the specification, for all apps.
pub(super) fn plan(state: &State, now: Instant) -> Plan {
    let mut plan = Plan::default();
    for app in App::ALL {
        plan_app(state, app, now, &mut plan);
    }
    plan
}

fn plan_app(state: &State, app: App, now: Instant, plan: &mut Plan) {
    let replicas = app.replicas(&state.spec);
    let desired = desired(replicas, &state.zones_up());
    let of_app = || state.pods.iter().filter(|pod| pod.app == app);
    let staying = || of_app().filter(|pod| pod.is_staying());
    let count = |zone: &str| staying().filter(|pod| pod.zone == zone).count();

    // A Deployment takes a moment to notice that a pod is gone, or that its zone is.
    let waiting = |pod: &&Pod| match pod.state {
        PodState::Gone => pod.replace_at.is_some_and(|at| at > now),
        _ => state.zone_state(&pod.zone) == ZoneState::Out,
    };
    let held = of_app().filter(waiting).count();
    let missing = desired.iter().flat_map(|(zone, wanted)| {
        std::iter::repeat_n(
            (app, (*zone).to_owned()),
            wanted.saturating_sub(count(zone)),
        )
    });
    let missing: Vec<_> = missing.collect();
    let start = missing.len().saturating_sub(held);
    plan.start.extend(missing.into_iter().take(start));

    let drained = |pod: &&Pod| state.zone_state(&pod.zone) == ZoneState::Drained;
    plan.leave
        .extend(staying().filter(drained).map(|pod| pod.name.clone()));

    // Spreading out again: a new pod is ready before an old one is asked to leave.
    let ready = staying().filter(|pod| pod.state == PodState::Ready && !drained(pod));
    let mut spare = ready.clone().count().saturating_sub(replicas);
    for (zone, wanted) in &desired {
        let surplus = count(zone).saturating_sub(*wanted).min(spare);
        let newest = ready.clone().filter(|pod| pod.zone == *zone);
        let leaving = newest.collect::<Vec<_>>().into_iter().rev().take(surplus);
        plan.leave.extend(leaving.map(|pod| pod.name.clone()));
        spare -= surplus;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::{Action, ChangeRequest, StackSpec};

    fn state(replicas: u32) -> State {
        State::new(StackSpec {
            replicas,
            ..StackSpec::default()
        })
    }

    fn open(state: &mut State, id: &str, action: Action) {
        let request = ChangeRequest {
            run: "r".into(),
            fault: "f".into(),
            action,
        };
        state.changes.add(id, request, crate::api::Instant::now());
    }

    /// Does what a plan says, as if everything succeeded at once.
    fn carry_out(state: &mut State, plan: &Plan) {
        state.pods.retain(|pod| !plan.leave.contains(&pod.name));
        for (app, zone) in &plan.start {
            let name = state.add_pod(*app, zone).name.clone();
            if let Some(pod) = state.pod_mut(&name) {
                pod.state = PodState::Ready;
            }
        }
    }

    fn settle(state: &mut State) {
        for _ in 0..10 {
            let plan = plan(state, Instant::now());
            if plan == Plan::default() {
                return;
            }
            carry_out(state, &plan);
        }
        panic!("no end of moving: {:?}", state.pods);
    }

    fn zones(state: &State, app: App) -> Vec<&str> {
        let mut zones: Vec<_> = state
            .pods
            .iter()
            .filter(|pod| pod.app == app)
            .map(|pod| &*pod.zone)
            .collect();
        zones.sort_unstable();
        zones
    }

    #[test]
    fn spreads_in_turn() {
        let mut state = state(4);
        settle(&mut state);
        assert_eq!(zones(&state, App::Shop), ["a", "a", "b", "c"]);
        assert_eq!(zones(&state, App::TaskRunner), ["a"]);
    }

    #[test]
    fn a_pod_that_is_gone_is_replaced_after_its_moment() {
        let mut state = state(3);
        settle(&mut state);
        let soon = Instant::now() + std::time::Duration::from_secs(1);
        let pod = state
            .pods
            .iter_mut()
            .find(|pod| pod.name == "shop-2")
            .unwrap();
        (pod.state, pod.replace_at) = (PodState::Gone, Some(soon));
        assert_eq!(plan(&state, Instant::now()), Plan::default());
        assert_eq!(plan(&state, soon).start, [(App::Shop, "b".to_owned())]);
    }

    #[test]
    fn back_from_a_drain_the_new_pod_is_ready_before_the_old_one_leaves() {
        let mut state = state(3);
        settle(&mut state);
        open(&mut state, "drain", Action::DrainZone { zone: "b".into() });
        let away = plan(&state, Instant::now());
        assert_eq!(away.leave, ["shop-2"]);
        assert_eq!(away.start, [(App::Shop, "a".to_owned())]);
        carry_out(&mut state, &away);
        state.changes.close("drain");
        let back = plan(&state, Instant::now());
        assert_eq!((back.start.len(), back.leave.len()), (1, 0));
        let name = state.add_pod(App::Shop, "b").name.clone();
        assert_eq!(
            plan(&state, Instant::now()),
            Plan::default(),
            "not while it is starting"
        );
        state.pod_mut(&name).unwrap().state = PodState::Ready;
        assert_eq!(plan(&state, Instant::now()).leave, ["shop-4"]);
    }

    proptest! {
        /// Whatever zones go and come back, the pods end up spread as specified, and it ends.
        #[test]
        fn always_comes_to_rest_as_specified(
            replicas in 1_u32..8,
            history in proptest::collection::vec((0_usize..3, any::<bool>()), 0..12),
        ) {
            let mut state = state(replicas);
            settle(&mut state);
            for (index, (zone, drained)) in history.into_iter().enumerate() {
                let zone = state.spec.zones[zone].clone();
                let open_changes: Vec<_> = state.changes.open().iter().map(|c| c.id.clone()).collect();
                if state.zone_state(&zone) == ZoneState::Up && state.zones_up().len() > 1 {
                    let action = if drained {
                        Action::DrainZone { zone: zone.clone() }
                    } else {
                        state.pods.retain(|pod| pod.zone != zone);
                        Action::OutageZone { zone: zone.clone() }
                    };
                    open(&mut state, &index.to_string(), action);
                } else if let Some(id) = open_changes.first() {
                    state.changes.close(id);
                }
                settle(&mut state);
                let up = state.zones_up();
                for app in App::ALL {
                    let wanted = desired(app.replicas(&state.spec), &up);
                    for zone in &state.spec.zones {
                        let there = zones(&state, app).iter().filter(|z| **z == *zone).count();
                        prop_assert_eq!(there, wanted.get(zone.as_str()).copied().unwrap_or(0));
                    }
                }
            }
        }
    }
}
