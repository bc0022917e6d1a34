//! Taking a change back: from the marks on resources, from the calls that were written down, or
//! from both. Doing it twice is the same as once.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::KubernetesProvider;
use super::api::escaped;
use super::marks::Mark;
use super::names::{Kind, Named};
use super::requests::{self, PRIOR, UNDOES};
use super::tools::{self, Deed, Progress};
use super::trouble::Trouble;
use crate::provider::{CallOutcome, CallRecord, ChangeId, Ink, ProviderError};

/// A helper has to be started, and its image fetched.
const THAWING: Duration = Duration::from_secs(60);
/// A resource that changes all the time is read again so often.
const READS: u32 = 5;

/// What the journal says of one resource.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Written {
    /// The value before, if a call that changed it was surely made.
    prior: Option<String>,
    /// It was already taken back.
    undone: bool,
}

impl KubernetesProvider {
    /// Takes back whatever this change has done.
    pub(super) async fn take_back(
        &self,
        change: &ChangeId,
        calls: &[CallRecord],
        ink: &dyn Ink,
    ) -> Result<(), ProviderError> {
        let written = written(calls);
        let mut found = self.marked(change, &written).await?;
        found.extend(written.keys().cloned());
        found.sort();
        found.dedup();
        for on in found {
            let known = written.get(&on).cloned().unwrap_or_default();
            self.restore(&on, change, &known, ink).await?;
        }
        Ok(())
    }

    /// Resources that carry this change's mark, as they are now: a cache may lag behind.
    async fn marked(
        &self,
        change: &ChangeId,
        written: &BTreeMap<Named, Written>,
    ) -> Result<Vec<Named>, ProviderError> {
        let query = format!("&labelSelector={}", escaped(&requests::by_change(change)));
        let mut found = Vec::new();
        for kind in Kind::all() {
            let namespaces = match kind {
                Kind::Node => vec![String::new()],
                _ => self.namespaces.to_vec(),
            };
            for namespace in namespaces {
                let list: Result<Vec<Value>, _> =
                    self.api.list(&kind.path(&namespace), &query).await;
                match list {
                    Ok(list) => found.extend(list.iter().filter_map(|one| {
                        Some(Named::new(
                            kind,
                            &namespace,
                            one["metadata"]["name"].as_str()?,
                        ))
                    })),
                    // Who may not even read them has not changed them, unless the journal says so.
                    Err(Trouble::Forbidden(_) | Trouble::Absent(_))
                        if !written.keys().any(|on| on.kind == kind) => {}
                    Err(trouble) => {
                        let what = format!("look for what was changed ({})", kind.plural());
                        return Err(self.told(&trouble, &what));
                    }
                }
            }
        }
        Ok(found)
    }

    async fn restore(
        &self,
        on: &Named,
        change: &ChangeId,
        written: &Written,
        ink: &dyn Ink,
    ) -> Result<(), ProviderError> {
        for _ in 0..READS {
            let Some(now) = self.read::<Value>(on).await? else {
                return Ok(());
            };
            let metadata: ObjectMeta =
                serde_json::from_value(now["metadata"].clone()).unwrap_or_default();
            let mark = Mark::on(&metadata).filter(|mark| mark.change == *change);
            if mark.is_none() && (written.undone || written.prior.is_none()) {
                return Ok(());
            }
            if on.kind == Kind::Pod {
                self.thaw(on, change, &now, ink).await?;
            }
            let request = match on.kind {
                Kind::NetworkPolicy => requests::open_up(on),
                _ => {
                    let prior = mark
                        .map(|mark| mark.prior)
                        .or_else(|| written.prior.clone());
                    let spec = before(on, &now, prior.as_deref().unwrap_or_default());
                    // Thawing changes the pod as well.
                    let version = match on.kind {
                        Kind::Pod => self.read::<Value>(on).await?.map(|now| version(&now)),
                        _ => Some(version(&now)),
                    };
                    requests::put_back(on, spec, &version.unwrap_or_default())
                }
            };
            match self.api.change(&request, ink).await? {
                Ok(_) | Err(Trouble::Absent(_)) => return Ok(()),
                // Somebody changed it meanwhile: look again.
                Err(Trouble::Conflict(_)) => {}
                Err(trouble) => return Err(self.told(&trouble, &request.call.what)),
            }
        }
        let trouble = Trouble::Conflict("it changes faster than it can be read".to_owned());
        Err(self.told(&trouble, &format!("put {on} back")))
    }

    /// Lets a frozen pod go on, and waits until it does.
    async fn thaw(
        &self,
        on: &Named,
        change: &ChangeId,
        now: &Value,
        ink: &dyn Ink,
    ) -> Result<(), ProviderError> {
        let Ok(pod) = serde_json::from_value::<Pod>(now.clone()) else {
            return Ok(());
        };
        let names = |deed| {
            let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
            let names = containers.map(move |one| tools::name(deed, change, &one.name));
            names
                .filter(|name| tools::has(&pod, name))
                .collect::<Vec<_>>()
        };
        if names(Deed::Freeze).is_empty() || pod.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let mut helpers = names(Deed::Thaw);
        if helpers.is_empty() {
            // The image that froze it was there; the scenario's own may not be known any more.
            let image = tools::image_of(&pod, &names(Deed::Freeze)).unwrap_or(&self.image);
            let (started, call) = requests::help(Deed::Thaw, change, &pod, None, image);
            match self.api.change(&requests::undoing(call), ink).await? {
                Ok(_) => helpers = started,
                Err(Trouble::Absent(_)) => return Ok(()),
                Err(trouble) => return Err(self.told(&trouble, &format!("thaw {on}"))),
            }
        }
        let key = (on.namespace.clone(), on.name.clone());
        let thawed = self.cluster.until(THAWING, |state| {
            // A later pod of this name was never frozen.
            let same = (state.pods.get(&key)).filter(|one| one.metadata.uid == pod.metadata.uid);
            let Some(pod) = same else { return Some(()) };
            let ended = |name: &String| tools::progress(pod, name) == Progress::Ended(0);
            helpers.iter().all(ended).then_some(())
        });
        thawed.await.ok_or_else(|| ProviderError::Failed {
            place: self.place.to_string(),
            what: format!("thaw {on}"),
            reason: format!(
                "its helper did not do so within {} s (can image {} be fetched?)",
                THAWING.as_secs(),
                self.image
            ),
        })
    }
}

fn version(now: &Value) -> String {
    now["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// What the journal says, by resource.
fn written(calls: &[CallRecord]) -> BTreeMap<Named, Written> {
    let mut all: BTreeMap<Named, Written> = BTreeMap::new();
    for record in calls {
        let Some(on) = Named::parse(&record.call.on) else {
            continue;
        };
        let known = all.entry(on).or_default();
        let made = record.outcome == CallOutcome::Made;
        if record.call.facts.contains_key(UNDOES) {
            known.undone |= made;
        } else if made {
            // What surely happened can be taken back even where somebody wiped our marks away.
            known.prior = (record.call.facts.get(PRIOR).cloned()).or(known.prior.take());
        }
    }
    all
}

/// The part of a resource that has to be put back; none: nothing but our marks.
fn before(on: &Named, now: &Value, prior: &str) -> Option<Value> {
    match on.kind {
        Kind::Node => {
            let closed = now["spec"]["unschedulable"].as_bool().unwrap_or(false);
            (prior == "schedulable" && closed).then(|| json!({ "unschedulable": null }))
        }
        Kind::Deployment | Kind::StatefulSet => {
            let replicas: u64 = prior.parse().ok()?;
            (now["spec"]["replicas"].as_u64() != Some(replicas))
                .then(|| json!({ "replicas": replicas }))
        }
        Kind::Pod | Kind::DaemonSet | Kind::NetworkPolicy => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Call;

    fn record(number: u32, call: Call, outcome: CallOutcome) -> CallRecord {
        CallRecord {
            number,
            call,
            outcome,
        }
    }

    #[test]
    fn a_journal_alone_knows_what_was_before_and_what_was_undone() {
        let node = |name: &str| format!("node {name}");
        let cordon = |name: &str| Call::new("cordon", node(name)).knowing(PRIOR, "schedulable");
        let undo = |name: &str| Call::new("uncordon", node(name)).knowing(UNDOES, "true");
        let calls = [
            record(0, cordon("a"), CallOutcome::Made),
            record(1, cordon("b"), CallOutcome::Unknown),
            record(2, cordon("c"), CallOutcome::Made),
            record(3, undo("c"), CallOutcome::Made),
        ];
        let all = written(&calls);
        let of = |name: &str| all[&Named::new(Kind::Node, "", name)].clone();
        assert_eq!(of("a").prior.as_deref(), Some("schedulable"));
        assert_eq!(of("b").prior, None, "its own mark says whether it happened");
        assert!(of("c").undone && !of("a").undone);
    }

    #[test]
    fn only_what_differs_is_put_back() {
        let node = Named::new(Kind::Node, "", "a");
        let closed = json!({ "spec": { "unschedulable": true } });
        let open = json!({ "spec": {} });
        assert!(before(&node, &closed, "schedulable").is_some());
        assert!(before(&node, &open, "schedulable").is_none());
        assert!(before(&node, &closed, "").is_none(), "not ours");
        let shop = Named::new(Kind::Deployment, "shop", "web");
        let scaled = json!({ "spec": { "replicas": 1 } });
        assert_eq!(before(&shop, &scaled, "3"), Some(json!({ "replicas": 3 })));
        assert_eq!(before(&shop, &scaled, ""), None, "restarted, not scaled");
    }
}
