//! A pair in a folder of its own, and what it reported.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use target_app::api::{Database, DatabaseNode, DatabaseRole, EventKind};
use target_app::api::{FailoverProfile, Replication};
use target_app::postgres::{Binaries, Pair, PairConfig, Timing, roomy_folder};
use tokio_postgres::NoTls;

/// Only ever waited for in full by a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const PASSWORD: &str = "it's a test";

#[derive(Default)]
pub(crate) struct Log(Mutex<Vec<(EventKind, String)>>);

pub(crate) struct Bench {
    pub(crate) pair: Pair,
    pub(crate) log: Arc<Log>,
    pub(crate) folder: tempfile::TempDir,
}

impl Log {
    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        let entries = self.0.lock().unwrap();
        entries.iter().map(|(kind, _)| *kind).collect()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// Whether these kinds were reported in this order, others in between.
    pub(crate) fn has_in_order(&self, wanted: &[EventKind]) -> bool {
        let kinds = self.kinds();
        let mut seen = kinds.iter();
        wanted.iter().all(|kind| seen.any(|k| k == kind))
    }
}

/// A folder that the account PostgreSQL runs as can pass through.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .prefix("pair-test-")
        .tempdir_in(roomy_folder())
        .unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

pub(crate) fn config(root: PathBuf, zones: &[&str]) -> PairConfig {
    let address = |n: usize| IpAddr::V4(Ipv4Addr::new(127, 0, u8::try_from(n).unwrap() + 1, 1));
    PairConfig {
        read_replicas: 0,
        tls: None,
        binaries: Binaries::find(None).unwrap(),
        root,
        servers: "db".into(),
        zones: zones
            .iter()
            .enumerate()
            .map(|(n, zone)| ((*zone).to_owned(), address(n)))
            .collect(),
        replication: Replication::Synchronous,
        profile: FailoverProfile::Fast,
        timing: Timing::of,
        database: "shop".into(),
        user: "shop".into(),
        password: PASSWORD.into(),
    }
}

impl Bench {
    pub(crate) async fn new(zones: &[&str]) -> Self {
        Self::with(zones, |_| ()).await
    }

    pub(crate) async fn with(zones: &[&str], change: impl FnOnce(&mut PairConfig)) -> Self {
        let folder = folder();
        let mut config = config(folder.path().join("database"), zones);
        change(&mut config);
        let log = Arc::new(Log::default());
        let sink = log.clone();
        let started = std::time::Instant::now();
        let events = move |kind: EventKind, subject: &str, detail: &str| {
            let since = started.elapsed().as_millis();
            println!("{since:>6} ms {kind:?} {subject}: {detail}");
            sink.0.lock().unwrap().push((kind, subject.to_owned()));
        };
        let pair = Pair::start(config, Arc::new(events)).await.unwrap();
        println!("up in {} ms", started.elapsed().as_millis());
        Self { pair, log, folder }
    }

    pub(crate) fn database(&self) -> Database {
        self.pair.describe()
    }

    pub(crate) fn node(&self, role: DatabaseRole) -> DatabaseNode {
        let database = self.database();
        let node = database.nodes.iter().find(|node| node.role == role);
        node.unwrap_or_else(|| panic!("no {role:?} in {database:?}"))
            .clone()
    }

    /// Polls until `reached`.
    pub(crate) async fn until(&self, what: &str, reached: impl Fn(&Self) -> bool) {
        let polling = async {
            while !reached(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, polling).await.is_err() {
            panic!("{what}: {:?} {:?}", self.database(), self.pair.trouble());
        }
    }

    pub(crate) async fn query(&self, role: DatabaseRole, statement: &str) -> i64 {
        let address = self.node(role).address.parse().unwrap();
        let (client, connection) = client_config(address).connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client.query_one(statement, &[]).await.unwrap().get(0)
    }

    pub(crate) fn data_of(&self, node: &str) -> PathBuf {
        self.folder.path().join("database").join(node)
    }

    /// Stops the pair and checks that nothing of it is left.
    pub(crate) async fn finish(self) {
        let root = self.folder.path().canonicalize().unwrap();
        self.pair.stop().await;
        assert_eq!(processes_in(&root), [0; 0]);
        let left: Vec<_> = data_folders(&root);
        assert!(left.is_empty(), "{left:?}");
    }
}

/// How the application connects.
pub(crate) fn client_config(address: SocketAddr) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    config
        .host(address.ip().to_string())
        .port(address.port())
        .user("shop")
        .password(PASSWORD)
        .dbname("shop")
        .connect_timeout(Duration::from_secs(1));
    config
}

/// Processes whose working folder is under `folder`.
pub(crate) fn processes_in(folder: &Path) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| {
            std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| {
                cwd.to_string_lossy()
                    .starts_with(&*folder.to_string_lossy())
            })
        })
        .collect()
}

pub(crate) fn signal_all_in(folder: &Path, signal: Signal) {
    let folder = folder.canonicalize().unwrap();
    for pid in processes_in(&folder) {
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }
}

/// Folders of database servers under `root`.
pub(crate) fn data_folders(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap().filter_map(Result::ok) {
        if entry.path().join("PG_VERSION").exists() {
            found.push(entry.path());
        } else if entry.path().is_dir() {
            found.extend(data_folders(&entry.path()));
        }
    }
    found
}

/// Identifiers of the System V segments of the servers under `root`.
pub(crate) fn segments_of(root: &Path) -> Vec<i64> {
    let segment = |folder: PathBuf| {
        let text = std::fs::read_to_string(folder.join("postmaster.pid")).ok()?;
        let line = text.lines().nth(6)?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    data_folders(root).into_iter().filter_map(segment).collect()
}

/// Those of `segments` that still exist.
pub(crate) fn existing(segments: &[i64]) -> Vec<i64> {
    let table = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
    let ids = table.lines().skip(1);
    let ids = ids.filter_map(|line| line.split_whitespace().nth(1)?.parse().ok());
    ids.filter(|id| segments.contains(id)).collect()
}
