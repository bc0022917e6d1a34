//! Disruption budgets: how many pods may go of somebody's free will.

use super::state::{App, Pod, State};
use crate::api::{DisruptionBudget, PodState};

/// How many pods of an app may be asked to leave now; none: nothing limits it.
pub(super) fn headroom(state: &State, app: App) -> Option<usize> {
    let budget = state.spec.disruption_budget.filter(|_| app == App::Shop)?;
    let serving = state
        .pods
        .iter()
        .filter(|pod| pod.app == app && state.serves(pod));
    Some(
        serving
            .count()
            .saturating_sub(least(budget, state.replicas(app))),
    )
}

/// How many have to serve.
fn least(budget: DisruptionBudget, replicas: usize) -> usize {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    match budget {
        DisruptionBudget::MinAvailable(least) => count(least),
        DisruptionBudget::MaxUnavailable(most) => replicas.saturating_sub(count(most)),
    }
}

/// Why none of these pods may leave now; `None` when one may.
pub(super) fn objection(state: &State, pods: &[String]) -> Option<String> {
    let hit = |pod: &&Pod| pods.contains(&pod.name) && pod.state != PodState::Gone;
    let mut held = None;
    for pod in state.pods.iter().filter(hit) {
        // A pod that does not serve is not missed.
        if !state.serves(pod) || headroom(state, pod.app).is_none_or(|headroom| headroom > 0) {
            return None;
        }
        held = Some(pod);
    }
    held.map(|pod| {
        let app = pod.app.as_str();
        let serving = state
            .pods
            .iter()
            .filter(|other| other.app == pod.app && state.serves(other));
        format!(
            "the disruption budget of {app} keeps {}: {} pods serve, and none may be missing now",
            pod.name,
            serving.count()
        )
    })
}

/// Of these pods, those that may leave now, in their order.
pub(super) fn may_leave<'a>(state: &State, app: App, pods: Vec<&'a Pod>) -> Vec<&'a Pod> {
    let Some(mut left) = headroom(state, app) else {
        return pods;
    };
    let mut may = |pod: &&Pod| {
        let serves = state.serves(pod);
        let fits = !serves || left > 0;
        left -= usize::from(serves && fits);
        fits
    };
    pods.into_iter().filter(|pod| may(pod)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::StackSpec;

    fn state(budget: Option<DisruptionBudget>, ready: usize) -> State {
        let mut state = State::new(StackSpec {
            disruption_budget: budget,
            ..StackSpec::default()
        });
        for index in 0..3 {
            let release = state.release(App::Shop);
            let name = state.add_pod(App::Shop, "a", release).name.clone();
            if index < ready {
                state.pod_mut(&name).unwrap().state = PodState::Ready;
                state.edge.in_rotation.insert(name);
            }
        }
        state
    }

    fn leaving(state: &State) -> usize {
        may_leave(state, App::Shop, state.pods.iter().collect()).len()
    }

    #[test]
    fn without_a_budget_nothing_is_kept() {
        let state = state(None, 3);
        assert_eq!((headroom(&state, App::Shop), leaving(&state)), (None, 3));
    }

    #[test]
    fn as_many_may_go_as_are_not_needed() {
        let two = Some(DisruptionBudget::MinAvailable(2));
        assert_eq!(headroom(&state(two, 3), App::Shop), Some(1));
        assert_eq!(leaving(&state(two, 3)), 1);
        let one = Some(DisruptionBudget::MaxUnavailable(1));
        assert_eq!(headroom(&state(one, 2), App::Shop), Some(0));
        assert_eq!(leaving(&state(one, 2)), 1, "the one that does not serve");
    }

    #[test]
    fn who_is_refused_is_told_why() {
        let all = Some(DisruptionBudget::MaxUnavailable(0));
        let state = state(all, 3);
        let why = objection(&state, &["shop-2".into()]).unwrap();
        assert!(
            why.contains("shop-2") && why.contains("3 pods serve"),
            "{why}"
        );
        assert_eq!(objection(&state, &["shop-9".into()]), None);
    }
}
