//! What a pod has read of the catalogue, kept for a stated time.
//!
//! Prices and stock may be as old as that; an order looks at both in the database itself, so
//! nothing is sold that is not there. Requests for the same entry that find none wait for one read.

use std::sync::Arc;

use moka::future::Cache as Moka;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::catalogue::{Page, Product};
use super::error::ShopError;
use crate::api::Cache;
use crate::service::ServeError;
use crate::service::database::DatabaseError;

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
#[derive(Debug)]
pub(crate) struct CatalogueCache {
    entries: Moka<Key, Entry>,
    requests: Family<ResultLabels, Counter>,
    size: Gauge,
}

impl CatalogueCache {
    pub(crate) fn new(settings: &Cache, registry: &mut Registry) -> Result<Self, ServeError> {
        if settings.redis.is_some() {
            return Err(ServeError::Config(NO_REDIS.into()));
        }
        let entries = Moka::builder()
            .max_capacity(settings.entries.into())
            .time_to_live(settings.ttl.into())
            .build();
        let (requests, size) = (Family::default(), Gauge::default());
        registry.register(
            "cache_requests",
            "Reads of the catalogue by whether the cache had them",
            requests.clone(),
        );
        registry.register("cache_entries", "Entries in the cache", size.clone());
        Ok(Self {
            entries,
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
        if let Some(entry) = self.entries.get(&key).await {
            self.count("hit");
            return Ok(entry);
        }
        self.count("miss");
        let found = self.entries.try_get_with(key, read).await;
        // Several may have waited for the read that failed: each is told what it came to.
        found.map_err(|error| {
            Arc::try_unwrap(error).unwrap_or_else(|shared| {
                ShopError::Unavailable(DatabaseError::NoConnection(shared.to_string()))
            })
        })
    }

    /// Takes over what is read only when someone looks.
    pub(crate) async fn look(&self) {
        self.entries.run_pending_tasks().await;
        let size = i64::try_from(self.entries.entry_count()).unwrap_or(i64::MAX);
        self.size.set(size);
    }

    fn count(&self, result: &'static str) {
        self.requests.get_or_create(&ResultLabels { result }).inc();
    }
}

/// Why a cache in Redis is refused.
pub(crate) const NO_REDIS: &str = "cache: this build keeps entries in each pod only; leave `redis` out, \
     or run pods without a cache behind your own";
