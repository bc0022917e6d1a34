//! The database pair, its seed, and the one fixed address in front of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::events::EventLog;
use super::stages::Stages;
use super::supervisor::Message;
use crate::api::{self, EventKind, FailoverMode, FailoverProfile, StackSpec};
use crate::links::Link;
use crate::postgres::{Binaries, Error, Pair, PairConfig, Timing};
use crate::process::Failure;
use crate::service::database::DatabaseParams;
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
pub(super) struct DatabasePlan {
    pub(super) spec: StackSpec,
    pub(super) root: PathBuf,
    pub(super) zones: Vec<(String, IpAddr)>,
    /// Its address is not known yet.
    pub(super) access: DatabaseParams,
}

/// The pair's handle. Dropping it kills both servers.
pub(super) struct DatabaseHandle {
    /// The fixed address.
    endpoint: Link,
    target: watch::Receiver<Option<SocketAddr>>,
    pair: Option<Arc<Pair>>,
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
        let endpoint = Link::start("database", "clients", "database", near, target.clone())?;
        let starting = {
            let news = news.clone();
            tokio::spawn(async move {
                let heard = match start(plan, events, &stages).await {
                    Ok(pair) => {
                        let pair = Arc::new(pair);
                        tokio::spawn(follow(pair.endpoint(), lead));
                        DatabaseNews::Started(pair)
                    }
                    Err(failure) => DatabaseNews::Failed(failure),
                };
                // Nobody listens once the supervisor has ended.
                let _ = news.send(Message::Database(heard));
            })
        };
        Ok(Self {
            endpoint,
            target,
            pair: None,
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

    /// The link by which the standby follows.
    pub(super) fn replication_link(&self) -> Option<Arc<Link>> {
        self.pair.as_ref().and_then(|pair| pair.replication_link())
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
        let (done, news) = (call(pair), self.news.clone());
        tokio::spawn(async move {
            let done = done.await.map_err(|error| error.to_string());
            let _ = news.send(Message::Database(DatabaseNews::Done(asked, done)));
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
    let access = plan.access;
    let config = PairConfig {
        binaries,
        root: plan.root,
        zones: plan.zones,
        replication: plan.spec.replication,
        profile: plan.spec.failover,
        timing: Timing::of,
        database: access.name.clone(),
        user: access.user.clone(),
        password: access.password.reveal().to_owned(),
    };
    let pair = Pair::start(config, Arc::new(report))
        .await
        .map_err(|error| fails(format!("the database does not start: {error}")))?;
    stages.done("database: primary and standby in step");
    let primary = *pair.endpoint().borrow();
    let Some(primary) = primary else {
        return Err(fails("the database ended as soon as it had started".into()));
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
    stages.done("shop: tables made and filled");
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
