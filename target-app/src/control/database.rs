//! The database pair, its seed, and the one fixed address in front of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::databases;
use super::events::EventLog;
use super::stages::Stages;
use super::supervisor::Message;
use crate::api::{self, EventKind, FailoverMode, FailoverProfile, StackSpec};
use crate::links::Link;
use crate::postgres::{Binaries, Error, Pair, PairConfig, Timing};
use crate::process::Failure;
use crate::service::database::DatabaseParams;
use crate::service::slots::Slots;
use crate::service::tls::Issued;
use crate::service::turnstile::Turnstile;
use crate::shop::schema;

/// What is heard of the database.
pub(super) enum DatabaseNews {
    /// It runs and is filled.
    Started(Arc<Pair>),
    /// It does not start.
    Failed(Failure),
    /// What was asked of it is done, or is not, and why not.
    Done(Asked, Result<(), String>),
}

/// Why something was asked of the pair.
#[derive(Debug)]
pub(super) enum Asked {
    /// A change's failover.
    FailOver(String),
    /// A change that empties a zone, or takes it away.
    Zone(String),
    /// To get well.
    Repair,
}

/// What a pair is made of.
#[derive(Clone)]
pub(super) struct DatabasePlan {
    /// Which of the stack's it is, from 0.
    pub(super) index: usize,
    pub(super) spec: StackSpec,
    pub(super) root: PathBuf,
    pub(super) zones: Vec<(String, IpAddr)>,
    /// Its address is not known yet.
    pub(super) access: DatabaseParams,
    /// What its servers show, where connections are to be encrypted.
    pub(super) tls: Option<Issued>,
}

impl DatabasePlan {
    /// Only the first pair has read replicas.
    fn replicas(&self) -> u32 {
        match self.index {
            0 => self.spec.read_replicas,
            _ => 0,
        }
    }

    /// What its servers are called, without their numbers.
    fn servers(&self) -> String {
        match self.index {
            0 => "db".into(),
            index => format!("{}-db", databases::name(index)),
        }
    }
}

/// The pair's handle. Dropping it kills both servers.
pub(super) struct DatabaseHandle {
    /// The fixed address.
    endpoint: Link,
    target: watch::Receiver<Option<SocketAddr>>,
    /// Where pods share what it does at once, where that is stated.
    turnstile: Option<Turnstile>,
    replicas: Vec<ReplicaWay>,
    pair: Option<Arc<Pair>>,
    /// Which of the stack's it is, from 0.
    index: usize,
    starting: JoinHandle<()>,
    news: mpsc::UnboundedSender<Message>,
}

impl DatabaseHandle {
    /// Opens the endpoint and begins to start the pair behind it; the rest is heard as
    /// [`DatabaseNews`].
    pub(super) fn start(
        plan: DatabasePlan,
        events: Arc<EventLog>,
        stages: Stages,
        news: mpsc::UnboundedSender<Message>,
    ) -> std::io::Result<Self> {
        let (lead, target) = watch::channel(None);
        let near = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (index, name) = (plan.index, databases::name(plan.index));
        let endpoint = Link::start(name.clone(), "clients", name, near, target.clone())?;
        let stated = plan.spec.database_concurrency;
        let turnstile = stated
            .map(|count| Turnstile::open(near, Slots::new(count)))
            .transpose()?;
        let (replica_leads, replicas) = replica_ways(plan.replicas(), stated)?;
        let starting = {
            let news = news.clone();
            tokio::spawn(async move {
                let heard = match start(plan, events, &stages).await {
                    Ok(pair) => {
                        let pair = Arc::new(pair);
                        tokio::spawn(follow(pair.endpoint(), lead));
                        let endpoints = pair.replica_endpoints().into_iter();
                        for (endpoint, lead) in endpoints.zip(replica_leads) {
                            tokio::spawn(follow(endpoint, lead));
                        }
                        DatabaseNews::Started(pair)
                    }
                    Err(failure) => DatabaseNews::Failed(failure),
                };
                // Nobody listens once the supervisor has ended.
                let _ = news.send(Message::Database(index, heard));
            })
        };
        Ok(Self {
            endpoint,
            target,
            turnstile,
            replicas,
            pair: None,
            index,
            starting,
            news,
        })
    }

    /// The fixed address.
    pub(super) fn endpoint(&self) -> SocketAddr {
        self.endpoint.address()
    }

    /// Where it leads: for pods' links, which thereby spare themselves one relay.
    pub(super) fn target(&self) -> watch::Receiver<Option<SocketAddr>> {
        self.target.clone()
    }

    /// Where pods share what it does at once.
    pub(super) fn turnstile(&self) -> Option<SocketAddr> {
        self.turnstile.as_ref().map(Turnstile::address)
    }

    /// The ways to read replicas, in their order.
    pub(super) fn replicas(&self) -> Vec<ReplicaTarget> {
        self.replicas.iter().map(ReplicaWay::target).collect()
    }

    /// The links by which standby and read replicas follow the primary.
    pub(super) fn replication_links(&self) -> Vec<Arc<Link>> {
        let Some(pair) = &self.pair else {
            return Vec::new();
        };
        let links = pair.replication_link().into_iter();
        links.chain(pair.replica_links()).collect()
    }

    pub(super) fn set_pair(&mut self, pair: Arc<Pair>) {
        self.pair = Some(pair);
    }

    /// As the pair says now; `None` until it has started.
    pub(super) fn describe(&self) -> Option<api::Database> {
        self.pair.as_ref().map(|pair| pair.describe())
    }

    /// What keeps the pair from being redundant, in words.
    pub(super) fn trouble(&self) -> Option<String> {
        self.pair.as_ref().and_then(|pair| pair.trouble())
    }

    /// Fails over; done when the endpoint leads to the former standby.
    pub(super) fn fail_over(
        &self,
        change: String,
        mode: FailoverMode,
        profile: Option<FailoverProfile>,
    ) {
        self.ask(Asked::FailOver(change), async move |pair| {
            pair.fail_over(mode, profile).await
        });
    }

    /// Moves everything out of a zone; done when nothing is left there.
    pub(super) fn leave_zone(&self, change: String, zone: String) {
        self.ask(Asked::Zone(change), async move |pair| {
            pair.leave_zone(&zone).await
        });
    }

    /// Kills what is in a zone and keeps out of it.
    pub(super) fn lose_zone(&self, change: String, zone: String) {
        self.ask(Asked::Zone(change), async move |pair| {
            pair.lose_zone(&zone).await
        });
    }

    /// The zone may be used again.
    pub(super) fn regain_zone(&self, zone: String) {
        self.ask(Asked::Repair, async move |pair| {
            pair.zone_returned(&zone).await
        });
    }

    /// Builds what is missing, without waiting for the next attempt.
    pub(super) fn repair(&self) {
        self.ask(Asked::Repair, async move |pair| pair.repair().await);
    }

    fn ask<F>(&self, asked: Asked, call: impl FnOnce(Arc<Pair>) -> F)
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let Some(pair) = self.pair.clone() else {
            return;
        };
        let (done, index, news) = (call(pair), self.index, self.news.clone());
        tokio::spawn(async move {
            let done = done.await.map_err(|error| error.to_string());
            let news_of_it = DatabaseNews::Done(asked, done);
            let _ = news.send(Message::Database(index, news_of_it));
        });
    }

    /// Ends both servers.
    pub(super) async fn stop(self) {
        self.starting.abort();
        if let Some(pair) = &self.pair {
            pair.stop().await;
        }
    }
}

/// How pods get to a read replica.
#[derive(Debug, Clone)]
pub(super) struct ReplicaTarget {
    /// Its name: `replica-1`.
    pub(super) name: String,
    /// Where it is now.
    pub(super) target: watch::Receiver<Option<SocketAddr>>,
    /// Where pods share what it does at once.
    pub(super) turnstile: Option<SocketAddr>,
}

/// The way to a read replica, and its slots.
struct ReplicaWay {
    name: String,
    target: watch::Receiver<Option<SocketAddr>>,
    turnstile: Option<Turnstile>,
}

impl ReplicaWay {
    fn target(&self) -> ReplicaTarget {
        ReplicaTarget {
            name: self.name.clone(),
            target: self.target.clone(),
            turnstile: self.turnstile.as_ref().map(Turnstile::address),
        }
    }
}

type Lead = watch::Sender<Option<SocketAddr>>;

fn replica_ways(count: u32, slots: Option<u32>) -> std::io::Result<(Vec<Lead>, Vec<ReplicaWay>)> {
    let near = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut ways = (Vec::new(), Vec::new());
    for number in 1..=count {
        let turnstile = slots
            .map(|count| Turnstile::open(near, Slots::new(count)))
            .transpose()?;
        let (lead, target) = watch::channel(None);
        ways.0.push(lead);
        ways.1.push(ReplicaWay {
            name: format!("replica-{number}"),
            target,
            turnstile,
        });
    }
    Ok(ways)
}

/// Starts the pair, then fills it.
async fn start(
    plan: DatabasePlan,
    events: Arc<EventLog>,
    stages: &Stages,
) -> Result<Pair, Failure> {
    let chosen = plan.spec.postgres_bin.clone();
    let binaries = Binaries::find(chosen.as_deref()).map_err(|error| Failure {
        error: error.to_string(),
        usage: true,
    })?;
    let fails = |error: String| Failure {
        error,
        usage: false,
    };
    let report = move |kind: EventKind, subject: &str, detail: &str| {
        events.add(kind, subject, detail);
    };
    let (replicas, servers) = (plan.replicas(), plan.servers());
    let name = databases::name(plan.index);
    let access = plan.access;
    let config = PairConfig {
        binaries,
        root: plan.root,
        servers,
        zones: plan.zones,
        replication: plan.spec.replication,
        profile: plan.spec.failover,
        timing: Timing::of,
        read_replicas: replicas,
        database: access.name.clone(),
        user: access.user.clone(),
        password: access.password.reveal().to_owned(),
        tls: plan.tls,
    };
    let pair = Pair::start(config, Arc::new(report))
        .await
        .map_err(|error| fails(format!("the {name} does not start: {error}")))?;
    stages.done(&format!("{name}: primary and standby in step"));
    let primary = *pair.endpoint().borrow();
    let Some(primary) = primary else {
        return Err(fails(format!("the {name} ended as soon as it had started")));
    };
    let access = DatabaseParams {
        address: primary.to_string(),
        ..access
    };
    let StackSpec {
        products,
        customers,
        mischief,
        search_index,
        order_shards,
        ..
    } = plan.spec;
    schema::install(&access, products, customers)
        .await
        .map_err(|error| fails(error.to_string()))?;
    if mischief.double_order.is_some() {
        schema::allow_double_keys(&access)
            .await
            .map_err(|error| fails(error.to_string()))?;
    }
    if !search_index {
        schema::drop_search_index(&access)
            .await
            .map_err(|error| fails(error.to_string()))?;
    }
    if order_shards > 1 {
        let index = u32::try_from(plan.index).unwrap_or(u32::MAX);
        schema::share_numbers(&access, index, order_shards)
            .await
            .map_err(|error| fails(error.to_string()))?;
    }
    stages.done(&match plan.index {
        0 => "shop: tables made and filled".into(),
        _ => format!("shop: tables of {name} made and filled"),
    });
    Ok(pair)
}

/// Passes on where the pair's endpoint leads.
async fn follow(
    mut endpoint: watch::Receiver<Option<SocketAddr>>,
    lead: watch::Sender<Option<SocketAddr>>,
) {
    loop {
        let target = *endpoint.borrow_and_update();
        lead.send_replace(target);
        if endpoint.changed().await.is_err() {
            return;
        }
    }
}
