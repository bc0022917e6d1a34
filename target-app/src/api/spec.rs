//! What a stack is to consist of.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Autoscale, Cache, Confirm, DatabaseTime, DisruptionBudget, Millis};

/// What a stack is to consist of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StackSpec {
    /// The stack's name: unique among the stacks of this user on this machine.
    pub name: String,
    /// Availability zones, one to nine, in order; the database's primary starts in the first.
    pub zones: Vec<String>,
    /// Shop pods, spread over the zones in turn.
    pub replicas: u32,
    /// Task runner pods, spread over the zones in turn.
    pub task_runners: u32,
    /// Folder that holds `postgres`, `initdb` and `pg_basebackup`; searched for when absent.
    pub postgres_bin: Option<PathBuf>,
    /// How a commit travels to the standby.
    pub replication: Replication,
    /// How fast a failover is noticed and announced.
    pub failover: FailoverProfile,
    /// Products and customers that the shop is seeded with.
    pub products: u32,
    /// Customers `customer<N>@example.test`, N from 1, password `secret-<N>`.
    pub customers: u32,
    /// How the shop breaks its word on purpose; not at all unless told.
    pub mischief: Mischief,
    /// The version of the shop that is there at the start.
    pub version: String,
    /// More and fewer shop pods by what they have to do; none: always `replicas`.
    pub autoscale: Option<Autoscale>,
    /// How many shop pods may be gone of somebody's free will; none: any.
    pub disruption_budget: Option<DisruptionBudget>,
    /// What a request costs a shop pod: one of its `concurrency` slots for this long. Unless
    /// stated it costs what this machine makes of it.
    pub service_time: Option<Millis>,
    /// Requests that a pod works on at once; goes with `service_time`.
    pub concurrency: Option<u32>,
    /// What the work of a database server costs: one of its `database_concurrency` slots for this
    /// long.
    pub database_time: Option<DatabaseTime>,
    /// What a database server works on at once, whoever asks; goes with `database_time`.
    pub database_concurrency: Option<u32>,
    /// The only pod and the database are one server: the database's work takes the pod's slots.
    pub single_server: bool,
    /// Databases that orders are divided over, by customer: each a primary with its standby.
    pub order_shards: u32,
    /// Servers beside the pair that follow its primary, for pods to read from; never promoted.
    pub read_replicas: u32,
    /// How old what a read replica shows may be for it to be read from.
    pub replica_lag: Millis,
    /// Data centres: the zones of each. Users with the header `x-region` are routed to theirs.
    pub regions: BTreeMap<String, Vec<String>>,
    /// How long anything takes from one region to another, one way.
    pub distance: Option<Millis>,
    /// Pods keep what they read of the catalogue.
    pub cache: Option<Cache>,
    /// When an order's confirmation is written and sent.
    pub confirm: Confirm,
    /// What writing and sending one takes: of the pod's slots when it is done in the request, of
    /// the task runner's time otherwise.
    pub confirm_time: Option<Millis>,
    /// Whether the catalogue's search has its index. Without, every search reads every product:
    /// something to find and to mend.
    pub search_index: bool,
    /// The edge keeps static content and the catalogue's pages, as a CDN does.
    pub cdn: bool,
    /// Confirmations are sent by SMTP, to a sink of the stack that counts them.
    pub mail: bool,
    /// Shoppers, edge, pods and database speak TLS with each other, with certificates that the stack
    /// makes itself.
    pub tls: bool,
}

/// Defects that the shop is given on purpose, to see that a ledger or a rollback finds them. Each
/// pod counts the orders and requests that it gets itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mischief {
    /// Every so many-th order is acknowledged and not kept.
    pub drop_order: Option<u32>,
    /// Every so many-th order is placed twice under its key. The shop's tables then lack the
    /// unique index on keys, so a repeated key places another order as well.
    pub double_order: Option<u32>,
    /// This share of all requests, in parts per million, is answered 500. Probes are not among them.
    pub errors_ppm: Option<u32>,
    /// Every answer takes this much longer, in milliseconds. Probes are answered at once.
    pub delay_ms: Option<u64>,
}

impl Mischief {
    /// What it does, in words; none when the shop is honest.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let dropped = self
            .drop_order
            .map(|nth| format!("acknowledges 1 of {nth} orders without keeping it"));
        let doubled = self
            .double_order
            .map(|nth| format!("places 1 of {nth} orders twice"));
        let failed = self.errors_ppm.map(|ppm| {
            let percent = f64::from(ppm) / 1e4;
            format!("answers {percent} % of requests with an error")
        });
        let delayed = (self.delay_ms).map(|delay| format!("answers {delay} ms late"));
        let deeds: Vec<_> = [dropped, doubled, failed, delayed]
            .into_iter()
            .flatten()
            .collect();
        (!deeds.is_empty()).then(|| format!("a shop that {} on purpose", deeds.join(" and ")))
    }

    /// The same, and also answers as badly as `bad` does.
    #[must_use]
    pub fn answering_like(self, bad: Self) -> Self {
        Self {
            errors_ppm: bad.errors_ppm,
            delay_ms: bad.delay_ms,
            ..self
        }
    }
}

impl StackSpec {
    /// As people may see it.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let cache = self.cache.as_ref().map(Cache::without_secrets);
        Self {
            cache,
            ..self.clone()
        }
    }

    /// The region that a zone is in, where the stack has regions.
    #[must_use]
    pub fn region_of(&self, zone: &str) -> Option<&str> {
        let mut regions = self.regions.iter();
        let holds = |zones: &Vec<String>| zones.iter().any(|one| one == zone);
        regions.find_map(|(name, zones)| holds(zones).then_some(name.as_str()))
    }

    /// How shoppers come to the edge, and whoever asks a pod to the pod.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self.tls {
            true => "https",
            false => "http",
        }
    }

    /// How long anything takes between two zones, one way; nothing within a region.
    #[must_use]
    pub fn distance_between(&self, one: &str, other: &str) -> Option<Millis> {
        let (one, other) = (self.region_of(one)?, self.region_of(other)?);
        self.distance.filter(|_| one != other)
    }
}

impl Default for StackSpec {
    fn default() -> Self {
        Self {
            name: "default".into(),
            zones: vec!["a".into(), "b".into(), "c".into()],
            replicas: 3,
            task_runners: 1,
            postgres_bin: None,
            replication: Replication::Synchronous,
            failover: FailoverProfile::Fast,
            products: 2_000,
            customers: 2_000,
            mischief: Mischief::default(),
            version: "1".into(),
            autoscale: None,
            disruption_budget: None,
            service_time: None,
            concurrency: None,
            database_time: None,
            database_concurrency: None,
            single_server: false,
            read_replicas: 0,
            order_shards: 1,
            replica_lag: Millis::SECOND,
            regions: BTreeMap::new(),
            distance: None,
            cache: None,
            confirm: Confirm::default(),
            confirm_time: None,
            search_index: true,
            cdn: false,
            mail: false,
            tls: false,
        }
    }
}

/// How a commit travels from the primary to the standby.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replication {
    /// A commit is acknowledged when the standby has flushed it, as RDS Multi-AZ does.
    Synchronous,
    /// A commit is acknowledged by the primary alone: a crash may lose it.
    Asynchronous,
}

/// How fast a database failover is noticed, done and announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailoverProfile {
    /// As fast as this machine can: tens to hundreds of milliseconds.
    Fast,
    /// The durations of RDS: slow detection, an extra delay before promotion, a lagging name.
    Rds,
}
