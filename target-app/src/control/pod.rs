//! One pod's life: its links, its process, its probes.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::certificates::Certificates;
use super::database::ReplicaTarget;
use super::databases::DatabaseTarget;
use super::probe::{
    LIVE_FAILURES, LIVE_PERIOD, LIVE_TIMEOUT, Probe, READY_FAILURES, READY_PERIOD, START_PERIOD,
};
use super::release::Release;
use super::root;
use super::state;
use super::state::App;
use super::stated;
use super::supervisor::Message;
use crate::api::StackSpec;
use crate::links::Link;
use crate::process::{self, Child, Launch, Lifetime, Role};
use crate::service::Secret;
use crate::service::database::DatabaseParams;
use crate::shop::{ReplicaConfig, ShopConfig};
use crate::task_runner::TaskRunnerConfig;

/// What all pods of a stack have in common.
#[derive(Debug, Clone)]
pub(super) struct PodSettings {
    pub(super) root: PathBuf,
    /// Its address is replaced by that of the pod's own link.
    pub(super) database: DatabaseParams,
    pub(super) session_key: Secret,
    /// What the stack is to be.
    pub(super) spec: StackSpec,
    /// Where the databases are; the first is the only one unless orders are divided over several.
    pub(super) databases: Vec<DatabaseTarget>,
    /// The ways to read replicas.
    pub(super) replicas: Vec<ReplicaTarget>,
    /// Who vouches for pods, where they speak TLS.
    pub(super) certificates: Option<Arc<Certificates>>,
    /// Where mail is taken, and the URL of the books about it.
    pub(super) mail: Option<(watch::Receiver<Option<SocketAddr>>, String)>,
    pub(super) http: reqwest::Client,
    pub(super) news: mpsc::UnboundedSender<Message>,
}

/// What happens to a pod.
#[derive(Debug)]
pub(super) enum PodNews {
    /// Its process runs and listens.
    Started(Arc<Child>),
    /// Its readiness probe says so.
    Ready(bool),
    /// Its liveness probe fails again and again.
    Unlive,
    /// Its process ended, or never began; how, in words.
    Ended(String),
}

/// A pod's links, process and watcher. Dropping it ends all of them.
#[derive(Debug)]
pub(super) struct PodHandle {
    /// From the edge; task runners have none.
    pub(super) front: Option<Link>,
    /// To the databases, in their order, and for shop pods to read replicas after them.
    pub(super) databases: Vec<Link>,
    /// To the mail sink; only where there is one, and only of task runners.
    pub(super) post: Option<Link>,
    pub(super) child: Option<Arc<Child>>,
    front_target: watch::Sender<Option<SocketAddr>>,
    watcher: JoinHandle<()>,
    resumed: Cell<Option<Instant>>,
}

impl PodHandle {
    /// Opens the links and begins to start the process; the rest is heard as [`PodNews`].
    pub(super) fn start(settings: &PodSettings, pod: &state::Pod, ip: IpAddr) -> io::Result<Self> {
        let (name, app, zone) = (pod.name.as_str(), pod.app, pod.zone.as_str());
        let (front_target, target) = watch::channel(None);
        let front = match app {
            App::Shop => {
                let link = format!("edge->{name}");
                // The edge belongs to no zone: it listens where it runs.
                let near = IpAddr::from([127, 0, 0, 1]);
                Some(Link::start(link, "edge", zone, near, target)?)
            }
            App::TaskRunner => None,
        };
        let to = |to: &str, target: &watch::Receiver<Option<SocketAddr>>| {
            Link::start(format!("{name}->{to}"), zone, to, ip, target.clone())
        };
        let pairs = settings.databases.iter();
        let pairs = pairs.map(|pair| to(&pair.name, &pair.target));
        let pairs = pairs.collect::<io::Result<Vec<_>>>()?;
        let post = match (app, &settings.mail) {
            (App::TaskRunner, Some((target, _))) => Some(to("mail", target)?),
            _ => None,
        };
        let reads = match app {
            App::Shop => settings.replicas.iter(),
            App::TaskRunner => [].iter(),
        };
        let reads = reads.map(|replica| to(&replica.name, &replica.target));
        let reads = reads.collect::<io::Result<Vec<_>>>()?;
        let ways = settings.replicas.iter().zip(&reads);
        let life = Life {
            replicas: ways
                .map(|(replica, link)| stated::replica(&settings.spec, replica, link.address()))
                .collect(),
            settings: settings.clone(),
            name: name.to_owned(),
            app,
            zone: zone.to_owned(),
            release: pod.release.clone(),
            listen: SocketAddr::new(ip, 0),
            databases: pairs.iter().map(Link::address).collect(),
            smtp: post.as_ref().map(Link::address),
        };
        Ok(Self {
            front,
            databases: pairs.into_iter().chain(reads).collect(),
            post,
            child: None,
            front_target,
            watcher: tokio::spawn(life.run()),
            resumed: Cell::new(None),
        })
    }

    /// The process is there: the edge's link may lead to it.
    pub(super) fn set_child(&mut self, child: Arc<Child>) {
        self.front_target.send_replace(Some(child.ready().address));
        self.child = Some(child);
    }

    pub(super) fn links(&self) -> impl Iterator<Item = &Link> {
        let front = self.front.iter();
        front.chain(&self.databases).chain(&self.post)
    }

    /// SIGSTOP: it keeps its sockets and answers nothing.
    pub(super) fn hang(&self) {
        if let Some(child) = &self.child {
            child.stop();
        }
    }

    /// SIGCONT; nothing to a pod that runs.
    pub(super) fn resume(&self) {
        if let Some(child) = &self.child {
            child.cont();
            self.resumed.set(Some(Instant::now()));
        }
    }

    /// A probe that it failed may have been sent while it hung.
    pub(super) fn was_resumed_just_now(&self) -> bool {
        let resumed = self.resumed.get();
        resumed.is_some_and(|at| at.elapsed() < LIVE_PERIOD + 2 * LIVE_TIMEOUT)
    }

    /// SIGKILL. A pod whose process is still being started never gets one; the answer then says
    /// that nothing more will be heard of it.
    pub(super) fn kill(&self) -> bool {
        match &self.child {
            Some(child) => {
                child.kill();
                false
            }
            None => {
                self.watcher.abort();
                true
            }
        }
    }
}

impl Drop for PodHandle {
    fn drop(&mut self) {
        if let Some(child) = &self.child {
            child.kill();
        }
        self.watcher.abort();
    }
}

/// The watcher's own knowledge of the pod.
struct Life {
    settings: PodSettings,
    name: String,
    app: App,
    zone: String,
    release: Release,
    listen: SocketAddr,
    /// The near ends of its links to the databases.
    databases: Vec<SocketAddr>,
    /// That to the mail sink.
    smtp: Option<SocketAddr>,
    /// The near ends of its links to read replicas.
    replicas: Vec<ReplicaConfig>,
}

impl Life {
    async fn run(self) {
        match self.spawn().await {
            Ok(child) => {
                let child = Arc::new(child);
                self.tell(PodNews::Started(child.clone()));
                let (http, scheme) = (self.settings.http.clone(), self.settings.spec.scheme());
                let probe = Probe::new(http, scheme, child.ready().address);
                let status = tokio::select! {
                    status = child.wait() => status,
                    () = self.watch_readiness(&probe) => None,
                    () = self.watch_liveness(&probe) => None,
                };
                let how = status.map_or_else(|| "ended".into(), |status| status.to_string());
                self.tell(PodNews::Ended(how));
            }
            Err(error) => self.tell(PodNews::Ended(error.to_string())),
        }
    }

    async fn spawn(&self) -> Result<Child, process::SpawnError> {
        let settings = &self.settings;
        let database = DatabaseParams {
            address: self.databases[0].to_string(),
            ..settings.database.clone()
        };
        let launch = Launch {
            role: match self.app {
                App::Shop => Role::Shop,
                App::TaskRunner => Role::TaskRunner,
            },
            name: &self.name,
            root: &settings.root,
            log: root::logs(&settings.root).join(format!("{}.log", self.name)),
            lifetime: Lifetime::Bound,
        };
        let quiet = |_| {};
        let tls = Certificates::shown_by(&self.name, settings.certificates.as_ref())?;
        let (pod, zone, listen) = (&*self.name, &*self.zone, self.listen);
        let turnstile = settings.databases[0].turnstile;
        match self.app {
            App::Shop => {
                let key = settings.session_key.clone();
                let config = ShopConfig::new(pod, zone, listen, database, key);
                let config = ShopConfig {
                    version: self.release.version.clone(),
                    mischief: self.release.mischief,
                    mail_books: settings.mail.as_ref().map(|(_, url)| url.clone()),
                    replicas: self.replicas.clone(),
                    tls,
                    cache_prefix: root::name(&settings.root),
                    shards: stated::shards(self.shards()),
                    ..stated::shop(&settings.spec, turnstile, config)
                };
                process::spawn(launch, &config, quiet).await
            }
            App::TaskRunner => {
                let config = TaskRunnerConfig {
                    smtp: self.smtp.map(|address| address.to_string()),
                    tls,
                    ..TaskRunnerConfig::new(pod, zone, listen, database)
                };
                let config = TaskRunnerConfig {
                    shards: stated::queues(&settings.spec, self.shards()),
                    ..stated::task_runner(&settings.spec, turnstile, config)
                };
                process::spawn(launch, &config, quiet).await
            }
        }
    }

    /// The databases after the first, and the near ends of the links there.
    fn shards(&self) -> impl Iterator<Item = (&DatabaseTarget, SocketAddr)> {
        let pairs = self.settings.databases.iter();
        pairs.zip(self.databases.iter().copied()).skip(1)
    }

    /// Tells of every change between ready and not. Never returns.
    async fn watch_readiness(&self, probe: &Probe) {
        let (mut ready, mut was_ready, mut failures) = (false, false, 0);
        loop {
            if probe.is_ready().await {
                failures = 0;
                if !ready {
                    (ready, was_ready) = (true, true);
                    self.tell(PodNews::Ready(true));
                }
            } else {
                failures += 1;
                if ready && failures >= READY_FAILURES {
                    ready = false;
                    self.tell(PodNews::Ready(false));
                }
            }
            let period = if was_ready {
                READY_PERIOD
            } else {
                START_PERIOD
            };
            tokio::time::sleep(period).await;
        }
    }

    /// Tells of every failure from the last tolerated one on. Never returns.
    async fn watch_liveness(&self, probe: &Probe) {
        let mut failures = 0;
        loop {
            tokio::time::sleep(LIVE_PERIOD).await;
            if probe.is_alive().await {
                failures = 0;
            } else {
                failures += 1;
                if failures >= LIVE_FAILURES {
                    self.tell(PodNews::Unlive);
                }
            }
        }
    }

    fn tell(&self, news: PodNews) {
        // Nobody listens once the supervisor has ended, and this with it.
        let _ = self
            .settings
            .news
            .send(Message::Pod(self.name.clone(), news));
    }
}
