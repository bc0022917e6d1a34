//! A Kubernetes cluster, through its API server.
//!
//! What is there is watched, never polled. What a change needs for its undo is written on the
//! resource itself, in the very patch that changes it ([`marks`]); so a change can be taken back
//! by whoever may read the cluster, with or without a journal.

mod api;
mod by_hand;
mod connect;
mod drain;
mod effect;
mod facts;
mod marks;
mod names;
mod news;
mod owner;
mod permissions;
mod prepare;
mod requests;
mod selector;
mod shield;
mod state;
mod tools;
mod trouble;
mod undo;
mod view;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use target_app::api::Instant;
use tokio::task::JoinHandle;

use super::{
    Answer, Call, CallRecord, Change, ChangeId, Ink, Milestone, Occurrence, Order, Pending,
    Permission, Place, Provider, ProviderError, Receipt, Rehearsed, Slate, Snapshot,
};
use crate::scenario::{FaultKind, ProviderKind};
use api::{Api, Request};
use prepare::{Prepared, Then};
use trouble::Trouble;
use view::Glasses;
use watch::{Cluster, Watches};

/// For the first lists of all watches.
const LOOKING: Duration = Duration::from_secs(15);

/// Faults on a Kubernetes cluster; clones are the same.
#[derive(Clone)]
pub struct KubernetesProvider {
    api: Api,
    place: Place,
    /// Its own namespace first.
    namespaces: Arc<[String]>,
    /// Image of the helper.
    image: Arc<str>,
    glasses: Arc<Glasses>,
    cluster: Arc<Cluster>,
    /// What goes on after a change was accepted.
    background: Arc<Mutex<HashMap<ChangeId, GoingOn>>>,
    _watches: Arc<Watches>,
}

/// A change that was accepted.
struct GoingOn {
    task: JoinHandle<()>,
    receipt: Receipt,
}

impl std::fmt::Debug for KubernetesProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KubernetesProvider")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl KubernetesProvider {
    fn refused(&self, what: &str, reason: &str) -> ProviderError {
        ProviderError::Refused {
            place: self.place.to_string(),
            what: what.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn told(&self, trouble: &Trouble, what: &str) -> ProviderError {
        trouble.told(&self.place.to_string(), what)
    }

    /// Waits until every watch has told everything once, or was denied.
    async fn listed(&self) -> Result<(), ProviderError> {
        let listed = self.cluster.until(LOOKING, |state| match &state.trouble {
            _ if state.awaited.is_empty() => Some(true),
            // It does not get better by waiting.
            Some((_, Trouble::Unauthorized(_))) => Some(false),
            _ => None,
        });
        if listed.await == Some(true) {
            return Ok(());
        }
        let trouble = self.cluster.state().trouble.clone();
        Err(match trouble {
            Some((what, trouble)) => self.told(&trouble, &format!("list {what}")),
            None => self.told(&Trouble::NoAnswer("no answer".to_owned()), "look"),
        })
    }

    /// Waits until everything was listed, and finds out whether what we have is still up to date.
    async fn looked(&self) -> Result<(), ProviderError> {
        self.listed().await?;
        self.may_look()?;
        // A watch that broke may be back, and quiet: only the server can tell.
        let troubled = self.cluster.state().trouble.is_some();
        if troubled {
            let path = names::Kind::Pod.path(&self.namespaces[0]);
            let probe = format!("{path}?limit=1");
            let answer = self.api.get::<serde_json::Value>(&probe).await;
            answer.map_err(|trouble| self.told(&trouble, "look"))?;
            self.cluster.state().trouble = None;
        }
        Ok(())
    }

    /// Without pods there is nothing to see; all else only narrows what can be done.
    fn may_look(&self) -> Result<(), ProviderError> {
        let state = self.cluster.state();
        let denied = state
            .denied
            .iter()
            .find(|(what, _)| what.starts_with("pods in "));
        match denied {
            Some((what, why)) => Err(self.refused(
                &format!("show {what}"),
                &format!("{why}: grant the role of ci/kubernetes/plan.yaml"),
            )),
            None => Ok(()),
        }
    }

    /// The calls before acceptance, each written down, then the rest in the background.
    async fn make(&self, order: &Order, ink: Arc<dyn Ink>) -> Result<Receipt, ProviderError> {
        let known = self
            .running()
            .get(&order.id)
            .map(|known| known.receipt.clone());
        if let Some(receipt) = known {
            return Ok(receipt);
        }
        let Prepared { first, then } = self.prepare(order).await?;
        let accepted = Instant::now();
        for request in &first {
            self.one(request, &*ink).await?;
        }
        let undo = first.iter().filter_map(|request| request.call.undo.clone());
        let undo: Vec<String> = undo.collect();
        let receipt = Receipt {
            accepted,
            undo: if undo.is_empty() {
                "nothing to undo".to_owned()
            } else {
                undo.join("; ")
            },
        };
        let (provider, change) = (self.clone(), order.id.clone());
        let task = tokio::spawn(async move {
            provider.follow_up(&change, then, &*ink).await;
        });
        let going_on = GoingOn {
            task,
            receipt: receipt.clone(),
        };
        self.running().insert(order.id.clone(), going_on);
        Ok(receipt)
    }

    async fn one(&self, request: &Request, ink: &dyn Ink) -> Result<(), ProviderError> {
        match self.api.change(request, ink).await? {
            Ok(_) => Ok(()),
            // It went by itself meanwhile: what was wanted is so.
            Err(Trouble::Absent(_)) if request.method == http::Method::DELETE => Ok(()),
            // Our own, made by an attempt whose answer was lost: its name holds the change's id.
            Err(Trouble::Conflict(_)) if request.method == http::Method::POST => Ok(()),
            Err(trouble) => Err(self.told(&trouble, &request.call.what)),
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<ChangeId, GoingOn>> {
        self.background
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What would be called now, evictions included.
    async fn foreseen(&self, change: &Change) -> Result<Vec<Request>, ProviderError> {
        let order = Order {
            id: ChangeId("ID".to_owned()),
            run: "RUN".to_owned(),
            fault: "FAULT".to_owned(),
            change: change.clone(),
        };
        let Prepared { mut first, then } = self.prepare(&order).await?;
        let leaving = match then {
            Then::Evict(pods, _) => pods,
            Then::Empty { hosts, force } => (self.leaving(&hosts, force).await)
                .map_err(|trouble| self.told(&trouble, "list pods"))?,
            _ => Vec::new(),
        };
        first.extend(leaving.iter().map(requests::evict));
        Ok(first)
    }
}

impl Provider for KubernetesProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Kubernetes
    }

    fn place(&self) -> Place {
        self.place.clone()
    }

    fn snapshot(&self) -> Pending<'_, Snapshot> {
        Box::pin(async {
            self.looked().await?;
            let last = self.api.happenings.last();
            Ok(self.glasses.snapshot(&self.cluster.state(), last))
        })
    }

    fn calls<'a>(&'a self, change: &'a Change) -> Pending<'a, Vec<Call>> {
        Box::pin(async move {
            let foreseen = self.foreseen(change).await?;
            Ok(foreseen.into_iter().map(|request| request.call).collect())
        })
    }

    fn expected(&self, change: &Change) -> String {
        expected(change).to_owned()
    }

    fn rehearse<'a>(&'a self, change: &'a Change) -> Pending<'a, Vec<Rehearsed>> {
        Box::pin(async move {
            let mut rehearsed = Vec::new();
            for request in self.foreseen(change).await? {
                let answer = match self.api.rehearse(&request).await {
                    Ok(_) => Answer::Accepted,
                    Err(trouble) => Answer::Refused(trouble.words().to_owned()),
                };
                let call = request.call;
                rehearsed.push(Rehearsed { call, answer });
            }
            Ok(rehearsed)
        })
    }

    fn permissions<'a>(&'a self, kinds: &'a [FaultKind]) -> Pending<'a, Vec<Permission>> {
        Box::pin(self.rights(kinds))
    }

    fn apply<'a>(&'a self, order: &'a Order, ink: Arc<dyn Ink>) -> Pending<'a, Receipt> {
        Box::pin(async move {
            self.looked().await?;
            self.make(order, ink).await
        })
    }

    fn undo<'a>(
        &'a self,
        change: &'a ChangeId,
        written: &'a [CallRecord],
        ink: Arc<dyn Ink>,
    ) -> Pending<'a, ()> {
        Box::pin(async move {
            let going_on = self.running().remove(change);
            if let Some(going_on) = going_on {
                going_on.task.abort();
                let _ = going_on.task.await;
            }
            self.take_back(change, written, &*ink).await?;
            let undone = Milestone::Undone(change.clone());
            self.api.happenings.reached("change-undone", undone, "");
            Ok(())
        })
    }

    fn occurrences(&self, after: u64, wait: Duration) -> Pending<'_, Vec<Occurrence>> {
        Box::pin(async move { Ok(self.api.happenings.after(after, wait).await) })
    }

    /// Whatever carries our marks. All else that is broken in a cluster is not ours to mend.
    fn repair(&self) -> Pending<'_, ()> {
        Box::pin(async {
            for open in self.snapshot().await?.open {
                self.take_back(&open.id, &[], &Slate::default()).await?;
            }
            Ok(())
        })
    }

    fn by_hand(&self, change: &ChangeId) -> Vec<String> {
        let Place::Kubernetes {
            context,
            kubeconfig,
            ..
        } = &self.place
        else {
            return Vec::new();
        };
        let touched = by_hand::touched(&self.cluster.state(), change);
        by_hand::commands(
            context.as_deref(),
            kubeconfig.as_deref(),
            &self.namespaces,
            change,
            &touched,
        )
    }
}

/// How long it takes, by the documentation's defaults.
fn expected(change: &Change) -> &'static str {
    match change {
        Change::KillPods { .. } => {
            "gone within the grace, replaced as soon as an image is there and probes succeed; \
             endpoints follow within about a second"
        }
        Change::EvictPods { .. } | Change::DrainHosts { .. } | Change::DrainZone { .. } => {
            "each pod has its own grace (30 s by default); budgets make it one after the other"
        }
        Change::KillContainers { .. } => {
            "started again at once the first time, later after a back-off of 10 s and more"
        }
        Change::HangPods { .. } => {
            "unready after three failed probes (30 s by default), back within one probe of the undo"
        }
        Change::RestartWorkload { .. } => "a start of a pod for each step of the rollout",
        Change::ScaleWorkload { .. } => "within seconds; back after the start of a pod",
        Change::PartitionPods { .. } => {
            "within seconds, as soon as the network plugin has taken up the policy"
        }
        _ => "not in a cluster",
    }
}
