//! What a fault acts through: one narrow trait, and an implementation for each kind of
//! infrastructure.
//!
//! A provider knows how to look and how to act, and decides nothing: which targets, when, and
//! whether at all is decided in [`crate::chaos`] from the [`Snapshot`]s it gives.

#[cfg(feature = "aws")]
pub mod aws;
mod change;
mod connect;
mod find;
mod happenings;
mod ink;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
pub mod local;
mod snapshot;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use change::{Change, ChangeId, Milestone, Occurrence, Order, Place, Receipt};
pub use connect::connect;
pub use find::Everywhere;
pub use happenings::Happenings;
pub use ink::{Call, CallOutcome, CallRecord, Ink, Slate, Told, follow};
pub use snapshot::{
    BudgetView, DatabaseView, Eviction, HostView, LinkView, NetworkView, NodeView, OpenChange,
    PodView, QueueView, Role, Snapshot, WorkloadView, ZoneView,
};

use crate::observe::pages::Address;
use crate::observe::{Series, Window};
use crate::scenario::{FaultKind, ProviderKind};

/// What an asynchronous call of a [`Provider`] returns: boxed, so that providers can be mixed in
/// one scenario.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// Acts on one piece of infrastructure.
///
/// Every change has an id that the caller chose and wrote to disk before: [`Provider::apply`] with
/// the same id twice is the same change, [`Provider::undo`] of an unknown id is already done. A
/// provider that needs several calls for one change also stores its undo facts on the resource
/// itself, in the call that changes it.
pub trait Provider: Send + Sync + 'static {
    /// Which kind this is.
    fn kind(&self) -> ProviderKind;

    /// Where it acts, in a form that a later process can find again. Holds no secrets.
    fn place(&self) -> Place;

    /// How long between two looks while something is waited for: as close as the API bears.
    fn look_every(&self) -> Duration {
        Duration::from_millis(50)
    }

    /// Everything that faults may be aimed at, as it is now.
    fn snapshot(&self) -> Pending<'_, Snapshot>;

    /// The calls with which the change would be made now, in order. Changes nothing, and needs no
    /// more than the right to read.
    fn calls<'a>(&'a self, change: &'a Change) -> Pending<'a, Vec<Call>>;

    /// How long the change and its recovery usually take, in words, and by whose experience.
    fn expected(&self, change: &Change) -> String;

    /// Lets the infrastructure itself say of each of these calls whether it would be accepted,
    /// without making it. Not known, where its API has no way to ask.
    fn rehearse<'a>(&'a self, change: &'a Change) -> Pending<'a, Vec<Rehearsed>> {
        Box::pin(async move {
            let calls = self.calls(change).await?;
            let unknown = |call| Rehearsed {
                call,
                answer: Answer::Unknown,
            };
            Ok(calls.into_iter().map(unknown).collect())
        })
    }

    /// Which permissions faults of these kinds need here, and which of them are held. Empty, where
    /// there is nothing to grant.
    fn permissions<'a>(&'a self, _kinds: &'a [FaultKind]) -> Pending<'a, Vec<Permission>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Makes the change; answers when it is accepted and its effect is under way. Each call that
    /// changes something is told to the ink before and after.
    fn apply<'a>(&'a self, order: &'a Order, ink: Arc<dyn Ink>) -> Pending<'a, Receipt>;

    /// How long taking a change back, or healing by itself, may need here at the most. Less is left
    /// to the caller.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// Takes the change back and waits until it is. Works from the calls that were written down,
    /// from what the resources themselves remember, or both.
    fn undo<'a>(
        &'a self,
        change: &'a ChangeId,
        written: &'a [CallRecord],
        ink: Arc<dyn Ink>,
    ) -> Pending<'a, ()>;

    /// What happened after occurrence number `after`; waits at most `wait` for something to happen.
    fn occurrences(&self, after: u64, wait: Duration) -> Pending<'_, Vec<Occurrence>>;

    /// What the infrastructure measured of itself in this stretch. Empty, where it measures nothing
    /// that is not told elsewhere.
    fn series(&self, _window: Window) -> Pending<'_, Vec<Series>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Where its processes tell their metrics now; empty, where they tell none.
    fn pages(&self) -> Pending<'_, Vec<Address>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Brings everything back to its specification, whoever broke it.
    fn repair(&self) -> Pending<'_, ()>;

    /// The commands with which a person takes the change back when [`Provider::undo`] cannot.
    fn by_hand(&self, change: &ChangeId) -> Vec<String>;
}

/// What the infrastructure says of a call that was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// The call.
    pub call: Call,
    /// Its answer.
    pub answer: Answer,
}

/// An answer to a rehearsed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It would have been made.
    Accepted,
    /// It would not.
    Refused(String),
    /// This API has no rehearsal of this call: only what it needs was looked at.
    Unknown,
}

/// A right that a fault needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// As it is granted: `create pods/eviction in namespace shop`, `rds:RebootDBInstance`.
    pub what: String,
    /// What for.
    pub needed_for: String,
    /// Whether it is held; none: this cannot be asked without doing it.
    pub held: Option<bool>,
}

/// What [`Finder::find`] returns.
pub type Found<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Arc<dyn Provider>>, String>> + Send + 'a>>;

/// How providers are found again by a later process.
pub trait Finder: Sync {
    /// The provider of this place; none: it does not exist any more. An error says why that cannot
    /// be told.
    fn find<'a>(&'a self, place: &'a Place) -> Found<'a>;

    /// Every place of this user that exists now.
    ///
    /// # Errors
    /// Why they cannot be listed.
    fn places(&self) -> Result<Vec<Place>, String>;
}

/// Why a provider could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Nothing answers there: whatever it was, it does not run any more.
    #[error("{place} is not there: {reason}")]
    Gone {
        /// What was asked.
        place: String,
        /// What was seen.
        reason: String,
    },
    /// It understood and said no: nothing was changed.
    #[error("{place} refused to {what}: {reason}")]
    Refused {
        /// What was asked.
        place: String,
        /// What it was asked to do.
        what: String,
        /// Its words.
        reason: String,
    },
    /// It failed, or did not answer: whether something was changed is unknown.
    #[error("{place} failed to {what}: {reason}")]
    Failed {
        /// What was asked.
        place: String,
        /// What it was asked to do.
        what: String,
        /// Its words, or what was seen.
        reason: String,
    },
}

/// The providers of one run, by kind.
#[derive(Clone, Default)]
pub struct Providers(HashMap<ProviderKind, Arc<dyn Provider>>);

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|provider| provider.place()))
            .finish()
    }
}

impl Providers {
    /// No provider yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a provider; a second one of the same kind replaces the first.
    #[must_use]
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Self {
        self.0.insert(provider.kind(), provider);
        self
    }

    /// The provider of this kind.
    ///
    /// # Errors
    /// What is missing, and what to do about it.
    pub fn get(&self, kind: ProviderKind) -> Result<&Arc<dyn Provider>, String> {
        self.0.get(&kind).ok_or_else(|| absent(kind))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.0.values()
    }
}

/// As scenarios write it.
#[must_use]
pub fn name(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Local => "local",
        ProviderKind::Kubernetes => "kubernetes",
        ProviderKind::Aws => "aws",
    }
}

/// Why there is no such provider here.
fn absent(kind: ProviderKind) -> String {
    let name = name(kind);
    match kind {
        ProviderKind::Local => "provider `local` needs a stack: set `stack = \"local\"` in \
            [target], or start one with `loadtest stack up`"
            .to_owned(),
        ProviderKind::Kubernetes | ProviderKind::Aws => {
            format!("provider `{name}` is not connected: no fault of the scenario acts through it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_not_there_is_named_with_what_to_do() {
        let providers = Providers::new();
        let Err(local) = providers.get(ProviderKind::Local) else {
            panic!("there is none")
        };
        assert!(local.contains("loadtest stack up"), "{local}");
        let Err(aws) = providers.get(ProviderKind::Aws) else {
            panic!("there is none")
        };
        assert!(aws.contains("`aws`"), "{aws}");
    }
}
