//! A primary and a standby in different zones behind one endpoint.
//!
//! One task owns both servers and makes every change, one after another: two failovers cannot
//! interleave, and a caller that goes away does not leave one half done.

mod actor;
mod changes;
mod detect;
mod events;
mod failover;
mod node;
mod placement;
mod rebuild;
mod replica;
mod standby;
mod start;
mod state;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::api::{self, FailoverMode, FailoverProfile, Replication};
use crate::links::Link;
use crate::process::Trigger;
use crate::service::tls::Issued;

use super::error::Error;
use super::find::Binaries;
use actor::Actor;
use changes::Command;
use state::State;

pub use detect::Timing;
pub use events::Events;

/// What [`Pair::repair`] and [`Pair::leave_zone`] wait for takes under a second.
const REPAIR_LIMIT: Duration = Duration::from_secs(60);

/// What a pair is to be. Without `Debug`: it holds a password.
#[derive(Clone)]
pub struct PairConfig {
    /// Which PostgreSQL.
    pub binaries: Binaries,
    /// Folder for data, logs and secrets; made if it is not there (its parent must be, and must be
    /// traversable by the account PostgreSQL runs as). Best below [`super::roomy_folder`].
    pub root: PathBuf,
    /// What its servers are called: `db` gives `db-1`, `db-2` and so on.
    pub servers: String,
    /// Zones and the loopback address of servers in each; the primary starts in the first.
    pub zones: Vec<(String, IpAddr)>,
    /// How a commit travels.
    pub replication: Replication,
    /// How fast a failover is noticed and announced, unless one asks otherwise.
    pub profile: FailoverProfile,
    /// [`Timing::of`], or another reading of the profiles.
    pub timing: fn(FailoverProfile) -> Timing,
    /// Servers that follow the primary to be read from, and are never promoted.
    pub read_replicas: u32,
    /// The application's database, made empty.
    pub database: String,
    /// The application's role: owns the database and is no superuser.
    pub user: String,
    /// The application's password, one line.
    pub password: String,
    /// What the servers show; their clients, standbys and replicas among them, have to encrypt then.
    pub tls: Option<Issued>,
}

/// A running pair. Dropping it, or [`Pair::stop`], removes both servers and their data.
pub struct Pair {
    commands: mpsc::Sender<Command>,
    endpoint: watch::Receiver<Option<SocketAddr>>,
    state: watch::Receiver<State>,
    replicas: Vec<watch::Receiver<replica::State>>,
    closed: watch::Sender<BTreeSet<String>>,
    stop: Trigger,
}

impl Pair {
    /// Starts primary and standby, and returns when a commit waits for the standby (or, with
    /// asynchronous replication, when the standby has caught up).
    ///
    /// # Errors
    /// A server cannot be made or started; nothing is left running then.
    pub async fn start(config: PairConfig, events: Arc<dyn Events>) -> Result<Self, Error> {
        let (stop, shutdown) = Trigger::new();
        let (commands, inbox) = mpsc::channel(16);
        let (wanted, told) = (config.read_replicas, Arc::clone(&events));
        let actor = Actor::start(config, events, inbox).await?;
        let (endpoint, state) = (actor.endpoint(), actor.state());
        let (closed, closed_zones) = watch::channel(BTreeSet::new());
        let replica = |index| {
            let (state, seen) = watch::channel(replica::absent(index));
            let keeper = replica::Keeper {
                kit: actor.kit(),
                events: Arc::clone(&told),
                index,
                lead: actor.lead(),
                closed: closed_zones.clone(),
                state,
            };
            tokio::spawn(keeper.run(shutdown.clone()));
            seen
        };
        let replicas = (0..usize::try_from(wanted).unwrap_or(0))
            .map(replica)
            .collect();
        tokio::spawn(actor.run(shutdown));
        Ok(Self {
            commands,
            endpoint,
            state,
            replicas,
            closed,
            stop,
        })
    }

    /// The address of the primary, for links to follow. `None` when the pair has stopped.
    #[must_use]
    pub fn endpoint(&self) -> watch::Receiver<Option<SocketAddr>> {
        self.endpoint.clone()
    }

    /// The pair as the control plane's API shows it. Never waits.
    #[must_use]
    pub fn describe(&self) -> api::Database {
        let mut database = self.state.borrow().database.clone();
        let replicas = self.replicas.iter();
        database
            .nodes
            .extend(replicas.map(|replica| replica.borrow().node.clone()));
        database
    }

    /// Where each read replica is read from, in their order; none while it is being copied. For
    /// links to follow.
    #[must_use]
    pub fn replica_endpoints(&self) -> Vec<watch::Receiver<Option<SocketAddr>>> {
        let follow = |replica: &watch::Receiver<replica::State>| {
            let mut replica = replica.clone();
            let (tell, endpoint) = watch::channel(replica.borrow_and_update().address);
            tokio::spawn(async move {
                while replica.changed().await.is_ok() {
                    let address = replica.borrow_and_update().address;
                    tell.send_if_modified(|known| std::mem::replace(known, address) != address);
                }
                tell.send_replace(None);
            });
            endpoint
        };
        self.replicas.iter().map(follow).collect()
    }

    /// The crossings that read replicas follow through.
    #[must_use]
    pub fn replica_links(&self) -> Vec<Arc<Link>> {
        let replicas = self.replicas.iter();
        replicas
            .filter_map(|replica| replica.borrow().link.clone())
            .collect()
    }

    /// What keeps the pair from being redundant, in words.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.state.borrow().trouble.clone()
    }

    /// The crossing that the standby reaches its primary through. Every rebuilt standby has a new
    /// one, named `db-3->db-2`.
    #[must_use]
    pub fn replication_link(&self) -> Option<Arc<Link>> {
        self.state.borrow().link.clone()
    }

    /// Fails over to the standby and returns when the endpoint leads to it. The new standby is
    /// built after that; the next change waits until it is there. `profile` overrules the pair's.
    ///
    /// # Errors
    /// There is no standby that holds every acknowledged commit; nothing was changed then. Or a
    /// step failed; the old primary is started again then.
    pub async fn fail_over(
        &self,
        mode: FailoverMode,
        profile: Option<FailoverProfile>,
    ) -> Result<(), Error> {
        self.ask(|reply| Command::FailOver {
            mode,
            profile,
            reply,
        })
        .await
    }

    /// Moves everything out of a zone in good order and keeps it out until [`Self::zone_returned`].
    /// Returns when no server is left there. Without another zone for it, the standby is given up.
    ///
    /// # Errors
    /// The primary is there and cannot be failed over; the zone stays open then.
    pub async fn leave_zone(&self, zone: &str) -> Result<(), Error> {
        let zone = zone.to_owned();
        self.close(&zone);
        self.ask(|reply| Command::LeaveZone {
            zone: zone.clone(),
            reply,
        })
        .await?;
        self.wait_until(&format!("zone {zone} to be empty"), |database| {
            database.nodes.iter().all(|node| node.zone != zone)
        })
        .await
    }

    /// Kills what is in a zone and keeps out of it until [`Self::zone_returned`]. Returns when it
    /// is dead; detection, failover and the rebuild elsewhere follow by themselves.
    ///
    /// # Errors
    /// Unknown zone, or a process that does not end.
    pub async fn lose_zone(&self, zone: &str) -> Result<(), Error> {
        let zone = zone.to_owned();
        self.close(&zone);
        self.ask(|reply| Command::LoseZone { zone, reply }).await
    }

    /// Allows a zone again. Nothing moves back, but a standby or primary that had no place gets one.
    ///
    /// # Errors
    /// Unknown zone.
    pub async fn zone_returned(&self, zone: &str) -> Result<(), Error> {
        let zone = zone.to_owned();
        self.closed.send_modify(|closed| {
            closed.remove(&zone);
        });
        self.ask(|reply| Command::ZoneReturned { zone, reply })
            .await
    }

    /// Returns when the pair is redundant (again): what is missing is being rebuilt at once.
    ///
    /// # Errors
    /// No zone is left for the standby, or it took more than a minute.
    pub async fn repair(&self) -> Result<(), Error> {
        self.ask(|reply| Command::Repair { reply }).await?;
        self.wait_until("the database pair to be redundant", |database| {
            database.redundant
        })
        .await
    }

    /// Kills both servers, removes their data, and returns when nothing is left. More than once is
    /// the same as once.
    pub async fn stop(&self) {
        self.stop.pull();
        let mut state = self.state.clone();
        // Each task drops its side when it has cleaned up.
        while state.changed().await.is_ok() {}
        for replica in &self.replicas {
            let mut replica = replica.clone();
            while replica.changed().await.is_ok() {}
        }
    }

    /// Read replicas keep out of a zone.
    fn close(&self, zone: &str) {
        self.closed.send_modify(|closed| {
            closed.insert(zone.to_owned());
        });
    }

    async fn ask(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<(), Error>>) -> Command,
    ) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(command(reply)).await;
        sent.map_err(|_| Error::Stopped)?;
        answer.await.map_err(|_| Error::Stopped)?
    }

    async fn wait_until(
        &self,
        what: &str,
        reached: impl Fn(&api::Database) -> bool,
    ) -> Result<(), Error> {
        let mut state = self.state.clone();
        let waiting = state.wait_for(|state| reached(&state.database));
        match tokio::time::timeout(REPAIR_LIMIT, waiting).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(Error::Stopped),
            Err(_) => Err(Error::Timeout {
                what: match self.trouble() {
                    Some(trouble) => format!("{what} ({trouble})"),
                    None => what.to_owned(),
                },
                seconds: REPAIR_LIMIT.as_secs(),
            }),
        }
    }
}
