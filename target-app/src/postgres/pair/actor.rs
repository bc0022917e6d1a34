//! The task that owns the pair: it watches, and makes every change.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Error;
use super::changes::Command;
use super::detect::{Detector, Timing, loss};
use super::events::Events;
use super::node::Node;
use super::rebuild::Source;
use super::replica::Lead;
use super::standby::Building;
use super::state::{State, entry, rebuilding};
use crate::api::{Database, DatabaseRole, EventKind, FailoverProfile, Replication};
use crate::postgres::kit::Kit;
use crate::process::Shutdown;

/// Between two looks at the primary and its standby.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Before trying again what failed.
const BACK_OFF: Duration = Duration::from_secs(1);

pub(super) struct Actor {
    pub(super) kit: Arc<Kit>,
    pub(super) replication: Replication,
    pub(super) profile: FailoverProfile,
    pub(super) timing: fn(FailoverProfile) -> Timing,
    pub(super) events: Arc<dyn Events>,
    pub(super) inbox: mpsc::Receiver<Command>,
    /// Changes that need the standby which is being rebuilt.
    pub(super) deferred: VecDeque<Command>,
    pub(super) endpoint: watch::Sender<Option<SocketAddr>>,
    pub(super) state: watch::Sender<State>,
    /// The primary, for read replicas; none while it is down.
    pub(super) lead: watch::Sender<Option<Lead>>,
    pub(super) primary: Node,
    /// The primary was found dead and nothing has taken its place yet.
    pub(super) down: bool,
    pub(super) standby: Option<Node>,
    /// Commits wait for `standby`.
    pub(super) synchronous: bool,
    /// Commits may still wait for a standby that was given up.
    pub(super) unreleased: bool,
    /// `standby` has replayed a marker written after the last change of roles.
    pub(super) redundant: bool,
    pub(super) detector: Detector,
    /// Zones that nothing may be placed in.
    pub(super) closed: BTreeSet<String>,
    /// Where a standby was before it was lost.
    pub(super) preferred: Option<String>,
    pub(super) numbers: u32,
    pub(super) work: JoinSet<Result<Node, Error>>,
    pub(super) building: Option<Building>,
    pub(super) retry_at: Instant,
    pub(super) trouble: Option<String>,
    pub(super) rubbish: JoinSet<Result<(), Error>>,
}

/// What the loop woke up for.
enum Wake {
    Command(Command),
    Look,
    PrimaryEnded,
    Built(Result<Node, Error>),
    /// Nobody holds the pair any more.
    Abandoned,
}

impl Actor {
    pub(super) fn endpoint(&self) -> watch::Receiver<Option<SocketAddr>> {
        self.endpoint.subscribe()
    }

    pub(super) fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn lead(&self) -> watch::Receiver<Option<Lead>> {
        self.lead.subscribe()
    }

    pub(super) fn kit(&self) -> Arc<Kit> {
        Arc::clone(&self.kit)
    }

    /// Watches and changes the pair until it is to stop, then removes everything.
    pub(super) async fn run(mut self, mut shutdown: Shutdown) {
        tokio::select! {
            // Whatever is half done is abandoned: it is removed below.
            () = shutdown.requested() => {}
            () = self.watch() => {}
        }
        self.endpoint.send_replace(None);
        self.work.shutdown().await;
        let Self {
            primary,
            standby,
            mut rubbish,
            state,
            ..
        } = self;
        for node in standby.into_iter().chain([primary]) {
            rubbish.spawn(node.server.destroy());
        }
        while let Some(gone) = rubbish.join_next().await {
            if let Ok(Err(error)) = gone {
                tracing::error!(%error, "database server not removed");
            }
        }
        drop(state);
    }

    async fn watch(&mut self) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.advance().await;
            let notices_exit = !self.down && (self.timing)(self.profile).notices_exit;
            let ended = self.primary.server.ended();
            let wake = tokio::select! {
                biased;
                () = ended, if notices_exit => Wake::PrimaryEnded,
                command = self.inbox.recv() => command.map_or(Wake::Abandoned, Wake::Command),
                Some(built) = self.work.join_next() => {
                    Wake::Built(built.unwrap_or(Err(Error::Stopped)))
                }
                _ = looks.tick() => Wake::Look,
            };
            match wake {
                Wake::Command(command) => self.execute(command).await,
                Wake::Look => self.look().await,
                Wake::PrimaryEnded => {
                    let timing = (self.timing)(self.profile);
                    self.primary_lost("its process ended", timing).await.ok();
                }
                Wake::Built(built) => self.finish_rebuild(built).await,
                Wake::Abandoned => return,
            }
            self.publish();
        }
    }

    /// Begins what is due: a rebuild, or a change that had to wait for one.
    async fn advance(&mut self) {
        while self.building.is_none() && !self.deferred.is_empty() {
            if self.needs_standby() && self.retry_at <= Instant::now() {
                break;
            }
            if let Some(command) = self.deferred.pop_front() {
                self.execute(command).await;
            }
        }
        if self.building.is_none()
            && self.needs_standby()
            && Instant::now() >= self.retry_at
            && let Err(error) = self.begin_rebuild()
        {
            self.problem(&error);
        }
        self.publish();
    }

    async fn look(&mut self) {
        if self.down {
            if Instant::now() >= self.retry_at {
                self.start_in_place().await;
            }
            return;
        }
        self.release_commits().await;
        let name = self.standby.as_ref().map_or("", Node::name).to_owned();
        let seen = self.primary.probe(&self.kit, &name).await;
        let lost = match &seen {
            Ok(row) if self.standby.is_some() => loss(row.as_ref()),
            _ => None,
        };
        // A killed primary's last processes still answer, when the one that served the standby has
        // gone already. To give the standby up then would be to give up every acknowledged commit.
        let answered = match lost {
            None => seen.is_ok(),
            Some(_) => self.primary.accepts(&self.kit).await.is_ok(),
        };
        let timing = (self.timing)(self.profile);
        if self.detector.observe(&timing, Instant::now(), answered) {
            self.primary_lost("it does not answer", timing).await.ok();
        } else if answered && let Some(why) = lost {
            self.degrade(&why).await;
        }
    }

    pub(super) fn move_endpoint(&mut self) {
        let address = self.primary.server.address;
        self.endpoint.send_replace(Some(address));
        let detail = format!("the endpoint leads to {address}");
        self.report(
            EventKind::DatabaseEndpointMoved,
            self.primary.name(),
            &detail,
        );
        self.publish();
    }

    pub(super) fn report(&self, kind: EventKind, subject: &str, detail: &str) {
        self.events.report(kind, subject, detail);
    }

    /// Notes what went wrong and lets it be tried again in a while.
    pub(super) fn problem(&mut self, error: &Error) {
        self.building = None;
        self.retry_at = Instant::now() + BACK_OFF;
        self.trouble = Some(error.to_string());
        self.report(EventKind::Problem, "database", &error.to_string());
    }

    /// Tells read replicas whom to follow, if that is another one or in another state.
    fn publish_lead(&self) {
        let lead = (!self.down).then(|| Lead {
            source: Source::of(&self.primary),
            is_redundant: self.redundant,
        });
        let known = |lead: &Option<Lead>| {
            let lead = lead.as_ref();
            lead.map(|lead| (lead.source.address, lead.is_redundant))
        };
        self.lead.send_if_modified(|told| {
            let is_news = known(told) != known(&lead);
            *told = lead;
            is_news
        });
    }

    pub(super) fn publish(&self) {
        let primary = if self.down || self.primary.server.pid().is_none() {
            DatabaseRole::Down
        } else {
            DatabaseRole::Primary
        };
        let standby = self.standby.as_ref();
        let mut nodes = vec![entry(&self.primary, primary)];
        nodes.extend(standby.map(|node| entry(node, DatabaseRole::Standby)));
        let building = self.building.as_ref();
        nodes.extend(building.map(|b| rebuilding(&b.name, &b.zone)));
        let target = *self.endpoint.borrow();
        let reached = nodes
            .iter()
            .find(|node| Some(node.address.as_str()) == target.map(|t| t.to_string()).as_deref());
        let link = building.map(|b| b.link.clone());
        let state = State {
            database: Database {
                endpoint_target: reached.map(|node| node.name.clone()),
                nodes,
                synchronous: self.synchronous,
                redundant: self.redundant,
            },
            link: standby.and_then(|node| node.link.clone()).or(link),
            trouble: self.trouble.clone(),
        };
        self.state.send_replace(state);
        self.publish_lead();
    }
}
