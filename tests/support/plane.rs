//! A control plane in the test's own process: it agrees to every change and makes none.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use target_app::api::{
    ChangeReceipt, Database, DatabaseNode, DatabaseRole, Instant, Pod, PodState, StackHandle,
    StackSpec, StackStatus, Zone, ZoneState,
};

use super::Bench;
use super::target::{Reply, Request, Target};

/// The stack `default` of a bench, as long as this lives.
pub(crate) struct Plane {
    /// Held, it says that the stack runs.
    _lock: File,
}

impl Plane {
    /// A healthy stack of three zones whose shoppers go to `edge`.
    pub(crate) fn that_does_nothing(bench: &Bench, edge: &Target) -> Self {
        let status = Arc::new(status(&edge.url));
        let control = Target::serve(move |request| answer(request, &status));
        let stacks = bench.path().join("loadtest").join("stacks");
        fs::create_dir_all(&stacks).expect("a folder");
        let handle = StackHandle {
            name: "default".into(),
            control_url: control.url.clone(),
            token: "none".into(),
            ca: None,
            pid: std::process::id(),
        };
        let lock = File::create(stacks.join("default.lock")).expect("a lock file");
        lock.lock().expect("nobody else has it");
        write(&stacks.join("default.json"), &handle);
        Self { _lock: lock }
    }
}

fn write(path: &Path, what: &impl serde::Serialize) {
    fs::write(path, serde_json::to_vec(what).expect("JSON")).expect("a file");
}

fn answer(request: &Request, status: &StackStatus) -> Reply {
    let json = |what: String| Reply::Ok(what);
    let (method, path) = request.what.split_once(' ').unwrap_or_default();
    match method {
        "GET" if path == "/v1/stack" => json(serde_json::to_string(status).expect("JSON")),
        "GET" if path.starts_with("/v1/events") => {
            // Whoever waits for an event is not to ask again at once.
            std::thread::park_timeout(std::time::Duration::from_millis(200));
            json("[]".into())
        }
        "PUT" => {
            let receipt = ChangeReceipt {
                id: path.rsplit('/').next().unwrap_or_default().to_owned(),
                accepted: Instant::now(),
                undo: "nothing was done".into(),
            };
            json(serde_json::to_string(&receipt).expect("JSON"))
        }
        "DELETE" => json("null".into()),
        _ => Reply::Status(404),
    }
}

fn status(edge: &str) -> StackStatus {
    let zone = |name: &str| Zone {
        name: name.into(),
        address: String::new(),
        state: ZoneState::Up,
    };
    let pod = |name: &str, zone: &str| Pod {
        name: name.into(),
        app: "shop".into(),
        zone: zone.into(),
        pid: None,
        address: String::new(),
        state: PodState::Ready,
        labels: std::collections::BTreeMap::new(),
    };
    let node = |name: &str, zone: &str, role| DatabaseNode {
        name: name.into(),
        zone: zone.into(),
        role,
        pid: None,
        address: String::new(),
    };
    StackStatus {
        workloads: Vec::new(),
        spec: StackSpec::default(),
        pid: std::process::id(),
        root: PathBuf::new(),
        edge_url: edge.to_owned(),
        ca: None,
        database_endpoint: String::new(),
        mail: None,
        healthy: true,
        problems: Vec::new(),
        zones: ["a", "b", "c"].map(zone).into(),
        pods: vec![pod("shop-1", "a"), pod("shop-2", "b"), pod("shop-3", "c")],
        shards: Vec::new(),
        database: Database {
            nodes: vec![
                node("db-1", "a", DatabaseRole::Primary),
                node("db-2", "b", DatabaseRole::Standby),
            ],
            synchronous: true,
            redundant: true,
            endpoint_target: Some("db-1".into()),
        },
        links: Vec::new(),
        open_changes: Vec::new(),
        isolation: "ports".into(),
        last_event: 0,
        metrics: Vec::new(),
    }
}
