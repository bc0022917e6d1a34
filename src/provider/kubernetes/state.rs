//! The part of a cluster that we look at, as watches have it.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::owner::Key;
use super::trouble::Trouble;

/// Resources by namespace and name.
pub(super) type Table<K> = BTreeMap<Key, K>;

/// What watches have told so far.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) pods: Table<Pod>,
    pub(super) nodes: Table<Node>,
    pub(super) namespaces: Table<Namespace>,
    pub(super) slices: Table<EndpointSlice>,
    pub(super) deployments: Table<Deployment>,
    pub(super) replica_sets: Table<ReplicaSet>,
    pub(super) stateful_sets: Table<StatefulSet>,
    pub(super) daemon_sets: Table<DaemonSet>,
    pub(super) budgets: Table<PodDisruptionBudget>,
    pub(super) policies: Table<NetworkPolicy>,
    /// Watches that have not told everything yet.
    pub(super) awaited: BTreeSet<String>,
    /// Watches that we have no right to, and the server's words.
    pub(super) denied: BTreeMap<String, String>,
    /// The last trouble of any watch, until the server has answered again.
    pub(super) trouble: Option<(String, Trouble)>,
}

/// A kind of resource that is watched.
pub(super) trait Watched: Sized {
    /// Its table.
    fn table(state: &mut State) -> &mut Table<Self>;
    /// Drops what nobody looks at: real clusters have thousands of pods.
    fn trim(&mut self) {}
}

macro_rules! watched {
    ($($kind:ty => $table:ident),* $(,)?) => {
        $(impl Watched for $kind {
            fn table(state: &mut State) -> &mut Table<Self> {
                &mut state.$table
            }
            fn trim(&mut self) {
                self.metadata.managed_fields = None;
            }
        })*
    };
}

watched! {
    Pod => pods,
    Node => nodes,
    Namespace => namespaces,
    EndpointSlice => slices,
    Deployment => deployments,
    StatefulSet => stateful_sets,
    DaemonSet => daemon_sets,
    PodDisruptionBudget => budgets,
    NetworkPolicy => policies,
}

impl Watched for ReplicaSet {
    fn table(state: &mut State) -> &mut Table<Self> {
        &mut state.replica_sets
    }

    /// Only who owns it is asked.
    fn trim(&mut self) {
        self.metadata.managed_fields = None;
        self.spec = None;
        self.status = None;
    }
}
