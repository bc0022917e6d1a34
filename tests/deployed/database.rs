//! A PostgreSQL pair for the parts, as long as this lives.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use target_app::api::{EventKind, FailoverProfile, Replication};
use target_app::postgres::{Binaries, Pair, PairConfig, Timing, roomy_folder};

/// What nobody may ever read in a log.
pub(crate) const PASSWORD: &str = "a-password-for-tests";

fn unheard(_: EventKind, _: &str, _: &str) {}

pub(crate) struct Database {
    pub(crate) address: String,
    pair: Option<Pair>,
    runtime: tokio::runtime::Runtime,
}

impl Database {
    /// An empty database `shop` of the role `shop`.
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let name = format!("loadtest-deployed-{}", std::process::id());
        let config = PairConfig {
            read_replicas: 0,
            tls: None,
            binaries: Binaries::find(None).expect("PostgreSQL: run ci/setup --test"),
            root: roomy_folder().join(name),
            servers: "db".into(),
            zones: vec![("a".into(), here), ("b".into(), here)],
            replication: Replication::Synchronous,
            profile: FailoverProfile::Fast,
            timing: Timing::of,
            database: "shop".into(),
            user: "shop".into(),
            password: PASSWORD.into(),
        };
        let pair = runtime.block_on(Pair::start(config, Arc::new(unheard)));
        let pair = pair.expect("a pair");
        let primary = *pair.endpoint().borrow();
        Self {
            address: primary.expect("a primary").to_string(),
            pair: Some(pair),
            runtime,
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(pair) = self.pair.take() {
            self.runtime.block_on(pair.stop());
        }
    }
}
