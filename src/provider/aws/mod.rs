//! A region of an AWS account, through the SDK.
//!
//! Nothing is touched without the opt-in tag. What is changed carries the tags by which it is
//! undone, set by the call that changes it, or by one before it where AWS takes none: see
//! `docs/aws.md` for every fault call by call.

mod account;
mod act;
mod connect;
mod error;
mod events;
mod look;
mod needs;
mod own;
mod permissions;
mod tags;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use target_app::api::Instant;

pub use connect::{connect, find};
pub use needs::Needs;

use super::{
    Call, CallRecord, Change, ChangeId, Ink, Milestone, Occurrence, Order, Pending, Permission,
    Place, Provider, Receipt, Rehearsed, Snapshot,
};
use crate::observe::{Series, Window};
use crate::scenario::{FaultKind, ProviderKind};
use account::Account;
use act::database::Ask;
use watch::Watchers;

/// Faults in an AWS account.
#[derive(Debug)]
pub struct AwsProvider {
    account: Arc<Account>,
    watchers: Watchers,
}

impl AwsProvider {
    fn new(account: Account) -> Self {
        Self {
            account: Arc::new(account),
            watchers: Watchers::default(),
        }
    }

    async fn make(&self, order: &Order, ink: &dyn Ink) -> Result<Receipt, super::ProviderError> {
        let account = &self.account;
        let ask = match order.change {
            Change::FailOverDatabase { .. } => Some(Ask::FailOver),
            Change::RebootDatabase => Some(Ask::Reboot),
            _ => None,
        };
        let before = match ask {
            Some(_) => watch::database::before(account).await?,
            None => None,
        };
        act::apply(account, order, ink).await?;
        let accepted = Instant::now();
        let (shared, id) = (Arc::clone(account), order.id.clone());
        if let Some((ask, before)) = ask.zip(before) {
            self.watchers
                .spawn(watch::database::watch(shared, id, ask, before));
        } else if matches!(
            order.change,
            Change::StopHosts { .. } | Change::KillPods { .. }
        ) {
            let change = order.change.clone();
            self.watchers
                .spawn(watch::stopped::watch(shared, id, change));
        }
        Ok(Receipt {
            accepted,
            undo: "by the tags that the change left".to_owned(),
        })
    }
}

impl Provider for AwsProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Aws
    }

    fn place(&self) -> Place {
        self.account.place()
    }

    fn look_every(&self) -> Duration {
        self.account.pace()
    }

    fn snapshot(&self) -> Pending<'_, Snapshot> {
        Box::pin(look::snapshot(&self.account))
    }

    fn calls<'a>(&'a self, change: &'a Change) -> Pending<'a, Vec<Call>> {
        Box::pin(act::calls(&self.account, change))
    }

    fn expected(&self, change: &Change) -> String {
        expected(change).to_owned()
    }

    fn rehearse<'a>(&'a self, change: &'a Change) -> Pending<'a, Vec<Rehearsed>> {
        Box::pin(permissions::rehearse(&self.account, change))
    }

    fn permissions<'a>(&'a self, kinds: &'a [FaultKind]) -> Pending<'a, Vec<Permission>> {
        Box::pin(async { Ok(permissions::permissions(&self.account, kinds).await) })
    }

    fn apply<'a>(&'a self, order: &'a Order, ink: Arc<dyn Ink>) -> Pending<'a, Receipt> {
        Box::pin(async move { self.make(order, &*ink).await })
    }

    fn patience(&self) -> Duration {
        act::instances::PATIENCE
    }

    fn undo<'a>(
        &'a self,
        change: &'a ChangeId,
        written: &'a [CallRecord],
        ink: Arc<dyn Ink>,
    ) -> Pending<'a, ()> {
        Box::pin(async move {
            act::undo(&self.account, change, written, &*ink).await?;
            let undone = Milestone::Undone(change.clone());
            self.account.happenings.reached("change-undone", undone, "");
            Ok(())
        })
    }

    fn occurrences(&self, after: u64, wait: Duration) -> Pending<'_, Vec<Occurrence>> {
        self.watchers.stand(&self.account);
        Box::pin(async move { Ok(self.account.happenings.after(after, wait).await) })
    }

    fn series(&self, window: Window) -> Pending<'_, Vec<Series>> {
        Box::pin(look::metrics::read(&self.account, window))
    }

    /// What others broke in an account is not this tool's to judge.
    fn repair(&self) -> Pending<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn by_hand(&self, change: &ChangeId) -> Vec<String> {
        act::by_hand(&self.account, change)
    }
}

/// By AWS's own word, or by how these services are known to work.
fn expected(change: &Change) -> &'static str {
    match change {
        Change::FailOverDatabase { .. } => {
            "AWS: typically 60 to 120 s for a Multi-AZ instance, under 35 s for a Multi-AZ cluster, \
             under 60 s for Aurora; a new standby takes minutes more"
        }
        Change::RebootDatabase => {
            "AWS: as long as crash recovery takes, usually under a minute or two"
        }
        Change::CutNetworks { .. } => {
            "cut off within seconds of each call, back within seconds of the undo"
        }
        Change::StopHosts { .. } => {
            "stopped within about a minute, running again about a minute after the undo"
        }
        Change::ShiftZone { .. } => {
            "AWS: new connections leave within a few minutes, as DNS answers expire"
        }
        Change::KillPods { .. } => {
            "ended after their stopTimeout (30 s unless set); others start in about a minute"
        }
        Change::DelayQueue { .. } => {
            "AWS: an attribute may take up to 60 s to hold everywhere, also when undone"
        }
        _ => "not on AWS",
    }
}
