//! The one task that owns the [`State`]: it hears what happens, decides, and sets others to work.
//! It never waits itself, so that it can be asked at any time how the stack is.

mod apply;
mod pods;
mod roles;
mod rollouts;
mod scaling;
mod status;
mod undo;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::database::DatabaseNews;
use super::databases::Databases;
use super::edge::{EdgeHandle, EdgeNews};
use super::events::EventLog;
use super::journal::Journal;
use super::mail::MailSink;
use super::outlook::Outlook;
use super::pod::{PodHandle, PodNews, PodSettings};
use super::problems;
use super::server::Refusal;
use super::state::{App, State};
use crate::api::{
    ChangeReceipt, ChangeRequest, EventKind, LinkMode, Millis, PodState, Purge, Purged,
    StackStatus, ZoneState,
};
use crate::edge::admin_api::Stats;
use crate::links::Link;
use crate::process::Shutdown;

use scaling::Scaling;
pub(super) use scaling::Seen;
use undo::Waiter;

/// How often the world is looked at when nothing is heard of it: what waits for a time waits at
/// most this much longer.
const TICK: Duration = Duration::from_millis(50);

/// What the supervisor hears.
pub(super) enum Message {
    /// How is the stack?
    Status(oneshot::Sender<StackStatus>),
    /// Make a change.
    Change {
        id: String,
        request: ChangeRequest,
        answer: oneshot::Sender<Result<ChangeReceipt, Refusal>>,
    },
    /// Undo a change.
    Undo {
        id: String,
        answer: oneshot::Sender<Result<(), Refusal>>,
    },
    /// Have the edge forget what it keeps.
    Purge {
        purge: Purge,
        answer: oneshot::Sender<Result<Purged, Refusal>>,
    },
    /// Undo everything.
    Recover(oneshot::Sender<Result<(), Refusal>>),
    /// From a pod's watcher.
    Pod(String, PodNews),
    /// From the edge's keeper.
    Edge(EdgeNews),
    /// From the keeper of a database, counted from 0.
    Database(usize, DatabaseNews),
    /// What the edge has counted.
    Traffic(Stats),
    /// What pods had to do.
    Usage(Seen),
}

/// What the supervisor works with.
pub(super) struct Tools {
    pub(super) edge: EdgeHandle,
    pub(super) databases: Databases,
    pub(super) mail: Option<MailSink>,
    pub(super) pods: PodSettings,
    pub(super) events: Arc<EventLog>,
    pub(super) journal: Journal,
    pub(super) inbox: mpsc::UnboundedReceiver<Message>,
    pub(super) outlook: Outlook,
    /// Where the control plane's own metrics are.
    pub(super) metrics_url: String,
}

/// The owner of the state.
pub(super) struct Supervisor {
    state: State,
    tools: Tools,
    pods: HashMap<String, PodHandle>,
    waiters: Vec<Waiter>,
    /// Starts in a row that came to nothing, for each app.
    failed_starts: BTreeMap<App, u32>,
    /// When the edge was last asked for its numbers.
    traffic_asked: Option<tokio::time::Instant>,
    scaling: Scaling,
    /// What was last reported, so that only differences are events.
    reported: Reported,
}

#[derive(Debug, Default)]
struct Reported {
    zones: BTreeMap<String, ZoneState>,
    healthy: bool,
}

impl Supervisor {
    pub(super) fn new(state: State, tools: Tools) -> Self {
        Self {
            state,
            tools,
            pods: HashMap::new(),
            waiters: Vec::new(),
            failed_starts: BTreeMap::new(),
            traffic_asked: None,
            scaling: Scaling::default(),
            reported: Reported::default(),
        }
    }

    /// Supervises until `shutdown`; then the pods and the edge are ended, and the databases are
    /// handed back to be.
    pub(super) async fn run(mut self, mut shutdown: Shutdown) -> Databases {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.reconcile();
            tokio::select! {
                () = shutdown.requested() => break,
                heard = self.tools.inbox.recv() => match heard {
                    Some(message) => self.hear(message),
                    None => break,
                },
                _ = tick.tick() => {}
            }
        }
        self.tools.databases
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Status(answer) => {
                // Whoever asked may have gone.
                let _ = answer.send(self.status());
            }
            Message::Change {
                id,
                request,
                answer,
            } => {
                let _ = answer.send(self.accept(&id, &request));
            }
            Message::Undo { id, answer } => self.undo(&id, answer),
            Message::Purge { purge, answer } => {
                let edge = self.tools.edge.view();
                tokio::spawn(async move { answer.send(edge.purge(&purge).await) });
            }
            Message::Recover(answer) => self.recover(answer),
            Message::Pod(name, news) => self.hear_pod(&name, news),
            Message::Edge(news) => self.hear_edge(news),
            Message::Database(index, news) => self.hear_database(index, news),
            Message::Traffic(stats) => self.hear_traffic(&stats),
            Message::Usage(seen) => self.hear_usage(seen),
        }
    }

    /// Compares what is with what ought to be, and does what brings the two together.
    fn reconcile(&mut self) {
        self.look_at_database();
        self.look_at_mail();
        self.report_zones();
        self.advance_rollouts();
        self.look_at_usage();
        self.place_pods();
        self.evict();
        self.forget_gone_pods();
        self.set_links();
        self.tell_edge();
        self.notice_effects();
        self.notice_undone();
        self.report_health();
    }

    fn look_at_mail(&mut self) {
        let mail = self.tools.mail.as_ref();
        self.state.mail_lost = mail.is_some_and(|sink| !sink.is_running());
    }

    fn report_zones(&mut self) {
        for zone in &self.state.spec.zones {
            let state = self.state.zone_state(zone);
            let before = self.reported.zones.insert(zone.clone(), state);
            if before.is_some_and(|before| before != state) {
                let detail = match state {
                    ZoneState::Up => "takes part",
                    ZoneState::Drained => "is being drained",
                    ZoneState::Out => "is out",
                };
                let detail = format!("zone {zone} {detail}");
                self.tools.events.add(EventKind::ZoneChanged, zone, detail);
            }
        }
    }

    /// Every link does what the open changes make of it.
    fn set_links(&self) {
        for pod in &self.state.pods {
            let Some(handle) = self.pods.get(&pod.name) else {
                continue;
            };
            for link in &handle.databases {
                self.set_link(link, self.state.database_zone(&link.describe().to));
            }
            if let Some(post) = &handle.post {
                self.set_link(post, None);
            }
            if let Some(front) = &handle.front {
                let unreachable = self.state.zone_state(&pod.zone) == ZoneState::Out;
                if pod.state == PodState::Gone && !unreachable {
                    // The machine it ran on is there, and says that nobody listens.
                    front.set(LinkMode::Refuse);
                } else {
                    self.set_link(front, None);
                }
            }
        }
        for link in self.tools.databases.replication_links() {
            self.set_link(&link, None);
        }
    }

    /// A link does what the open changes make of it; `to` is where it ends, if that moves.
    fn set_link(&self, link: &Link, to: Option<&str>) {
        let now = link.describe();
        let to = to.unwrap_or(&now.to);
        let mode = self.state.changes.link_mode(&now.name, &now.from, to);
        let mode = farther(mode, self.state.spec.distance_between(&now.from, to));
        if mode != now.mode {
            link.set(mode);
            let words = problems::link_in_words(mode).unwrap_or_else(|| "passes".into());
            self.tools
                .events
                .add(EventKind::LinkChanged, now.name, words);
        }
    }

    fn report_health(&mut self) {
        let found = problems::find(&self.state);
        let healthy = found.is_empty();
        if healthy && !self.reported.healthy {
            let name = self.state.spec.name.clone();
            let detail = "the stack meets its specification";
            self.tools.events.add(EventKind::StackHealthy, name, detail);
        }
        self.reported.healthy = healthy;
        let words = found.into_iter().map(|problem| problem.text);
        self.tools.outlook.set_problems(words.collect());
    }
}

/// What a link does whose ends are that far apart.
fn farther(mode: LinkMode, distance: Option<Millis>) -> LinkMode {
    let Some(distance) = distance else {
        return mode;
    };
    let distance = u64::from(distance.get());
    match mode {
        LinkMode::Pass => LinkMode::Delay {
            delay_ms: distance,
            jitter_ms: 0,
        },
        LinkMode::Delay {
            delay_ms,
            jitter_ms,
        } => LinkMode::Delay {
            delay_ms: delay_ms + distance,
            jitter_ms,
        },
        other => other,
    }
}
