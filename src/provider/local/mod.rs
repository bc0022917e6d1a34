//! The bundled stack on this machine, through its control plane's API.

mod control;
#[cfg(test)]
pub(crate) mod double;
mod find;
mod view;

use std::sync::Arc;
use std::time::Duration;

pub use control::ControlApi;
pub use find::LocalFinder;
use target_app::api::MetricsPage;
use target_app::client::Client;

use super::{
    Call, CallRecord, Change, ChangeId, Ink, Occurrence, Order, Pending, Place, Provider,
    ProviderError, Receipt, Snapshot,
};
use crate::observe::pages::Address;
use crate::scenario::ProviderKind;

/// Faults on a local stack.
#[derive(Debug)]
pub struct LocalProvider<C> {
    control: C,
    stack: String,
    pid: u32,
}

impl<C: ControlApi> LocalProvider<C> {
    /// Acts through this client of the stack's control plane, whose process id is `pid`.
    pub fn new(control: C, stack: impl Into<String>, pid: u32) -> Self {
        Self {
            control,
            stack: stack.into(),
            pid,
        }
    }
}

impl LocalProvider<Client> {
    /// Faults on the stack that `client` talks to.
    #[must_use]
    pub fn of(client: Client) -> Self {
        let (stack, pid) = (client.handle().name.clone(), client.handle().pid);
        Self::new(client, stack, pid)
    }
}

/// One call makes a change, and the control plane remembers it by its id: there is nothing that
/// ink would have to add to the intent.
impl<C: ControlApi> Provider for LocalProvider<C> {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Local
    }

    fn place(&self) -> Place {
        Place::Local {
            stack: self.stack.clone(),
            pid: self.pid,
        }
    }

    fn snapshot(&self) -> Pending<'_, Snapshot> {
        Box::pin(async { Ok(view::snapshot(&self.control.status().await?)) })
    }

    fn calls<'a>(&'a self, change: &'a Change) -> Pending<'a, Vec<Call>> {
        let call = Call::new(
            format!("PUT /v1/changes/ID: {}", view::change_in_words(change)),
            format!("stack `{}`", self.stack),
        );
        let call = match change {
            // Replacements start, and a standby is built, by themselves.
            Change::KillPods { .. } | Change::FailOverDatabase { .. } => call,
            _ => call.undone_by("DELETE /v1/changes/ID"),
        };
        Box::pin(async { Ok(vec![call]) })
    }

    fn expected(&self, change: &Change) -> String {
        view::expected(change).to_owned()
    }

    fn apply<'a>(&'a self, order: &'a Order, _ink: Arc<dyn Ink>) -> Pending<'a, Receipt> {
        Box::pin(async move {
            let request =
                view::request(order).map_err(|view::Lacking(what)| ProviderError::Refused {
                    place: self.place().to_string(),
                    what: what.to_owned(),
                    reason: "a local stack has no such thing: use another provider".to_owned(),
                })?;
            let receipt = self.control.change(&order.id.0, &request).await?;
            Ok(Receipt {
                accepted: receipt.accepted,
                undo: receipt.undo,
            })
        })
    }

    fn undo<'a>(
        &'a self,
        change: &'a ChangeId,
        _written: &'a [CallRecord],
        _ink: Arc<dyn Ink>,
    ) -> Pending<'a, ()> {
        self.control.undo(&change.0)
    }

    fn occurrences(&self, after: u64, wait: Duration) -> Pending<'_, Vec<Occurrence>> {
        Box::pin(async move {
            let events = self.control.events(after, wait).await?;
            Ok(events.into_iter().map(view::occurrence).collect())
        })
    }

    fn pages(&self) -> Pending<'_, Vec<Address>> {
        Box::pin(async {
            let pages = self.control.status().await?.metrics;
            let address = |page: MetricsPage| Address {
                process: page.process,
                app: page.app,
                url: page.url,
            };
            Ok(pages.into_iter().map(address).collect())
        })
    }

    fn repair(&self) -> Pending<'_, ()> {
        self.control.recover()
    }

    fn by_hand(&self, _change: &ChangeId) -> Vec<String> {
        let stack = &self.stack;
        vec![
            format!("loadtest chaos recover --stack {stack}"),
            format!("loadtest stack down --name {stack}"),
        ]
    }
}
