//! A cache in Redis, which all pods share.
//!
//! It may be slow, away, or full of somebody else's things: a request never waits for it longer
//! than a moment, and never fails for it. What it does not have is read from the database.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use redis::Cmd;
use serde::{Deserialize, Serialize};

use super::connection::{Connection, Failed};
use super::{Entry, Key};
use crate::api::Millis;
use crate::process::Shutdown;
use crate::shop::catalogue::{Page, Product};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

/// The shared cache, as one pod sees it.
pub(super) struct Shared {
    connection: Arc<Connection>,
    prefix: String,
    ttl: Duration,
    failures: Family<OperationLabels, Counter>,
}

impl Shared {
    pub(super) fn new(
        connection: Connection,
        prefix: String,
        ttl: Millis,
        registry: &mut Registry,
    ) -> Self {
        let failures = Family::default();
        registry.register(
            "cache_failures",
            "Times that the shared cache was away, too slow, or answered nonsense",
            failures.clone(),
        );
        Self {
            connection: Arc::new(connection),
            prefix,
            ttl: ttl.into(),
            failures,
        }
    }

    /// What it has, if it says so in time.
    pub(super) async fn get(&self, key: &Key) -> Option<Entry> {
        let asked: Result<Option<Vec<u8>>, Failed> =
            self.connection.ask(&Cmd::get(self.name(key))).await;
        let read = asked.map(|found| found.map(|bytes| read(&bytes)));
        match read {
            Ok(None) => None,
            Ok(Some(Ok(entry))) => Some(entry),
            Ok(Some(Err(_))) | Err(Failed) => {
                self.failed("read").inc();
                None
            }
        }
    }

    /// Keeps an entry, while the request goes on.
    pub(super) fn keep(&self, key: &Key, entry: &Entry) {
        let mut command = redis::cmd("SET");
        command.arg(self.name(key)).arg(written(entry));
        command.arg("PX").arg(milliseconds(self.ttl));
        let connection = Arc::clone(&self.connection);
        let failed = self.failed("write");
        tokio::spawn(async move {
            if connection.ask::<()>(&command).await.is_err() {
                failed.inc();
            }
        });
    }

    /// Stays connected until `shutdown`.
    pub(super) async fn watch(&self, shutdown: Shutdown) {
        self.connection.watch(shutdown).await;
    }

    /// The key's name in Redis. What is searched for comes last: it may hold anything.
    fn name(&self, key: &Key) -> String {
        let prefix = &self.prefix;
        match key {
            Key::Product(id) => format!("{prefix}:product:{id}"),
            Key::Page {
                page,
                per_page,
                words: None,
            } => format!("{prefix}:page:{page}:{per_page}"),
            Key::Page {
                page,
                per_page,
                words: Some(words),
            } => format!("{prefix}:search:{page}:{per_page}:{words}"),
        }
    }

    fn failed(&self, operation: &'static str) -> Counter {
        let labels = OperationLabels { operation };
        self.failures.get_or_create(&labels).clone()
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// An entry on its way to Redis.
#[derive(Serialize)]
enum Written<'a> {
    Page(&'a Page),
    Product(Option<&'a Product>),
}

/// One on its way back.
#[derive(Deserialize)]
enum Read {
    Page(Page),
    Product(Option<Product>),
}

fn written(entry: &Entry) -> Vec<u8> {
    let entry = match entry {
        Entry::Page(page) => Written::Page(page),
        Entry::Product(product) => Written::Product(product.as_deref()),
    };
    serde_json::to_vec(&entry).expect("text and numbers are JSON")
}

fn read(bytes: &[u8]) -> Result<Entry, serde_json::Error> {
    Ok(match serde_json::from_slice(bytes)? {
        Read::Page(page) => Entry::Page(Arc::new(page)),
        Read::Product(product) => Entry::Product(product.map(Arc::new)),
    })
}
