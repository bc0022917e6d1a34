//! How a pair comes up.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::actor::Actor;
use super::changes::Command;
use super::detect::Detector;
use super::events::Events;
use super::node::Node;
use super::state::State;
use super::{Error, PairConfig};
use crate::api::Database;
use crate::postgres::account::Account;
use crate::postgres::data::DataFolder;
use crate::postgres::encryption::Encryption;
use crate::postgres::error::Naming;
use crate::postgres::kit::{Kit, Zone, blocking};
use crate::postgres::place::private_folder;
use crate::postgres::server::Server;
use crate::postgres::template::instantiate;

impl Actor {
    /// Starts both servers.
    pub(super) async fn start(
        config: PairConfig,
        events: Arc<dyn Events>,
        inbox: mpsc::Receiver<Command>,
    ) -> Result<Self, Error> {
        let (replication, profile, timing) = (config.replication, config.profile, config.timing);
        let kit = Arc::new(blocking(move || prepare(config)).await?);
        let first = kit.zones[0].name.clone();
        let name = kit.server(1);
        let data = DataFolder::own(kit.data_of(&name));
        instantiate(&kit, data.path()).await?;
        let (server, admin) = Server::start(&kit, &name, &first, data).await?;
        let primary = Node {
            server,
            admin,
            link: None,
        };
        let mut actor = Self {
            endpoint: watch::Sender::new(Some(primary.server.address)),
            state: watch::Sender::new(State {
                database: Database {
                    nodes: Vec::new(),
                    synchronous: false,
                    redundant: false,
                    endpoint_target: None,
                },
                link: None,
                trouble: None,
            }),
            lead: watch::Sender::new(None),
            kit,
            replication,
            profile,
            timing,
            events,
            inbox,
            deferred: VecDeque::new(),
            primary,
            down: false,
            standby: None,
            synchronous: false,
            unreleased: false,
            redundant: false,
            detector: Detector::default(),
            closed: BTreeSet::new(),
            preferred: None,
            numbers: 1,
            work: JoinSet::new(),
            building: None,
            retry_at: Instant::now(),
            trouble: None,
            rubbish: JoinSet::new(),
        };
        actor.begin_rebuild()?;
        match actor.work.join_next().await {
            Some(Ok(built)) => actor.adopt(built?).await?,
            Some(Err(_)) | None => return Err(Error::Stopped),
        }
        Ok(actor)
    }
}

/// Checks the configuration and makes the pair's folder.
fn prepare(config: PairConfig) -> Result<Kit, Error> {
    if config.zones.is_empty() {
        return Err(Error::Invalid("a database pair needs a zone".into()));
    }
    if config.password.contains(['\n', '\r', '\0']) {
        let why = "the database password must be one line";
        return Err(Error::Invalid(why.into()));
    }
    let account = Account::choose()?;
    private_folder(&config.root, &account)?;
    // Processes are found by their working folder, which the system tells without links.
    let root = config.root.canonicalize().naming("resolve", &config.root)?;
    let encryption = match &config.tls {
        None => Encryption::default(),
        Some(issued) => Encryption::set_up(&root, issued, &account)?,
    };
    let zones = config.zones.into_iter();
    let kit = Kit {
        binaries: config.binaries,
        account,
        root,
        servers: config.servers,
        zones: zones
            .map(|(name, address)| Zone { name, address })
            .collect(),
        database: config.database,
        user: config.user,
        password: config.password,
        admin_password: random_password(),
        encryption,
    };
    kit.write_password_file()?;
    Ok(kit)
}

/// 244 random bits.
fn random_password() -> String {
    let half = || uuid::Uuid::new_v4().simple();
    format!("{}{}", half(), half())
}
