//! The control plane's process, from its configuration to its last trace.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::auth;
use super::certificates::Certificates;
use super::database::DatabasePlan;
use super::databases::Databases;
use super::edge::EdgeHandle;
use super::events::EventLog;
use super::handle::{Files, Registration};
use super::journal::Journal;
use super::mail::MailSink;
use super::outlook::{Outlook, View};
use super::pod::PodSettings;
use super::root;
use super::server::{self, Context};
use super::spec;
use super::stages::Stages;
use super::state::State;
use super::stated;
use super::supervisor::{Message, Supervisor, Tools};
use crate::api::{RedisUrl, StackHandle, StackSpec};
use crate::process::{
    Announcement, Failure, Ready, Trigger, announce, follow_parent, follow_signals,
};
use crate::service::Secret;
use crate::service::database::DatabaseParams;
use crate::service::tls::TlsError;

/// A stack that is not healthy by then will not be.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long the database may take to end; what is left then is swept.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What the control plane is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlConfig {
    /// The stack to run.
    pub spec: StackSpec,
    /// Its folder, which is not there yet.
    pub root: PathBuf,
    /// Whether it ends with its parent, for as long as it lives and not only while it starts.
    pub attached: bool,
}

/// Runs a stack until it is asked to stop, and leaves nothing behind. How the start went is
/// announced on stdout.
pub async fn run(config: ControlConfig) {
    let stages = Stages::begin();
    let registered = register(&config);
    let registration = match registered {
        Ok(registration) => Arc::new(registration),
        Err(failure) => return announce(&Announcement::Failed(failure)),
    };
    let failure = live(config, stages, &registration).await.err();
    // Sweeping blocks for some milliseconds, and there is nothing else to do any more.
    let cleared = tokio::task::spawn_blocking(move || registration.clear());
    if let Err(error) = cleared.await {
        tracing::error!(%error, "sweeping up failed");
    }
    if let Some(failure) = failure {
        announce(&Announcement::Failed(failure));
    }
}

fn register(config: &ControlConfig) -> Result<Registration, Failure> {
    if let Some(objection) = spec::objection(&config.spec) {
        return Err(Failure {
            error: objection,
            usage: true,
        });
    }
    let files = Files::of(&config.spec.name).map_err(usage)?;
    let registration = files.register(&config.root).map_err(usage)?;
    root::make(&config.root).map_err(defect)?;
    Ok(registration)
}

/// From the folder to the end.
async fn live(
    config: ControlConfig,
    stages: Stages,
    registration: &Registration,
) -> Result<(), Failure> {
    let (trigger, mut stop) = Trigger::new();
    let trigger = Arc::new(trigger);
    let mut parent = follow_parent();
    let mut signals = follow_signals().map_err(defect)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.map_err(|error| Failure {
        error: format!("no port is free on 127.0.0.1 for the control plane: {error}"),
        usage: false,
    })?;
    let address = listener.local_addr().map_err(defect)?;
    let state = State::new(config.spec.clone());
    let certificates = certificates(&config, &state).map_err(defect)?;
    let handle = StackHandle {
        name: config.spec.name.clone(),
        control_url: format!("http://{address}"),
        token: auth::new_token(),
        ca: certificates.as_ref().map(|made| made.ca()),
        pid: std::process::id(),
    };

    let events = Arc::new(EventLog::new());
    let (news, inbox) = mpsc::unbounded_channel();
    let (outlook, view) = Outlook::new();
    let context = Context {
        token: handle.token.as_str().into(),
        events: events.clone(),
        supervisor: news.clone(),
        stop: trigger.clone(),
    };
    // Before anything is started: who has mistyped its address need not wait for a database.
    if let Some(redis) = shared_cache(&config.spec) {
        crate::shop::reach(redis).await.map_err(usage)?;
    }
    let mail = match config.spec.mail {
        true => Some(MailSink::start(&config.root).await.map_err(defect)?),
        false => None,
    };
    let wires = Wires {
        events,
        news,
        inbox,
        outlook,
        metrics_url: format!("{}/metrics", handle.control_url),
    };
    let parts = (state, certificates, mail);
    let supervisor = supervisor(&config, stages, parts, wires).map_err(defect)?;
    let supervising = tokio::spawn(supervisor.run(stop.clone()));
    let serving = tokio::spawn(server::serve(listener, context, stop.clone()));

    let started = tokio::select! {
        started = start(view, stages) => started,
        () = stop.requested() => Ok(false),
        () = parent.requested() => Ok(false),
        () = signals.requested() => Ok(false),
    };
    let lived = match started {
        Ok(true) => publish(registration, &handle).map(|path| {
            announce(&Announcement::Ready(Ready {
                handle: Some(path),
                ..Ready::at(address)
            }));
        }),
        Ok(false) => Err(Failure {
            error: "stopped while it was starting".into(),
            usage: false,
        }),
        Err(failure) => Err(failure),
    };
    if lived.is_ok() {
        tokio::select! {
            () = stop.requested() => tracing::info!("stopping: asked to by a client"),
            () = parent.requested(), if config.attached => tracing::info!("stopping: the tool is gone"),
            () = signals.requested() => tracing::info!("stopping: asked to by a signal"),
        }
    }
    trigger.pull();
    if let Ok(databases) = supervising.await
        && timeout(STOP_LIMIT, databases.stop()).await.is_err()
    {
        tracing::warn!("the database does not end in good order: sweeping it");
    }
    let _ = serving.await;
    lived
}

fn shared_cache(spec: &StackSpec) -> Option<&RedisUrl> {
    spec.cache.as_ref()?.redis.as_ref()
}

/// What the supervisor hears and tells by.
struct Wires {
    events: Arc<EventLog>,
    news: mpsc::UnboundedSender<Message>,
    inbox: mpsc::UnboundedReceiver<Message>,
    outlook: Outlook,
    metrics_url: String,
}

fn supervisor(
    config: &ControlConfig,
    stages: Stages,
    (state, certificates, mail): (State, Option<Arc<Certificates>>, Option<MailSink>),
    wires: Wires,
) -> std::io::Result<Supervisor> {
    let Wires {
        events,
        news,
        inbox,
        outlook,
        metrics_url,
    } = wires;
    let access = DatabaseParams {
        address: String::new(),
        user: "shop".into(),
        password: Secret::from(auth::new_token()),
        name: "shop".into(),
        ca: certificates.as_ref().map(|made| made.ca()),
    };
    let zones = config.spec.zones.iter();
    let plan = DatabasePlan {
        index: 0,
        spec: config.spec.clone(),
        root: config.root.clone(),
        zones: zones
            .filter_map(|zone| Some((zone.clone(), state.zone_address(zone)?)))
            .collect(),
        access: access.clone(),
        tls: certificates
            .as_ref()
            .map(|made| made.issue("database"))
            .transpose()
            .map_err(std::io::Error::other)?,
    };
    let databases = Databases::start(&plan, &events, stages, &news)?;
    let http = http(certificates.as_deref()).map_err(std::io::Error::other)?;
    let tools = Tools {
        edge: EdgeHandle::start(
            config.root.clone(),
            (config.spec.cdn, stated::edge(&config.spec)),
            certificates.clone(),
            http.clone(),
            news.clone(),
        ),
        pods: PodSettings {
            root: config.root.clone(),
            database: access,
            session_key: Secret::from(auth::new_token()),
            spec: config.spec.clone(),
            databases: databases.targets(),
            replicas: databases.first().replicas(),
            certificates,
            mail: mail.as_ref().map(|sink| (sink.smtp(), sink.url())),
            http,
            news,
        },
        databases,
        mail,
        events,
        journal: journal(&config.root)?,
        inbox,
        outlook,
        metrics_url,
    };
    Ok(Supervisor::new(state, tools))
}

/// What pods vouch for themselves by, where the stack is to have TLS.
fn certificates(
    config: &ControlConfig,
    state: &State,
) -> Result<Option<Arc<Certificates>>, TlsError> {
    if !config.spec.tls {
        return Ok(None);
    }
    let zones = config.spec.zones.iter();
    let zones = zones.filter_map(|zone| state.zone_address(zone));
    let made = Certificates::make(&config.root, &config.spec.name, zones)?;
    Ok(Some(Arc::new(made)))
}

/// Asks edge and pods, and trusts nobody outside of the stack.
fn http(certificates: Option<&Certificates>) -> Result<reqwest::Client, reqwest::Error> {
    // Loopback has no proxy, whatever the environment says of the world outside.
    let mut builder = reqwest::Client::builder().no_proxy();
    if let Some(certificates) = certificates {
        let ca = reqwest::Certificate::from_pem(certificates.authority().as_bytes())?;
        builder = builder.tls_certs_only([ca]);
    }
    builder.build()
}

fn journal(root: &Path) -> std::io::Result<Journal> {
    Journal::create(root)
}

/// Waits until the stack is healthy.
async fn start(mut view: watch::Receiver<View>, stages: Stages) -> Result<bool, Failure> {
    let decided = timeout(START_LIMIT, view.wait_for(View::is_decided)).await;
    let decided = decided.map(|found| found.map(|view| view.clone()));
    let found = match decided {
        Ok(Ok(view)) => view,
        Ok(Err(_)) => return Ok(false),
        Err(_) => {
            let problems = view.borrow().problems.clone().unwrap_or_default();
            return Err(Failure {
                error: format!(
                    "the stack was not healthy after {START_LIMIT:?}: {}",
                    problems.join("; ")
                ),
                usage: false,
            });
        }
    };
    match found.fatal {
        Some(failure) => Err(failure),
        None => {
            stages.done("healthy");
            Ok(true)
        }
    }
}

fn publish(registration: &Registration, handle: &StackHandle) -> Result<PathBuf, Failure> {
    registration.publish(handle).map_err(defect)
}

fn usage(error: impl std::fmt::Display) -> Failure {
    Failure {
        error: error.to_string(),
        usage: true,
    }
}

fn defect(error: impl std::fmt::Display) -> Failure {
    Failure {
        error: error.to_string(),
        usage: false,
    }
}
