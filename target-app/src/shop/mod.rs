//! The shop: catalogue, customers, cart, orders, and canary writes. One process is one pod.
//!
//! Its promises, whatever fails around it: an order that was answered 201 is in the database with
//! its payment, its confirmation job and its stock; the same `Idempotency-Key` never makes a second
//! one; and when a commit's outcome cannot be known, the answer says so.

mod assets;
mod body;
mod cache;
mod caching;
mod canary;
mod cart;
mod catalogue;
mod config;
mod cors;
mod customers;
mod error;
mod front_page;
mod idempotency;
mod invariants;
mod limiter;
mod mail_books;
mod markup;
mod metrics;
mod mischief;
mod openapi;
mod orders;
mod password;
mod probes;
mod query;
mod replicas;
mod request_context;
mod routes;
pub mod schema;
mod seed;
mod session;
mod shards;
mod state;
mod storefront;
mod tasks;
mod work;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use cache::reach;
pub use caching::CatalogueCaching;
pub use config::{
    DatabaseWork, PasswordCost, PodWork, RateLimit, ReplicaConfig, ShardConfig, ShopConfig,
};

use crate::process::Shutdown;
use crate::service::http::{Farewell, serve};
use crate::service::tls::acceptor;
use crate::service::{Bound, ServeError, bind};

/// Serves one pod of the shop until `shutdown`; `bound` is told where it listens.
///
/// The database need not be there yet: until it takes writes, `/readyz` answers 503. One
/// current-thread runtime is enough for a pod.
///
/// # Errors
/// When the configuration is impossible, the address cannot be bound or the listener breaks.
pub async fn run(
    config: ShopConfig,
    bound: impl FnOnce(Bound),
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    let farewell = Farewell {
        drain: Duration::from_millis(config.drain_ms),
        grace: Duration::from_millis(config.grace_ms),
    };
    let (listener, address) = bind(config.listen).await?;
    let tls = config.tls.as_ref().map(acceptor).transpose()?;
    let shop = Arc::new(state::Shop::new(config)?);
    let probes = shop.database.for_probes()?;
    let watch = shop.writable.clone().watch(probes, shutdown.clone());
    let watch = tokio::spawn(watch);
    let primary = shop.database.for_probes()?;
    let replicas = {
        let (shop, shutdown) = (Arc::clone(&shop), shutdown.clone());
        tokio::spawn(async move { shop.replicas.watch(primary, shutdown).await })
    };
    let cache = {
        let (shop, shutdown) = (Arc::clone(&shop), shutdown.clone());
        tokio::spawn(async move {
            if let Some(cache) = &shop.cache {
                cache.watch(shutdown).await;
            }
        })
    };
    bound(Bound {
        address,
        admin: None,
    });
    let router = routes::router(Arc::clone(&shop));
    let served = serve(listener, tls, router, shutdown, &shop.leaving, farewell).await;
    watch.abort();
    replicas.abort();
    cache.abort();
    shop.replicas.close();
    shop.shards.close();
    served
}
