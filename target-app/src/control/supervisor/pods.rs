//! Pods and edge: started, replaced, moved, and told to one another.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Supervisor;
use crate::api::{EventKind, PodState, ZoneState};
use crate::control::edge::EdgeNews;
use crate::control::placement::{self, Start};
use crate::control::pod::{PodHandle, PodNews};
use crate::control::rollout;
use crate::control::state::{App, Pod};
use crate::edge::admin_api::{HealthEvent, Target, TargetState};
use crate::process::Child;

/// What a Deployment takes to notice that a pod is gone.
const REPLACE_AFTER: Duration = Duration::from_millis(500);
/// The longest wait before a pod is tried again that does not start.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);
/// How long a drained pod's requests in flight may take.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// How long a pod may take to end when asked to; longer than it gives its own requests.
const TERM_LIMIT: Duration = Duration::from_secs(8);
/// How long the edge may take to find out by itself that a pod is gone.
const NOTICE_LIMIT: Duration = Duration::from_secs(5);

impl Supervisor {
    /// Starts what is missing and moves what is in the wrong place.
    pub(super) fn place_pods(&mut self) {
        let plan = placement::plan(&self.state, Instant::now());
        for name in plan.leave {
            self.drain(&name);
        }
        for start in plan.start {
            self.start_pod(start);
        }
        let gone = |pod: &&Pod| {
            pod.state != PodState::Gone && self.state.zone_state(&pod.zone) == ZoneState::Out
        };
        let lost: Vec<_> = self
            .state
            .pods
            .iter()
            .filter(gone)
            .map(|pod| pod.name.clone())
            .collect();
        for name in lost {
            self.kill(&name);
        }
    }

    fn start_pod(&mut self, start: Start) {
        let Some(ip) = self.state.zone_address(&start.zone) else {
            return;
        };
        let pod = self.state.add_pod(start.app, &start.zone, start.release);
        let name = pod.name.clone();
        match PodHandle::start(&self.tools.pods, pod, ip) {
            Ok(handle) => {
                let front = handle.front.as_ref().map(crate::links::Link::address);
                if let Some(pod) = self.state.pod_mut(&name) {
                    pod.front = front;
                }
                self.pods.insert(name, handle);
            }
            Err(error) => self.pod_ended(&name, &format!("its links cannot be opened: {error}")),
        }
    }

    pub(super) fn hear_pod(&mut self, name: &str, news: PodNews) {
        match news {
            PodNews::Started(child) => self.pod_started(name, child),
            PodNews::Ready(ready) => self.pod_ready(name, ready),
            PodNews::Unlive => self.pod_unlive(name),
            PodNews::Ended(how) => self.pod_ended(name, &how),
        }
    }

    fn pod_started(&mut self, name: &str, child: Arc<Child>) {
        let pod = self.state.pod_mut(name);
        let Some(pod) = pod.filter(|pod| pod.is_staying()) else {
            return child.kill();
        };
        pod.pid = Some(child.pid());
        pod.address = Some(child.ready().address);
        let detail = format!("process {} in zone {}", child.pid(), pod.zone);
        self.tools.events.add(EventKind::PodStarted, name, detail);
        if let Some(handle) = self.pods.get_mut(name) {
            handle.set_child(child);
        }
    }

    fn pod_ready(&mut self, name: &str, ready: bool) {
        let pod = self.state.pod_mut(name);
        // One that is on its way out has nothing to say to this any more.
        let Some(pod) = pod.filter(|pod| pod.is_staying()) else {
            return;
        };
        let app = pod.app;
        pod.was_ready |= ready;
        pod.state = if ready {
            PodState::Ready
        } else {
            PodState::Unready
        };
        if ready {
            self.failed_starts.remove(&app);
        }
        let (kind, detail) = if ready {
            (EventKind::PodReady, "its readiness probe succeeds")
        } else {
            (EventKind::PodUnready, "its readiness probe fails")
        };
        self.tools.events.add(kind, name, detail);
    }

    /// A pod that answers nothing is restarted, unless somebody wants it so.
    fn pod_unlive(&mut self, name: &str) {
        let meant = self.state.changes.hung().contains(name);
        let resumed = self
            .pods
            .get(name)
            .is_some_and(PodHandle::was_resumed_just_now);
        if !meant && !resumed {
            let detail = "its liveness probe fails: restarting it";
            self.tools.events.add(EventKind::Problem, name, detail);
            self.kill(name);
        }
    }

    /// A pod ended by itself, or because somebody made it.
    fn pod_ended(&mut self, name: &str, how: &str) {
        let Some(pod) = self.state.pod(name) else {
            return;
        };
        let app = pod.app;
        let wait = if pod.state == PodState::Draining {
            Duration::ZERO
        } else if pod.was_ready {
            REPLACE_AFTER
        } else {
            let detail = format!("did not start: {how}");
            self.tools.events.add(EventKind::Problem, name, detail);
            let failed = self.failed_starts.entry(app).or_default();
            *failed += 1;
            (REPLACE_AFTER * 2_u32.saturating_pow(*failed - 1)).min(LONGEST_BACK_OFF)
        };
        self.pod_is_gone(name, how, wait);
    }

    fn pod_is_gone(&mut self, name: &str, how: &str, wait: Duration) {
        let Some(pod) = self.state.pod_mut(name) else {
            return;
        };
        pod.state = PodState::Gone;
        pod.pid = None;
        pod.replace_at = Some(Instant::now() + wait);
        let detail = format!("in zone {}: {how}", pod.zone);
        self.tools.events.add(EventKind::PodExited, name, detail);
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self, name: &str) {
        if self.pods.get(name).is_some_and(PodHandle::kill) {
            self.pod_is_gone(name, "killed while it was starting", REPLACE_AFTER);
        }
    }

    /// In good order: the edge stops sending, the pod finishes what it has and ends.
    pub(super) fn drain(&mut self, name: &str) {
        let Some(child) = self.pods.get(name).and_then(|handle| handle.child.clone()) else {
            return self.kill(name);
        };
        let Some(pod) = self.state.pod_mut(name) else {
            return;
        };
        pod.state = PodState::Draining;
        let has_edge = pod.app == App::Shop;
        if self.state.edge.in_rotation.remove(name) {
            let detail = "it is drained: the edge sends it nothing new";
            self.tools
                .events
                .add(EventKind::EdgeTargetDown, name, detail);
        }
        // The edge has to have the new list before it is asked whether it is done.
        self.tell_edge();
        let (mut edge, name) = (self.tools.edge.view(), name.to_owned());
        tokio::spawn(async move {
            if has_edge && timeout(DRAIN_LIMIT, edge.drained(&name)).await.is_err() {
                tracing::warn!(pod = name, "requests in flight took too long");
            }
            child.term();
            if timeout(TERM_LIMIT, child.wait()).await.is_err() {
                child.kill();
            }
        });
    }

    /// Forgets pods whose replacements are due and which the edge knows to be gone. Until then their
    /// links stay: they are what the edge finds out by.
    pub(super) fn forget_gone_pods(&mut self) {
        let now = Instant::now();
        let in_rotation = &self.state.edge.in_rotation;
        let over = |pod: &Pod| {
            let due = pod.replace_at.is_some_and(|at| at <= now);
            let late = pod.replace_at.is_some_and(|at| at + NOTICE_LIMIT <= now);
            pod.state == PodState::Gone && due && (late || !in_rotation.contains(&pod.name))
        };
        self.state.pods.retain(|pod| !over(pod));
        let state = &self.state;
        self.pods.retain(|name, _| state.pod(name).is_some());
    }

    /// Tells the edge whom to ask. A pod that died stays on the list until the edge's own health
    /// checks have found out, as they would have to anywhere.
    pub(super) fn tell_edge(&mut self) {
        let target = |pod: &Pod| {
            let known = pod.app == App::Shop && pod.was_ready;
            known.then_some(Target {
                name: pod.name.clone(),
                zone: pod.zone.clone(),
                address: pod.front?,
                version: pod.release.version.clone(),
                weight: rollout::weight(&self.state, pod),
                state: match pod.state {
                    PodState::Draining => TargetState::Draining,
                    _ => TargetState::Active,
                },
            })
        };
        let targets: Vec<_> = self.state.pods.iter().filter_map(target).collect();
        let listed = |name: &String| targets.iter().any(|target| target.name == *name);
        let rotation = std::mem::take(&mut self.state.edge.in_rotation);
        let (stay, removed) = rotation.into_iter().partition(listed);
        self.state.edge.in_rotation = stay;
        for name in removed {
            let detail = "it is gone: taken off the edge's list";
            self.tools
                .events
                .add(EventKind::EdgeTargetDown, name, detail);
        }
        self.tools.edge.set_targets(targets);
    }

    pub(super) fn hear_edge(&mut self, news: EdgeNews) {
        match news {
            EdgeNews::Started(address) => {
                self.state.edge.running = true;
                self.state.edge.address = Some(address);
                let detail = format!("listens on {address}");
                self.tools.events.add(EventKind::PodStarted, "edge", detail);
            }
            EdgeNews::Health(event) => self.hear_health(event),
            EdgeNews::Ended(how) => {
                self.state.edge.running = false;
                self.state.edge.in_rotation.clear();
                self.tools.events.add(EventKind::PodExited, "edge", how);
            }
        }
    }

    fn hear_health(&mut self, event: HealthEvent) {
        let staying = self
            .state
            .pod(&event.target)
            .is_some_and(|pod| pod.state != PodState::Draining);
        let rotation = &mut self.state.edge.in_rotation;
        let (changed, kind) = if event.healthy {
            (
                staying && rotation.insert(event.target.clone()),
                EventKind::EdgeTargetUp,
            )
        } else {
            (rotation.remove(&event.target), EventKind::EdgeTargetDown)
        };
        if changed {
            self.tools
                .events
                .add_at(event.at, kind, event.target, event.reason);
        }
    }
}
