//! What goes on after a change was accepted: evictions, and watching for the effect.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tokio::time::Instant;

use super::KubernetesProvider;
use super::facts;
use super::names::Named;
use super::prepare::Then;
use super::requests;
use super::state::State;
use super::tools::{self, NOTHING_TO_DO, Progress};
use super::trouble::Trouble;
use crate::provider::{ChangeId, Ink, Milestone};

/// Between two requests for the same pod to leave.
const BETWEEN_EVICTIONS: Duration = Duration::from_secs(5);
/// Nobody waits longer than this for an effect; a run is over long before.
const LONGEST: Duration = Duration::from_secs(3600);

impl KubernetesProvider {
    /// Goes on until the effect is complete, and tells so. Stopped by being dropped.
    pub(super) async fn follow_up(&self, change: &ChangeId, then: Then, ink: &dyn Ink) {
        let done = match then {
            Then::Done => Some("accepted".to_owned()),
            Then::Gone(pods) => self.gone(&pods).await,
            Then::Evict(pods, timeout) => {
                let until = Instant::now() + timeout;
                match self.evict_all(&pods, until, ink).await {
                    Ok(()) => self.gone(&pods).await,
                    Err(left) => self.gave_up(change, &left),
                }
            }
            Then::Empty { hosts, force } => self.empty_all(change, &hosts, force, ink).await,
            Then::Restarted { pods, helpers } => self.restarted(change, &pods, &helpers).await,
            Then::Frozen(helpers) => self.frozen(change, &helpers).await,
            Then::RolledOut(on) => self.settled(&on, None).await,
            Then::Scaled(on, replicas) => self.settled(&on, Some(replicas)).await,
        };
        if let Some(detail) = done {
            let effective = Milestone::Effective(change.clone());
            self.api
                .happenings
                .reached("change-effective", effective, detail);
        }
    }

    fn gave_up(&self, change: &ChangeId, left: &str) -> Option<String> {
        self.api
            .happenings
            .tell("eviction-gave-up", change.to_string(), left);
        None
    }

    async fn gone(&self, pods: &[Pod]) -> Option<String> {
        let there = |state: &State, pod: &Pod| {
            let on = requests::named(pod);
            let found = state.pods.get(&(on.namespace, on.name));
            found.is_some_and(|found| found.metadata.uid == pod.metadata.uid)
        };
        let none = |state: &State| (!pods.iter().any(|pod| there(state, pod))).then_some(());
        self.cluster.until(LONGEST, none).await?;
        Some(format!("{} pods are gone", pods.len()))
    }

    /// Asks all of them to leave, and those that a budget holds back again and again.
    async fn evict_all(&self, pods: &[Pod], until: Instant, ink: &dyn Ink) -> Result<(), String> {
        let mut staying: Vec<&Pod> = pods.iter().collect();
        loop {
            let mut refused = Vec::new();
            for pod in staying {
                match self.evict(pod, ink).await {
                    Ok(true) => {}
                    Ok(false) => refused.push(pod),
                    Err(why) => return Err(why),
                }
            }
            if refused.is_empty() {
                return Ok(());
            }
            if Instant::now() + BETWEEN_EVICTIONS > until {
                let names: Vec<String> = refused
                    .iter()
                    .map(|pod| requests::named(pod).to_string())
                    .collect();
                return Err(format!("still refused: {}", names.join(", ")));
            }
            tokio::time::sleep(BETWEEN_EVICTIONS).await;
            staying = refused;
        }
    }

    /// Whether this pod leaves now; an error says why it never will.
    async fn evict(&self, pod: &Pod, ink: &dyn Ink) -> Result<bool, String> {
        let on = requests::named(pod);
        let happenings = &self.api.happenings;
        let answer = self.api.change(&requests::evict(pod), ink).await;
        match answer.map_err(|error| error.to_string())? {
            Ok(_) => {
                happenings.tell("pod-evicted", &on.name, "");
                Ok(true)
            }
            // Gone, or another pod of this name by now.
            Err(Trouble::Absent(_) | Trouble::Conflict(_)) => Ok(true),
            Err(Trouble::Budget(why)) => {
                happenings.tell("eviction-refused", &on.name, why);
                Ok(false)
            }
            Err(trouble @ (Trouble::Busy(..) | Trouble::NoAnswer(_))) => {
                happenings.tell("eviction-failed", &on.name, trouble.words());
                Ok(false)
            }
            // Two budgets on one pod: the server says 500, and always will.
            Err(trouble) => Err(format!("{on}: {}", trouble.words())),
        }
    }

    async fn empty_all(
        &self,
        change: &ChangeId,
        hosts: &[String],
        force: bool,
        ink: &dyn Ink,
    ) -> Option<String> {
        let until = Instant::now() + LONGEST;
        let pods = loop {
            match self.leaving(hosts, force).await {
                Ok(pods) => break pods,
                Err(trouble) if trouble.worth_repeating(0).is_some() => {
                    let detail = format!("which pods leave is not known: {}", trouble.words());
                    self.api
                        .happenings
                        .tell("call-repeated", change.to_string(), detail);
                    tokio::time::sleep(BETWEEN_EVICTIONS).await;
                }
                Err(trouble) => return self.gave_up(change, trouble.words()),
            }
        };
        if let Err(left) = self.evict_all(&pods, until, ink).await {
            return self.gave_up(change, &left);
        }
        self.gone(&pods).await
    }

    async fn restarted(
        &self,
        change: &ChangeId,
        pods: &[Pod],
        helpers: &[(Named, String)],
    ) -> Option<String> {
        let again = |state: &State, pod: &Pod| {
            let on = requests::named(pod);
            let found = state.pods.get(&(on.namespace, on.name));
            found.is_none_or(|found| facts::restarts(found) > facts::restarts(pod))
        };
        let outcome = (self.cluster)
            .until(LONGEST, |state| {
                if pods.iter().all(|pod| again(state, pod)) {
                    return Some(Ok(format!("killed in {} pods", pods.len())));
                }
                in_vain(state, helpers).map(Err)
            })
            .await?;
        self.helped(change, outcome)
    }

    async fn frozen(&self, change: &ChangeId, helpers: &[(Named, String)]) -> Option<String> {
        let outcome = (self.cluster)
            .until(LONGEST, |state| {
                if let Some(why) = in_vain(state, helpers) {
                    return Some(Err(why));
                }
                let runs = |(on, helper): &(Named, String)| {
                    pod(state, on)
                        .is_some_and(|pod| tools::progress(pod, helper) == Progress::Running)
                };
                helpers.iter().all(runs).then(|| Ok("frozen".to_owned()))
            })
            .await?;
        self.helped(change, outcome)
    }

    fn helped(&self, change: &ChangeId, outcome: Result<String, String>) -> Option<String> {
        match outcome {
            Ok(detail) => Some(detail),
            Err(why) => {
                self.api
                    .happenings
                    .tell("helper-failed", change.to_string(), why);
                None
            }
        }
    }

    /// Waits until a workload is what it shall be, and that is not what it was before.
    async fn settled(&self, on: &Named, replicas: Option<u32>) -> Option<String> {
        let name = format!("{}/{}", on.kind.name(), on.name);
        // The watch may lag behind the answer to our patch.
        let now: Option<serde_json::Value> = self.read(on).await.ok().flatten();
        let generation = now
            .and_then(|now| now["metadata"]["generation"].as_i64())
            .unwrap_or(0);
        (self.cluster)
            .until(LONGEST, |state| {
                let snapshot = self.glasses.snapshot(state, 0);
                let found = snapshot.workloads.into_iter().find(|known| {
                    known.name == name && known.namespace.as_deref() == Some(on.namespace.as_str())
                })?;
                let there = replicas.is_none_or(|replicas| found.ready == replicas);
                (found.generation >= generation && found.settled && there).then_some(())
            })
            .await?;
        Some(format!("{on} is what it shall be"))
    }
}

fn pod<'s>(state: &'s State, on: &Named) -> Option<&'s Pod> {
    state.pods.get(&(on.namespace.clone(), on.name.clone()))
}

/// Why helpers will never do what they were started for.
fn in_vain(state: &State, helpers: &[(Named, String)]) -> Option<String> {
    helpers.iter().find_map(|(on, helper)| {
        let pod = pod(state, on)?;
        match tools::progress(pod, helper) {
            Progress::Ended(NOTHING_TO_DO) => Some(format!(
                "{on}: its program is process 1 of its container, which no signal from within \
                 stops: set `shareProcessNamespace: true` in the pod"
            )),
            Progress::Ended(code) if code != 0 && code != 137 => Some(format!(
                "{on}: the helper {helper} ended with {code}: it needs `sh`, `kill`, and the same \
                 user as the program"
            )),
            _ => None,
        }
    })
}
