//! Keeps the edge running, tells it whom to ask, and hears from it who is healthy.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{mpsc, watch};

use super::certificates::Certificates;
use super::root;
use super::server::Refusal;
use super::supervisor::Message;
use crate::api::{ApiError, Purge, Purged};
use crate::edge::admin_api::{HealthEvent, Stats, Target};
use crate::edge::{CdnConfig, EdgeConfig, Regions};
use crate::process::{self, Child, Launch, Lifetime, Role};

/// Before trying again what failed.
const AGAIN: Duration = Duration::from_millis(100);
/// How long the edge's long poll may wait.
const POLL: Duration = Duration::from_secs(10);
/// Over loopback, to a process that does little else.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What happens to the edge.
#[derive(Debug)]
pub(super) enum EdgeNews {
    /// It runs and listens here.
    Started(SocketAddr),
    /// Its health checks let a target take part, or not.
    Health(HealthEvent),
    /// Its process ended, or never began; how, in words.
    Ended(String),
}

/// The keeper's handle. Dropping it ends the edge.
#[derive(Debug)]
pub(super) struct EdgeHandle {
    targets: watch::Sender<Vec<Target>>,
    view: EdgeView,
    keeper: tokio::task::JoinHandle<()>,
}

/// What can be asked about the edge. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct EdgeView {
    http: reqwest::Client,
    /// While it runs.
    admin: watch::Receiver<Option<SocketAddr>>,
    /// The list that it was last given.
    applied: watch::Receiver<Vec<Target>>,
}

impl EdgeHandle {
    /// Keeps an edge running; with `cdn` it keeps what is anybody's, with `certificates` it speaks
    /// TLS with shoppers and targets.
    pub(super) fn start(
        root: PathBuf,
        (cdn, regions): (bool, Option<Regions>),
        certificates: Option<Arc<Certificates>>,
        http: reqwest::Client,
        news: mpsc::UnboundedSender<Message>,
    ) -> Self {
        let (targets, wanted) = watch::channel(Vec::new());
        let (admin_sender, admin) = watch::channel(None);
        let (applied_sender, applied) = watch::channel(Vec::new());
        let keeper = Keeper {
            root,
            cdn: cdn.then(CdnConfig::default),
            regions,
            certificates,
            http: http.clone(),
            news,
            wanted,
            admin: admin_sender,
            applied: applied_sender,
        };
        Self {
            targets,
            view: EdgeView {
                http,
                admin,
                applied,
            },
            keeper: tokio::spawn(keeper.run()),
        }
    }

    /// The complete list of whom to ask; told to the edge if it differs from the last one.
    pub(super) fn set_targets(&self, targets: Vec<Target>) {
        self.targets.send_if_modified(|current| {
            let differs = *current != targets;
            if differs {
                *current = targets;
            }
            differs
        });
    }

    pub(super) fn view(&self) -> EdgeView {
        self.view.clone()
    }
}

impl Drop for EdgeHandle {
    fn drop(&mut self) {
        // The child goes with the task that holds it.
        self.keeper.abort();
    }
}

impl EdgeView {
    /// Where its metrics are, while it runs.
    pub(super) fn metrics_url(&self) -> Option<String> {
        let admin = *self.admin.borrow();
        admin.map(|admin| format!("http://{admin}/metrics"))
    }

    /// Resolves when the edge sends nothing new to `pod` and what it had sent is answered.
    pub(super) async fn drained(&mut self, pod: &str) {
        use crate::edge::admin_api::TargetState::Active;
        let stopped = |targets: &Vec<Target>| {
            !targets
                .iter()
                .any(|target| target.name == pod && target.state == Active)
        };
        if self.applied.wait_for(stopped).await.is_err() {
            return;
        }
        while self.in_flight(pod).await.is_none_or(|count| count > 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Has the edge forget what it keeps.
    pub(super) async fn purge(&self, purge: &Purge) -> Result<Purged, Refusal> {
        let silent = |why: String| {
            let error = format!("the edge does not purge its cache: {why}");
            Refusal::new(StatusCode::BAD_GATEWAY, error)
        };
        let admin = *self.admin.borrow();
        let admin = admin.ok_or_else(|| silent("it is not running".into()))?;
        let url = format!("http://{admin}/purge");
        let call = self.http.post(url).json(purge).timeout(TIMEOUT);
        let answer = call.send().await.map_err(|e| silent(e.to_string()))?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(|e| silent(e.to_string()));
        }
        let refused: ApiError = answer.json().await.map_err(|e| silent(e.to_string()))?;
        Err(Refusal::new(status, refused.error))
    }

    /// What the edge has counted; none while it does not run.
    pub(super) async fn stats(&self) -> Option<Stats> {
        let admin = (*self.admin.borrow())?;
        let url = format!("http://{admin}/stats");
        let answer = self.http.get(url).timeout(TIMEOUT).send().await.ok()?;
        answer.json().await.ok()
    }

    async fn in_flight(&self, pod: &str) -> Option<u64> {
        let stats = self.stats().await?;
        Some(stats.targets.get(pod).map_or(0, |t| t.counts.in_flight))
    }
}

struct Keeper {
    root: PathBuf,
    cdn: Option<CdnConfig>,
    regions: Option<Regions>,
    certificates: Option<Arc<Certificates>>,
    http: reqwest::Client,
    news: mpsc::UnboundedSender<Message>,
    wanted: watch::Receiver<Vec<Target>>,
    admin: watch::Sender<Option<SocketAddr>>,
    applied: watch::Sender<Vec<Target>>,
}

impl Keeper {
    async fn run(self) {
        let mut listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        loop {
            match self.spawn(listen).await {
                Ok(child) => {
                    // Shoppers know this address: the next edge has to have it too.
                    listen = child.ready().address;
                    let how = self.accompany(&child).await;
                    self.admin.send_replace(None);
                    self.tell(EdgeNews::Ended(how));
                }
                Err(error) => self.tell(EdgeNews::Ended(error.to_string())),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn spawn(&self, listen: SocketAddr) -> Result<Child, process::SpawnError> {
        let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let launch = Launch {
            role: Role::Edge,
            name: "edge",
            root: &self.root,
            log: root::logs(&self.root).join("edge.log"),
            lifetime: Lifetime::Bound,
        };
        let certificates = self.certificates.as_ref();
        let config = EdgeConfig {
            tls: Certificates::shown_by("edge", certificates)?,
            target_ca: certificates.map(|made| made.ca()),
            cdn: self.cdn.clone(),
            regions: self.regions.clone(),
            ..EdgeConfig::new(listen, admin)
        };
        process::spawn(launch, &config, |_| {}).await
    }

    /// Serves a running edge until its end; answers how it ended.
    async fn accompany(&self, child: &Child) -> String {
        let Some(admin) = child.ready().admin else {
            return "it has no admin address".into();
        };
        self.admin.send_replace(Some(admin));
        self.tell(EdgeNews::Started(child.ready().address));
        tokio::select! {
            status = child.wait() => {
                status.map_or_else(|| "ended".into(), |status| status.to_string())
            }
            () = self.keep_targets(admin) => "the supervisor is gone".into(),
            () = self.follow_health(admin) => "the supervisor is gone".into(),
        }
    }

    async fn keep_targets(&self, admin: SocketAddr) {
        let mut wanted = self.wanted.clone();
        wanted.mark_changed();
        while wanted.changed().await.is_ok() {
            let targets = wanted.borrow_and_update().clone();
            let url = format!("http://{admin}/targets");
            let call = self.http.put(url).json(&targets).timeout(TIMEOUT);
            match call
                .send()
                .await
                .and_then(reqwest::Response::error_for_status)
            {
                Ok(_) => {
                    self.applied.send_replace(targets);
                }
                Err(error) => {
                    tracing::warn!(%error, "the edge does not take its targets");
                    wanted.mark_changed();
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn follow_health(&self, admin: SocketAddr) {
        let mut after = 0;
        while !self.news.is_closed() {
            match self.health_after(admin, after).await {
                Ok(events) => {
                    for event in events {
                        after = event.seq;
                        self.tell(EdgeNews::Health(event));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the edge does not tell its health events");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn health_after(
        &self,
        admin: SocketAddr,
        after: u64,
    ) -> Result<Vec<HealthEvent>, reqwest::Error> {
        let wait = POLL.as_millis();
        let url = format!("http://{admin}/health-events?after={after}&wait_ms={wait}");
        let call = self.http.get(url).timeout(POLL + TIMEOUT);
        call.send().await?.error_for_status()?.json().await
    }

    fn tell(&self, news: EdgeNews) {
        // Nobody listens once the supervisor has ended, and this with it.
        let _ = self.news.send(Message::Edge(news));
    }
}
