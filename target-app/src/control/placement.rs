//! Which pods to start and which to move: decided from how they are spread over the zones now, and
//! from which release is on its way to them.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::budget;
use super::release::Release;
use super::rollout::{Fleet, Rolling, Way};
use super::state::{App, Pod, State};
use crate::api::{PodState, ZoneState};

/// What brings the pods closer to the specification.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) start: Vec<Start>,
    /// Pods to stop in good order.
    pub(super) leave: Vec<String>,
}

/// A pod to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) app: App,
    pub(super) zone: String,
    pub(super) release: Release,
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
    let replicas = state.replicas(app);
    let set = |release| Set {
        state,
        app,
        release,
        now,
    };
    let Some(rollout) = state.rollouts.get(&app) else {
        let release = state.release(app);
        return set(&release).plan(replicas, plan);
    };
    let (new, old) = (set(&rollout.to), set(&rollout.from));
    match &rollout.way {
        Way::Rolling(rolling) => roll(*rolling, &new, replicas, plan),
        Way::Shift(shift) => {
            new.plan(shift.size(replicas, now), plan);
            if shift.old_may_leave(now) {
                let others = new.others().map(|pod| pod.name.clone());
                plan.leave.extend(others);
            } else if shift.keeps_old_whole() {
                old.plan(replicas, plan);
            }
        }
    }
}

/// The pods of one release of an app.
struct Set<'a> {
    state: &'a State,
    app: App,
    release: &'a Release,
    now: Instant,
}

impl<'a> Set<'a> {
    fn of_app(&self) -> impl Iterator<Item = &'a Pod> + use<'a> {
        let app = self.app;
        self.state.pods.iter().filter(move |pod| pod.app == app)
    }

    fn of_release(&self) -> impl Iterator<Item = &'a Pod> {
        self.of_app().filter(|pod| pod.release == *self.release)
    }

    fn staying(&self) -> impl Iterator<Item = &'a Pod> {
        self.of_release().filter(|pod| pod.is_staying())
    }

    /// Pods of other releases that run.
    fn others(&self) -> impl Iterator<Item = &'a Pod> {
        let others = self.of_app().filter(|pod| pod.release != *self.release);
        others.filter(|pod| pod.is_staying())
    }

    fn count(&self, zone: &str) -> usize {
        self.staying().filter(|pod| pod.zone == zone).count()
    }

    fn is_drained(&self, pod: &Pod) -> bool {
        self.state.zone_state(&pod.zone) == ZoneState::Drained
    }

    /// Brings the set to so many pods, spread over the zones.
    fn plan(&self, size: usize, plan: &mut Plan) {
        let desired = desired(size, &self.state.zones_up());
        plan.start.extend(self.missing(&desired));
        let drained = self.staying().filter(|pod| self.is_drained(pod)).collect();
        let leaving = budget::may_leave(self.state, self.app, drained);
        plan.leave
            .extend(leaving.into_iter().map(|pod| pod.name.clone()));
        self.spread_out(size, &desired, plan);
    }

    /// Pods to start so that each zone has what it is to have.
    fn missing(&self, desired: &BTreeMap<&str, usize>) -> Vec<Start> {
        // A Deployment takes a moment to notice that a pod is gone, or that its zone is.
        let waiting = |pod: &&Pod| match pod.state {
            PodState::Gone => pod.replace_at.is_some_and(|at| at > self.now),
            _ => self.state.zone_state(&pod.zone) == ZoneState::Out,
        };
        let held = self.of_release().filter(waiting).count();
        let missing = desired.iter().flat_map(|(zone, wanted)| {
            let start = Start {
                app: self.app,
                zone: (*zone).to_owned(),
                release: self.release.clone(),
            };
            std::iter::repeat_n(start, wanted.saturating_sub(self.count(zone)))
        });
        let mut missing: Vec<_> = missing.collect();
        missing.truncate(missing.len().saturating_sub(held));
        missing
    }

    /// Spreading out again: a new pod is ready before an old one is asked to leave.
    fn spread_out(&self, size: usize, desired: &BTreeMap<&str, usize>, plan: &mut Plan) {
        let ready = || {
            self.staying()
                .filter(|pod| pod.state == PodState::Ready && !self.is_drained(pod))
        };
        let mut spare = ready().count().saturating_sub(size);
        for (zone, wanted) in desired {
            let surplus = self.count(zone).saturating_sub(*wanted).min(spare);
            let here: Vec<_> = ready().filter(|pod| pod.zone == *zone).collect();
            let newest = here.into_iter().rev().take(surplus);
            plan.leave.extend(newest.map(|pod| pod.name.clone()));
            spare -= surplus;
        }
    }
}

/// The next step of a rolling replacement by the pods of `new`.
fn roll(rolling: Rolling, new: &Set<'_>, replicas: usize, plan: &mut Plan) {
    let state = new.state;
    let drained = |pod: &&Pod| new.is_drained(pod);
    let mut old: Vec<&Pod> = new.others().filter(|pod| !drained(pod)).collect();
    let fleet = Fleet {
        replicas,
        new: new.staying().filter(|pod| !drained(pod)).count(),
        new_serving: new
            .staying()
            .filter(|pod| !drained(pod) && state.serves(pod))
            .count(),
        old: old.len(),
        old_serving: old.iter().filter(|pod| state.serves(pod)).count(),
    };
    let step = rolling.step(fleet);
    let missing = new.missing(&desired(replicas, &state.zones_up()));
    plan.start.extend(missing.into_iter().take(step.start));

    // Where new ones are already, old ones are missed least.
    old.sort_by_key(|pod| std::cmp::Reverse(new.count(&pod.zone)));
    let (serving, idle): (Vec<&Pod>, Vec<&Pod>) = old.iter().partition(|pod| state.serves(pod));
    let leaving = idle.into_iter().take(step.stop_idle);
    let leaving = leaving.chain(serving.into_iter().take(step.stop_serving));
    plan.leave.extend(leaving.map(|pod| pod.name.clone()));
    let drained = new.of_app().filter(|pod| pod.is_staying() && drained(pod));
    let leaving = budget::may_leave(state, new.app, drained.collect());
    plan.leave
        .extend(leaving.into_iter().map(|pod| pod.name.clone()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Strategy as _;

    use super::super::rollout::{Rollout, Shift};
    use super::*;
    use crate::api::{Action, CanaryStep, ChangeRequest, Mischief, StackSpec, Strategy};

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

    fn serve(state: &mut State, name: &str) {
        state.pod_mut(name).unwrap().state = PodState::Ready;
        state.edge.in_rotation.insert(name.to_owned());
    }

    fn in_zones(plan: &Plan) -> Vec<(App, &str)> {
        plan.start
            .iter()
            .map(|start| (start.app, &*start.zone))
            .collect()
    }

    /// Does what a plan says, as if everything succeeded at once.
    fn carry_out(state: &mut State, plan: &Plan) {
        state.pods.retain(|pod| !plan.leave.contains(&pod.name));
        for start in &plan.start {
            let name = state
                .add_pod(start.app, &start.zone, start.release.clone())
                .name
                .clone();
            serve(state, &name);
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
        assert_eq!(in_zones(&plan(&state, soon)), [(App::Shop, "b")]);
    }

    #[test]
    fn back_from_a_drain_the_new_pod_is_ready_before_the_old_one_leaves() {
        let mut state = state(3);
        settle(&mut state);
        open(&mut state, "drain", Action::DrainZone { zone: "b".into() });
        let away = plan(&state, Instant::now());
        assert_eq!(away.leave, ["shop-2"]);
        assert_eq!(in_zones(&away), [(App::Shop, "a")]);
        carry_out(&mut state, &away);
        state.changes.close("drain");
        let back = plan(&state, Instant::now());
        assert_eq!((back.start.len(), back.leave.len()), (1, 0));
        let release = state.release(App::Shop);
        let name = state.add_pod(App::Shop, "b", release).name.clone();
        assert_eq!(
            plan(&state, Instant::now()),
            Plan::default(),
            "not while it is starting"
        );
        state.pod_mut(&name).unwrap().state = PodState::Ready;
        assert_eq!(plan(&state, Instant::now()).leave, ["shop-4"]);
    }

    fn deploy(state: &mut State, id: &str, version: &str, strategy: Strategy) {
        let way = Way::forward(&strategy);
        let action = Action::Deploy {
            app: "shop".into(),
            version: version.into(),
            strategy,
            bad: Mischief::default(),
            rollback_when: None,
        };
        open(state, id, action);
        state.roll_out(App::Shop, id, way);
    }

    fn strategies() -> impl proptest::strategy::Strategy<Value = Strategy> {
        let steps = vec![
            CanaryStep {
                share: 10,
                pause_ms: 0,
            },
            CanaryStep {
                share: 50,
                pause_ms: 0,
            },
            CanaryStep {
                share: 100,
                pause_ms: 0,
            },
        ];
        prop_oneof![
            (1_u32..3, 0_u32..2).prop_map(|(max_surge, max_unavailable)| Strategy::Rolling {
                max_surge,
                max_unavailable
            }),
            Just(Strategy::BlueGreen { keep_old_ms: 0 }),
            Just(Strategy::Canary { steps }),
        ]
    }

    /// What the supervisor does between two plans.
    fn advance(state: &mut State, now: Instant) {
        let to = state
            .rollouts
            .get(&App::Shop)
            .map(|rollout| rollout.to.clone());
        let fits = |pod: &&Pod| {
            pod.app == App::Shop && Some(&pod.release) == to.as_ref() && state.serves(pod)
        };
        let serving = state.pods.iter().filter(fits).count();
        let replicas = state.replicas(App::Shop);
        if let Some(rollout) = state.rollouts.get_mut(&App::Shop)
            && let Way::Shift(shift) = &mut rollout.way
        {
            shift.advance(serving, replicas, now);
        }
        if state.is_settled(App::Shop) {
            state.rollouts.remove(&App::Shop);
        }
    }

    fn serving(state: &State) -> usize {
        let shop = state.pods.iter().filter(|pod| pod.app == App::Shop);
        shop.filter(|pod| state.serves(pod)).count()
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

        /// Whatever becomes ready when, and whether or not it is taken back half way: never fewer
        /// serve than the strategy allows, and in the end all are what they are to be.
        #[test]
        fn a_deploy_never_takes_too_many_and_ends(
            replicas in 1_u32..7,
            strategy in strategies(),
            slow in proptest::collection::vec(any::<bool>(), 40),
            back_after in 0_usize..60,
        ) {
            let mut state = state(replicas);
            settle(&mut state);
            let allowed = match strategy {
                Strategy::Rolling { max_unavailable, .. } => max_unavailable as usize,
                Strategy::BlueGreen { .. } | Strategy::Canary { .. } => 0,
            };
            let way_back = Way::back(&strategy, 0);
            deploy(&mut state, "deploy", "2", strategy);
            for round in 0..120 {
                if round == back_after {
                    let share = state.rollouts.get(&App::Shop).and_then(Rollout::old_share);
                    let way = match (&way_back, share) {
                        (Way::Shift(_), Some(share)) => Way::Shift(Shift::back(share)),
                        _ => way_back.clone(),
                    };
                    state.changes.close("deploy");
                    state.roll_out(App::Shop, "deploy", way);
                }
                let now = Instant::now();
                advance(&mut state, now);
                let plan = plan(&state, now);
                state.pods.retain(|pod| !plan.leave.contains(&pod.name));
                for start in plan.start {
                    state.add_pod(start.app, &start.zone, start.release);
                }
                prop_assert!(serving(&state) + allowed >= replicas as usize, "{:?}", state.pods);
                let waits = slow.get(round).copied().unwrap_or(false);
                let starting = state.pods.iter().find(|pod| pod.state == PodState::Starting);
                if let Some(name) = starting.map(|pod| pod.name.clone()).filter(|_| !waits) {
                    serve(&mut state, &name);
                }
            }
            prop_assert!(state.is_settled(App::Shop) && state.rollouts.is_empty(), "{:?}", state.pods);
            let version = if back_after < 120 { "1" } else { "2" };
            prop_assert_eq!(&state.release(App::Shop).version, version);
        }
    }
}
