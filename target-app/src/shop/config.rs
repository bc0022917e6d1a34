//! What a pod of the shop is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::CatalogueCaching;
use crate::api::{Cache, Confirm, DatabaseTime, Millis, Mischief};
use crate::service::Secret;
use crate::service::database::DatabaseParams;
use crate::service::tls::ServerFiles;

/// Configuration of one shop pod. Everything after `session_key` has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopConfig {
    /// Name, told in the header `x-pod`.
    pub pod: String,
    /// Zone, told in the header `x-zone`.
    pub zone: String,
    /// Where to listen; port 0 chooses a free one.
    pub listen: SocketAddr,
    /// The database's `host:port`, or several separated by commas.
    pub database: String,
    /// Role.
    pub database_user: String,
    /// Password; may be empty.
    #[serde(default)]
    pub database_password: Secret,
    /// Database name.
    pub database_name: String,
    /// The authorities, as PEM, one of which has to vouch for the database; none: the way to it is
    /// not encrypted.
    #[serde(default)]
    pub database_ca: Option<PathBuf>,
    /// What it shows its clients; none: it serves HTTP without TLS.
    #[serde(default)]
    pub tls: Option<ServerFiles>,
    /// Signs session tokens: the same for all pods, at least 16 bytes.
    pub session_key: Secret,
    /// Connections at most.
    #[serde(default = "default::pool_size")]
    pub pool_size: usize,
    /// A database operation that takes longer is given up together with its connection, in milliseconds.
    #[serde(default = "default::query_timeout_ms")]
    pub query_timeout_ms: u64,
    /// How long a session lasts, in seconds.
    #[serde(default = "default::session_seconds")]
    pub session_seconds: u64,
    /// What a new password's hash costs.
    #[serde(default)]
    pub password_cost: PasswordCost,
    /// Requests that one client may make.
    #[serde(default)]
    pub rate_limit: RateLimit,
    /// Sites whose pages may ask this shop from a browser, such as `https://shop.example`; its own
    /// page always may.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Log every request, not only failed and slow ones.
    #[serde(default)]
    pub log_requests: bool,
    /// Requests that take at least this long are logged, in milliseconds.
    #[serde(default = "default::slow_request_ms")]
    pub slow_request_ms: u64,
    /// When asked to stop: how long to serve on, unready, so that the edge notices, in milliseconds.
    #[serde(default = "default::drain_ms")]
    pub drain_ms: u64,
    /// How long requests in flight may take after that, in milliseconds.
    #[serde(default = "default::grace_ms")]
    pub grace_ms: u64,
    /// How the pod breaks its word on purpose.
    #[serde(default)]
    pub mischief: Mischief,
    /// How long a shared cache may keep the catalogue.
    #[serde(default)]
    pub catalogue_caching: CatalogueCaching,
    /// URL of a mail sink whose books are compared with the shop's own.
    #[serde(default)]
    pub mail_books: Option<String>,
    /// What it runs, told in the header `x-version`.
    #[serde(default = "default::version")]
    pub version: String,
    /// What a request costs.
    #[serde(default)]
    pub work: Option<PodWork>,
    /// What the database's work costs.
    #[serde(default)]
    pub database_work: Option<DatabaseWork>,
    /// Servers that the catalogue and old orders are read from.
    #[serde(default)]
    pub replicas: Vec<ReplicaConfig>,
    /// Further databases that carts and orders are divided over, by customer.
    #[serde(default)]
    pub shards: Vec<ShardConfig>,
    /// Keeps what was read of the catalogue.
    #[serde(default)]
    pub cache: Option<Cache>,
    /// How the keys begin of what it keeps in a Redis: others may keep something there as well.
    #[serde(default = "default::cache_prefix")]
    pub cache_prefix: String,
    /// A Redis that answers later than that is done without until it is quicker, in milliseconds.
    #[serde(default = "default::cache_timeout_ms")]
    pub cache_timeout_ms: u64,
    /// When an order's confirmation is written and sent.
    #[serde(default)]
    pub confirm: Confirm,
    /// What that takes, of the pod's slots, when it is done in the request.
    #[serde(default)]
    pub confirm_time: Option<Millis>,
}

/// What a request costs a pod: one of its slots for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PodWork {
    /// For how long.
    pub time: Millis,
    /// How many slots there are.
    pub at_once: u32,
}

/// A server that follows the primary, to be read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicaConfig {
    /// Name, told in metrics.
    pub name: String,
    /// Where it is.
    pub address: SocketAddr,
    /// Who has its slots, where its work is stated.
    pub turnstile: Option<SocketAddr>,
    /// How old what it shows may be for it to be read from.
    pub lag: Millis,
}

/// A further database with the same user, password and name, for the carts and orders of some
/// customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardConfig {
    /// Name, told in metrics.
    pub name: String,
    /// Where it is.
    pub address: SocketAddr,
    /// Who has its slots, where its work is stated.
    pub turnstile: Option<SocketAddr>,
}

/// What the database's work costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseWork {
    /// For how long a slot is taken.
    pub time: DatabaseTime,
    /// Who has the slots; absent: the pod itself, because the database is on the same server.
    pub turnstile: Option<SocketAddr>,
}

impl ShopConfig {
    /// A configuration with defaults for all that has them.
    #[must_use]
    pub fn new(
        pod: impl Into<String>,
        zone: impl Into<String>,
        listen: SocketAddr,
        database: DatabaseParams,
        session_key: impl Into<Secret>,
    ) -> Self {
        Self {
            pod: pod.into(),
            zone: zone.into(),
            listen,
            database: database.address,
            database_user: database.user,
            database_password: database.password,
            database_name: database.name,
            database_ca: database.ca,
            tls: None,
            session_key: session_key.into(),
            pool_size: default::pool_size(),
            query_timeout_ms: default::query_timeout_ms(),
            session_seconds: default::session_seconds(),
            password_cost: PasswordCost::default(),
            rate_limit: RateLimit::default(),
            allowed_origins: Vec::new(),
            log_requests: false,
            slow_request_ms: default::slow_request_ms(),
            drain_ms: default::drain_ms(),
            grace_ms: default::grace_ms(),
            mischief: Mischief::default(),
            catalogue_caching: CatalogueCaching::default(),
            mail_books: None,
            version: default::version(),
            work: None,
            database_work: None,
            replicas: Vec::new(),
            shards: Vec::new(),
            cache: None,
            cache_prefix: default::cache_prefix(),
            cache_timeout_ms: default::cache_timeout_ms(),
            confirm: Confirm::default(),
            confirm_time: None,
        }
    }

    /// Where the database is and who asks.
    #[must_use]
    pub fn database_params(&self) -> DatabaseParams {
        DatabaseParams {
            address: self.database.clone(),
            user: self.database_user.clone(),
            password: self.database_password.clone(),
            name: self.database_name.clone(),
            ca: self.database_ca.clone(),
        }
    }
}

/// What hashing a password costs (argon2id).
///
/// The default is a *test cost*: tens of microseconds, so that a load test measures the shop and
/// not argon2. Real passwords deserve 19 MiB and 2 passes at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordCost {
    /// Memory in KiB, at least 8.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self {
            memory_kib: 64,
            passes: 1,
        }
    }
}

/// Requests that one client (a session, else an address) may make.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimit {
    /// Sustained, per second. Generous by default: a load test comes from one address.
    pub per_second: f64,
    /// At once.
    pub burst: f64,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            per_second: 50_000.0,
            burst: 50_000.0,
        }
    }
}

/// Defaults that serde asks for one by one.
mod default {
    pub(super) fn pool_size() -> usize {
        8
    }
    pub(super) fn query_timeout_ms() -> u64 {
        1_000
    }
    pub(super) fn session_seconds() -> u64 {
        24 * 3600
    }
    pub(super) fn slow_request_ms() -> u64 {
        1_000
    }
    pub(super) fn drain_ms() -> u64 {
        800
    }
    pub(super) fn grace_ms() -> u64 {
        5_000
    }
    pub(super) fn cache_prefix() -> String {
        "shop".into()
    }
    pub(super) fn cache_timeout_ms() -> u64 {
        100
    }
    pub(super) fn version() -> String {
        "1".into()
    }
}
