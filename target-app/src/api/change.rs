//! What is asked of the control plane: one change of the infrastructure at a time.

use serde::{Deserialize, Serialize};

use super::{FailoverProfile, Instant, Mischief, RollbackRule, Strategy};

/// A change to make, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequest {
    /// The run that asks: its run folder's name.
    pub run: String,
    /// The fault's name in the scenario.
    pub fault: String,
    /// What to do.
    pub action: Action,
}

/// One thing done to the infrastructure. Targets are exact names: selectors are resolved by the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// SIGKILL, or SIGTERM and SIGKILL after `grace_ms`; the control plane starts replacements.
    KillPods {
        /// Pod names.
        pods: Vec<String>,
        /// Zero: SIGKILL at once.
        grace_ms: u64,
    },
    /// Ask pods to leave in good order. Refused with 429 when the disruption budget lets none of them
    /// go now: ask again. Once one may go, the others follow as the budget allows.
    EvictPods {
        /// Pod names.
        pods: Vec<String>,
        /// Those that the budget keeps for so long stay where they are.
        timeout_ms: u64,
    },
    /// SIGSTOP: the process keeps its sockets and answers nothing. Undone by SIGCONT. A liveness
    /// probe does not restart pods that were hung on purpose while the change is open.
    HangPods {
        /// Pod names.
        pods: Vec<String>,
    },
    /// Fail the database over to its standby.
    FailOverDatabase {
        /// Planned (fenced first) or a crash (the primary dies and has to be noticed).
        mode: FailoverMode,
        /// Instead of the stack's own profile.
        profile: Option<FailoverProfile>,
        /// Which database, where orders are divided over several; counted from 1, which is the one
        /// with all the rest.
        #[serde(default = "first")]
        shard: u32,
    },
    /// Move everything out of a zone in good order: the edge stops sending, pods finish and stop,
    /// replacements start in other zones, a primary there is failed over, a standby is moved.
    DrainZone {
        /// Zone name.
        zone: String,
    },
    /// The zone is gone: its links fall silent and its members are killed.
    OutageZone {
        /// Zone name.
        zone: String,
    },
    /// Every byte over these links takes this much longer.
    DelayLinks {
        /// Link names.
        links: Vec<String>,
        /// Added one way, in milliseconds; at least 1.
        delay_ms: u64,
        /// Uniform, plus or minus, in milliseconds.
        jitter_ms: u64,
    },
    /// Another version of the shop takes the place of the one that runs. Undone by bringing that one
    /// back in the same orderly way.
    Deploy {
        /// `shop`.
        app: String,
        /// 1 to 32 letters, digits, `.`, `_` and `-`; told in the header `x-version`.
        version: String,
        /// In which way.
        strategy: Strategy,
        /// What is wrong with it on purpose: how it answers. Nothing, unless told.
        #[serde(default)]
        bad: Mischief,
        /// When it is taken back without being asked to.
        #[serde(default)]
        rollback_when: Option<RollbackRule>,
    },
    /// Every pod of an app is replaced by one of the same kind, a few at a time: as many as may be
    /// beyond and short of the specified number by the rules of Kubernetes, a quarter each.
    RestartPods {
        /// `shop` or `task-runner`.
        app: String,
    },
}

/// How the primary goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailoverMode {
    /// The operator asks for it: fence, promote, flip.
    Planned,
    /// SIGKILL of the primary; detection is part of the outage.
    Crash,
}

/// Answer to a change: it was accepted and its first effect is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeReceipt {
    /// The id that the client chose.
    pub id: String,
    /// When it was accepted.
    pub accepted: Instant,
    /// How it will be undone, in words.
    pub undo: String,
}

/// A change that was made and not undone yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenChange {
    /// The id that the client chose.
    pub id: String,
    /// Who asked for what.
    pub request: ChangeRequest,
    /// When it was accepted.
    pub accepted: Instant,
}

fn first() -> u32 {
    1
}
