//! A provider for the selftest's own target: two pods, of which one can be killed. It is what the
//! conductor needs to inject a fault as it does anywhere else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use target_app::api::Instant;

use crate::provider::{
    Call, CallRecord, Change, ChangeId, Ink, Milestone, Occurrence, Order, Pending, Place, PodView,
    Provider, Receipt, Snapshot,
};
use crate::scenario::ProviderKind;

/// What a fault breaks.
pub(super) trait Breakable: Send + Sync + 'static {
    /// Breaks from now on; answers when that was.
    fn break_it(&self) -> Instant;

    /// Whether it still is broken.
    fn is_broken(&self) -> bool;
}

/// Two pods of an app called `shop`: the one that is killed is replaced when the target is well.
pub(super) struct Infrastructure<B> {
    target: Arc<B>,
    killed: Mutex<Option<Occurrence>>,
}

impl<B: Breakable> Infrastructure<B> {
    pub(super) fn new(target: Arc<B>) -> Self {
        Self {
            target,
            killed: Mutex::default(),
        }
    }

    fn killed(&self) -> MutexGuard<'_, Option<Occurrence>> {
        self.killed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pod(&self, number: usize) -> PodView {
        let was_killed = number == 1 && self.killed().is_some();
        let broken = was_killed && self.target.is_broken();
        PodView {
            name: format!("shop-{number}"),
            // A replacement is another pod.
            uid: format!("{number}-{was_killed}"),
            app: "shop".into(),
            zone: "a".into(),
            ready: !broken,
            serving: !broken,
            ..PodView::default()
        }
    }
}

impl<B: Breakable> Provider for Infrastructure<B> {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Local
    }

    fn place(&self) -> Place {
        Place::Local {
            stack: "selftest".into(),
            pid: std::process::id(),
        }
    }

    fn snapshot(&self) -> Pending<'_, Snapshot> {
        Box::pin(async move {
            Ok(Snapshot {
                pods: vec![self.pod(1), self.pod(2)],
                last_occurrence: u64::from(self.killed().is_some()),
                ..Snapshot::default()
            })
        })
    }

    fn calls<'a>(&'a self, _: &'a Change) -> Pending<'a, Vec<Call>> {
        Box::pin(async { Ok(vec![Call::new("break the target", "shop-1")]) })
    }

    fn expected(&self, _: &Change) -> String {
        "as long as the part says".to_owned()
    }

    fn apply<'a>(&'a self, order: &'a Order, _: Arc<dyn Ink>) -> Pending<'a, Receipt> {
        Box::pin(async move {
            let accepted = self.target.break_it();
            *self.killed() = Some(Occurrence {
                seq: 1,
                at: accepted,
                kind: "pod-killed".into(),
                subject: "shop-1".into(),
                detail: "the target refuses".into(),
                milestone: Some(Milestone::Effective(order.id.clone())),
            });
            Ok(Receipt {
                accepted,
                undo: "it heals by itself".into(),
            })
        })
    }

    fn undo<'a>(
        &'a self,
        _: &'a ChangeId,
        _: &'a [CallRecord],
        _: Arc<dyn Ink>,
    ) -> Pending<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn occurrences(&self, after: u64, wait: Duration) -> Pending<'_, Vec<Occurrence>> {
        Box::pin(async move {
            let later = || self.killed().clone().filter(|one| one.seq > after);
            if later().is_none() {
                tokio::time::sleep(wait).await;
            }
            Ok(later().into_iter().collect())
        })
    }

    fn repair(&self) -> Pending<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn by_hand(&self, _: &ChangeId) -> Vec<String> {
        Vec::new()
    }
}
