//! What was read of the catalogue, kept for a stated time: in each pod, or in a Redis that all pods
//! share.
//!
//! Prices and stock may be as old as that; an order looks at both in the database itself, so
//! nothing is sold that is not there. Requests for the same entry that find none wait for one read.

mod connection;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache as Moka;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use connection::Connection;
pub(crate) use connection::reach;
use shared::Shared;

use super::ShopConfig;
use super::catalogue::{Page, Product};
use super::error::ShopError;
use crate::api::Cache;
use crate::process::Shutdown;
use crate::service::ServeError;
use crate::service::database::DatabaseError;

/// What waits for one read together; beyond that each reads for itself.
const READS_AT_ONCE: u64 = 1_000;
/// The longest that a read is handed to those who ask just behind it.
const JUST_READ: Duration = Duration::from_millis(100);

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Page {
        page: i64,
        per_page: i64,
        /// What is searched for, as it is asked of the database.
        words: Option<String>,
    },
    Product(i64),
}

/// What was found.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Page(Arc<Page>),
    /// None: there is no such product.
    Product(Option<Arc<Product>>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// The cache, and how often it served.
pub(crate) struct CatalogueCache {
    /// Where a pod has a cache of its own: the entries. Else: reads under way.
    entries: Moka<Key, Entry>,
    shared: Option<Shared>,
    requests: Family<ResultLabels, Counter>,
    size: Gauge,
}

impl CatalogueCache {
    pub(crate) fn new(
        settings: &Cache,
        config: &ShopConfig,
        registry: &mut Registry,
    ) -> Result<Self, ServeError> {
        let ttl = Duration::from(settings.ttl);
        let (entries, ttl) = match settings.redis {
            Some(_) => (READS_AT_ONCE, ttl.min(JUST_READ)),
            None => (settings.entries.into(), ttl),
        };
        let entries = Moka::builder()
            .max_capacity(entries)
            .time_to_live(ttl)
            .build();
        let (requests, size) = (Family::default(), Gauge::default());
        registry.register(
            "cache_requests",
            "Reads of the catalogue by whether the cache had them",
            requests.clone(),
        );
        let shared = match &settings.redis {
            Some(redis) => {
                let connection = Connection::new(redis, config.cache_timeout_ms);
                let connection = connection.map_err(ServeError::Config)?;
                let prefix = config.cache_prefix.clone();
                Some(Shared::new(connection, prefix, settings.ttl, registry))
            }
            None => {
                registry.register("cache_entries", "Entries in the cache", size.clone());
                None
            }
        };
        Ok(Self {
            entries,
            shared,
            requests,
            size,
        })
    }

    /// What is kept, or what `read` finds.
    pub(crate) async fn get(
        &self,
        key: Key,
        read: impl Future<Output = Result<Entry, ShopError>>,
    ) -> Result<Entry, ShopError> {
        let kept = match &self.shared {
            Some(shared) => shared.get(&key).await,
            None => self.entries.get(&key).await,
        };
        if let Some(entry) = kept {
            self.count("hit");
            return Ok(entry);
        }
        self.count("miss");
        let Some(shared) = &self.shared else {
            return self.read_once(key, read).await;
        };
        let keep = async {
            let entry = read.await?;
            shared.keep(&key, &entry);
            Ok(entry)
        };
        let found = self.read_once(key.clone(), keep).await;
        // The shared cache has it from now on, with its own time.
        self.entries.invalidate(&key).await;
        found
    }

    /// Stays connected with what is shared, until `shutdown`.
    pub(crate) async fn watch(&self, shutdown: Shutdown) {
        if let Some(shared) = &self.shared {
            shared.watch(shutdown).await;
        }
    }

    /// Takes over what is read only when someone looks.
    pub(crate) async fn look(&self) {
        self.entries.run_pending_tasks().await;
        let size = i64::try_from(self.entries.entry_count()).unwrap_or(i64::MAX);
        self.size.set(size);
    }

    async fn read_once(
        &self,
        key: Key,
        read: impl Future<Output = Result<Entry, ShopError>>,
    ) -> Result<Entry, ShopError> {
        let found = self.entries.try_get_with(key, read).await;
        // Several may have waited for the read that failed: each is told what it came to.
        found.map_err(|error| {
            Arc::try_unwrap(error).unwrap_or_else(|shared| {
                ShopError::Unavailable(DatabaseError::NoConnection(shared.to_string()))
            })
        })
    }

    fn count(&self, result: &'static str) {
        self.requests.get_or_create(&ResultLabels { result }).inc();
    }
}
