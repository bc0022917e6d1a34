//! What happens in a stack, one event after the other.

use serde::{Deserialize, Serialize};

use super::Instant;

/// One entry of the control plane's own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// 1, 2, 3 …
    pub seq: u64,
    /// When.
    pub at: Instant,
    /// What happened.
    pub kind: EventKind,
    /// To whom: a pod, node, zone, link or change.
    pub subject: String,
    /// For people.
    pub detail: String,
}

/// What the control plane saw or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A change was accepted.
    ChangeAccepted,
    /// Its effect is complete: killed, hung, flipped, drained.
    ChangeEffective,
    /// It was undone.
    ChangeUndone,
    /// A process started.
    PodStarted,
    /// Its readiness probe succeeded for the first time, or again.
    PodReady,
    /// Its readiness probe fails.
    PodUnready,
    /// Its process ended.
    PodExited,
    /// The edge takes the pod back into rotation.
    EdgeTargetUp,
    /// The edge's health check takes the pod out of rotation.
    EdgeTargetDown,
    /// The primary was found dead.
    DatabaseDown,
    /// The old primary can no longer accept a write.
    DatabaseFenced,
    /// The standby accepts writes.
    DatabasePromoted,
    /// The endpoint leads to the new primary.
    DatabaseEndpointMoved,
    /// A new standby is being copied.
    DatabaseRebuildStarted,
    /// The standby has replayed a marker written after the change of roles.
    DatabaseStandbyCaughtUp,
    /// A read replica is being copied from the primary.
    ReplicaCopying,
    /// A read replica has caught up and is read from.
    ReplicaReady,
    /// A read replica is read from no more.
    ReplicaLost,
    /// Commits wait for the standby again.
    DatabaseSynchronous,
    /// The standby was lost; commits no longer wait for it.
    DatabaseDegraded,
    /// A zone changed its state.
    ZoneChanged,
    /// A link changed its mode.
    LinkChanged,
    /// The edge gives a version another share of the traffic.
    TrafficShifted,
    /// A rollout is taken back by itself: its rule held.
    RolloutRolledBack,
    /// Every pod is of the version that it is to be.
    RolloutDone,
    /// An app is to have another number of pods.
    Scaled,
    /// A disruption budget keeps pods that were asked to leave.
    EvictionRefused,
    /// The stack meets its specification (again).
    StackHealthy,
    /// Something went wrong that a person should see.
    Problem,
}
