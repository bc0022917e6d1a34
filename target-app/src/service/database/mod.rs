//! The way to PostgreSQL: where it is, and a pool that outlives a failover.

use crate::service::Secret;

/// Where the database is and who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseParams {
    /// `host:port`, or several separated by commas: the first that takes writes is used.
    pub address: String,
    /// Role name.
    pub user: String,
    /// Its password; may be empty where the server trusts the address.
    pub password: Secret,
    /// Database name.
    pub name: String,
}
