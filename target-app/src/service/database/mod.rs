//! The way to PostgreSQL: where it is, and a pool that outlives a failover.

mod pool;
mod work;
mod writable;

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::config::TargetSessionAttrs;

use crate::service::tls::DatabaseTls;
use crate::service::{Secret, ServeError};

pub(crate) use pool::{Database, DatabaseError, Lease, PoolSettings};
pub(crate) use work::{Access, Server, Work};
pub(crate) use writable::Writable;

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
    /// The authorities, as PEM, one of which has to vouch for the server; none: connections are
    /// not encrypted.
    pub ca: Option<PathBuf>,
}

impl DatabaseParams {
    /// How connections are encrypted.
    pub(crate) fn tls(&self) -> Result<DatabaseTls, ServeError> {
        Ok(DatabaseTls::demanding(self.ca.as_deref())?)
    }

    /// The driver's configuration for sessions that write.
    ///
    /// There is no `statement_timeout` on purpose: it cancels, and a cancelled wait for the standby
    /// makes the server report success for a commit that the standby does not have.
    pub(crate) fn driver_config(
        &self,
        application: &str,
    ) -> Result<tokio_postgres::Config, ServeError> {
        let mut config = self.reading_config(application)?;
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(config)
    }

    /// As [`Self::driver_config`], for sessions that may also be a replica's.
    pub(crate) fn reading_config(
        &self,
        application: &str,
    ) -> Result<tokio_postgres::Config, ServeError> {
        let mut config = tokio_postgres::Config::new();
        for part in self.address.split(',') {
            let (host, port) = host_port(part).ok_or_else(|| {
                ServeError::Config(format!(
                    "database = {:?}: expected host:port, or several separated by commas",
                    self.address
                ))
            })?;
            config.host(host).port(port);
        }
        config
            .user(&self.user)
            .dbname(&self.name)
            .application_name(application)
            .connect_timeout(Duration::from_secs(1))
            .tcp_user_timeout(Duration::from_secs(2))
            // A pod that hangs in the middle of a transaction must not keep its locks.
            .options("-c idle_in_transaction_session_timeout=3000 -c lock_timeout=800");
        if !self.password.reveal().is_empty() {
            config.password(self.password.reveal());
        }
        Ok(config)
    }
}

/// Splits `host:port`; an IPv6 address stands in brackets.
fn host_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.trim().rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port.parse().ok()?;
    (!host.is_empty()).then_some((host, port))
}

/// What the server said, with its code, instead of the driver's bare "db error".
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(db), _) => format!("{} {}: {}", db.severity(), db.code().code(), db.message()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_at_the_last_colon() {
        assert_eq!(host_port("127.0.0.1:5432"), Some(("127.0.0.1", 5432)));
        assert_eq!(host_port(" [::1]:1 "), Some(("::1", 1)));
        assert_eq!(host_port("db"), None);
        assert_eq!(host_port(":5432"), None);
        assert_eq!(host_port("db:70000"), None);
    }

    #[test]
    fn a_wrong_address_is_quoted_in_the_error() {
        let params = DatabaseParams {
            address: "db".into(),
            user: "u".into(),
            password: "p".into(),
            name: "n".into(),
            ca: None,
        };
        let error = params.driver_config("t").unwrap_err().to_string();
        assert!(error.contains("\"db\""), "{error}");
    }
}
