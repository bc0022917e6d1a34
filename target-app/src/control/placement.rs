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
