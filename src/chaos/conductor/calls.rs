//! The two things that are done to infrastructure, each written down before and after.

use std::sync::Arc;
use std::time::Duration;

use target_app::api::Instant;
use tokio::time::timeout;

use crate::chaos::catalogue::{self, Choice, Plan};
use crate::chaos::journal::{Journal, JournalInk, OpenIntent, Record};
use crate::provider::{ChangeId, Order, Provider, ProviderError, Snapshot};
use crate::scenario::{FaultKind, Force};

/// How long calls may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Looking, and making a change.
    pub call: Duration,
    /// Taking a change back, with all attempts.
    pub undo: Duration,
    /// Waiting for the infrastructure to get well once the run has ended.
    pub settle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(30),
            undo: Duration::from_secs(120),
            settle: Duration::from_secs(60),
        }
    }
}

/// Between attempts to undo: a stack in the middle of a failover says no for a moment.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(500);

/// A fault whose turn has come.
pub(super) struct Injection {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) journal: Arc<Journal>,
    pub(super) limits: Limits,
    pub(super) id: ChangeId,
    pub(super) run: String,
    pub(super) fault: String,
    pub(super) kind: FaultKind,
    pub(super) seed: u64,
    pub(super) force: Force,
}

/// A fault with its targets, and the infrastructure as it was before.
#[derive(Debug, Clone)]
pub(super) struct Aimed {
    pub(super) plan: Plan,
    pub(super) before: Snapshot,
}

impl Injection {
    /// Looks and resolves the targets. Changes nothing.
    pub(super) async fn aim(&self) -> Result<Aimed, String> {
        let before = within(
            self.limits.call,
            &self.provider,
            "look",
            self.provider.snapshot(),
        )
        .await
        .map_err(|error| error.to_string())?;
        let choice = Choice {
            seed: self.seed,
            fault: &self.fault,
            force: self.force,
        };
        let plan = catalogue::plan(&self.kind, &before, choice).map_err(|refusal| refusal.0)?;
        Ok(Aimed { plan, before })
    }

    /// Makes the change. After an error it may have been made all the same, unless it never came
    /// to the call.
    pub(super) async fn fire(&self, plan: &Plan) -> Result<Instant, Misfire> {
        let intent = OpenIntent {
            change: self.id.clone(),
            fault: self.fault.clone(),
            place: self.provider.place(),
            what: plan.change.clone(),
            targets: plan.targets.clone(),
            words: plan.words.clone(),
            undo: plan.undo.clone(),
            calls: Vec::new(),
        };
        self.journal
            .append(Record::Intent(intent))
            .await
            .map_err(|error| Misfire::NotTried(error.to_string()))?;
        let order = Order {
            id: self.id.clone(),
            run: self.run.clone(),
            fault: self.fault.clone(),
            change: plan.change.clone(),
        };
        let journal = Arc::clone(&self.journal);
        let ink = JournalInk::new(journal, self.id.clone(), self.provider.place());
        let call = self.provider.apply(&order, Arc::new(ink));
        let change = self.id.clone();
        match within(self.limits.call, &self.provider, "make the change", call).await {
            Ok(receipt) => {
                // The intent is on disk: without this line an undo is tried that was not needed.
                let _ = self.journal.append(Record::Done { change }).await;
                Ok(receipt.accepted)
            }
            Err(error) => {
                let reason = error.to_string();
                let record = Record::Failed {
                    change,
                    reason: reason.clone(),
                };
                let _ = self.journal.append(record).await;
                Err(Misfire::Failed(reason))
            }
        }
    }
}

/// Why a change was not accepted.
pub(super) enum Misfire {
    /// It was not asked for.
    NotTried(String),
    /// It was, and whether it was made is unknown.
    Failed(String),
}

/// What became of an undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoResult {
    /// It was taken back.
    Done,
    /// What was changed does not exist any more: nothing is left to take back.
    Gone(String),
    /// It was not taken back.
    Failed(String),
}

/// Takes a change back, trying again while there is time; safe to repeat for one that never was.
pub async fn undo(
    provider: &Arc<dyn Provider>,
    journal: &Arc<Journal>,
    change: &ChangeId,
    limit: Duration,
) -> UndoResult {
    // Undoing matters more than the journal: without these lines it is merely tried once more.
    let intent = Record::UndoIntent {
        change: change.clone(),
    };
    let _ = journal.append(intent).await;
    let trying = undo_by_trying(provider, journal, change);
    let limit = limit.max(provider.patience());
    let result = match within(limit, provider, "undo", trying).await {
        Ok(()) => UndoResult::Done,
        Err(ProviderError::Gone { reason, .. }) => UndoResult::Gone(reason),
        Err(error) => UndoResult::Failed(error.to_string()),
    };
    let change = change.clone();
    let record = match &result {
        UndoResult::Done | UndoResult::Gone(_) => Record::Undone { change },
        UndoResult::Failed(reason) => Record::UndoFailed {
            change,
            reason: reason.clone(),
        },
    };
    let _ = journal.append(record).await;
    result
}

async fn undo_by_trying(
    provider: &Arc<dyn Provider>,
    journal: &Arc<Journal>,
    change: &ChangeId,
) -> Result<(), ProviderError> {
    const ATTEMPTS: u32 = 3;
    let attempt = async || {
        let written = journal.calls_of(change);
        let ink = JournalInk::new(Arc::clone(journal), change.clone(), provider.place());
        provider.undo(change, &written, Arc::new(ink)).await
    };
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(ProviderError::Failed { .. } | ProviderError::Refused { .. }) => {
                tokio::time::sleep(BETWEEN_ATTEMPTS).await;
            }
            answer => return answer,
        }
    }
    attempt().await
}

/// The call's answer, or that it took too long.
async fn within<T>(
    limit: Duration,
    provider: &Arc<dyn Provider>,
    what: &str,
    call: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    timeout(limit, call).await.unwrap_or_else(|_| {
        Err(ProviderError::Failed {
            place: provider.place().to_string(),
            what: what.to_owned(),
            reason: format!("no answer within {} s", limit.as_secs_f64()),
        })
    })
}
