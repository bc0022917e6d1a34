//! What all requests of a pod share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::ShopConfig;
use super::cache::CatalogueCache;
use super::cors::Origins;
use super::error::ShopError;
use super::limiter::Limiter;
use super::metrics::Metrics;
use super::mischief::Mischiefs;
use super::password::PasswordHashing;
use super::replicas::Replicas;
use super::request_context::Client;
use super::session::Sessions;
use super::shards::Shards;
use super::work::{PodSlots, database_work};
use crate::service::ServeError;
use crate::service::database::{Database, PoolSettings, Writable};
use crate::service::http::Leaving;

/// One pod, as its request handlers see it.
pub(crate) type App = Arc<Shop>;

/// What all requests of a pod share.
pub(crate) struct Shop {
    pub(crate) config: ShopConfig,
    pub(crate) started: Instant,
    /// The first, or only, database.
    pub(crate) database: Database,
    /// All of them: where carts and orders are.
    pub(crate) shards: Shards,
    pub(crate) writable: Writable,
    pub(crate) leaving: Leaving,
    pub(crate) sessions: Sessions,
    pub(crate) passwords: PasswordHashing,
    pub(crate) limiter: Limiter<Client>,
    pub(crate) origins: Origins,
    pub(crate) metrics: Metrics,
    pub(crate) mischief: Mischiefs,
    /// What requests cost, where that is stated.
    pub(crate) work: Option<PodSlots>,
    pub(crate) cache: Option<CatalogueCache>,
    pub(crate) replicas: Replicas,
}

impl Shop {
    pub(crate) fn new(config: ShopConfig) -> Result<Self, ServeError> {
        if !(config.rate_limit.per_second > 0.0 && config.rate_limit.burst >= 1.0) {
            return Err(ServeError::Config(
                "rate_limit: per_second must be positive and burst at least 1".into(),
            ));
        }
        let settings = PoolSettings {
            size: config.pool_size.max(1),
            operation_timeout: Duration::from_millis(config.query_timeout_ms),
        };
        let database = Database::new(&config.database_params(), &config.pod, settings)?;
        let seconds = database.seconds();
        let mut metrics = Metrics::new(&config, seconds.clone());
        let cache = config.cache.as_ref();
        let cache = cache.map(|cache| CatalogueCache::new(cache, &config, &mut metrics.registry));
        let replicas = Replicas::new(&config, settings, &mut metrics)?;
        let work = config.work.map(PodSlots::new);
        let database_work = database_work(&config, work.as_ref(), &metrics)?;
        let database = database.costing(database_work);
        let first = database.clone();
        let shards = Shards::new(first, &config, settings, &seconds, &metrics)?;
        Ok(Self {
            started: Instant::now(),
            database,
            shards,
            writable: Writable::unknown(),
            leaving: Leaving::default(),
            sessions: Sessions::new(&config.session_key, config.session_seconds)?,
            passwords: PasswordHashing::new(config.password_cost)?,
            limiter: Limiter::new(config.rate_limit),
            origins: Origins::new(&config.allowed_origins).map_err(ServeError::Config)?,
            metrics,
            work,
            cache: cache.transpose()?,
            replicas,
            mischief: Mischiefs::new(config.mischief),
            config,
        })
    }
}

/// The customer whose session token the request carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedIn(pub(crate) i64);

impl FromRequestParts<App> for SignedIn {
    type Rejection = ShopError;

    async fn from_request_parts(parts: &mut Parts, shop: &App) -> Result<Self, ShopError> {
        signed_in(parts, shop)
            .map(Self)
            .ok_or(ShopError::Unauthorized(
                "sign in: POST /api/sessions, then send Authorization: Bearer <token>",
            ))
    }
}

/// The customer behind a request's bearer token, if it has a valid one.
pub(crate) fn signed_in(parts: &Parts, shop: &Shop) -> Option<i64> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| shop.sessions.customer(token.trim(), unix_seconds()))
        .flatten()
}

/// Unix time in seconds.
pub(crate) fn unix_seconds() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
