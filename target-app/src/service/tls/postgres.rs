//! The way to PostgreSQL, encrypted or not.

use std::fmt;
use std::path::Path;

use deadpool_postgres::{Manager, ManagerConfig};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{TlsError, trusting};

/// How connections to a database are encrypted: not at all, or with a server that an authority
/// vouches for. Cheap to clone.
#[derive(Clone, Default)]
pub struct DatabaseTls(Option<MakeRustlsConnect>);

impl DatabaseTls {
    /// Demands it where there are authorities to trust.
    ///
    /// # Errors
    /// As [`trusting`].
    pub fn demanding(authorities: Option<&Path>) -> Result<Self, TlsError> {
        let config = authorities.map(trusting).transpose()?;
        Ok(Self(config.map(MakeRustlsConnect::new)))
    }

    /// Connects; what the connection has to say, its client is told. It ends when the client does.
    ///
    /// # Errors
    /// The driver's. A server that does not encrypt, or whose certificate is not trusted, is one.
    pub async fn connect(&self, mut config: Config) -> Result<Client, tokio_postgres::Error> {
        match &self.0 {
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                tokio::spawn(connection);
                Ok(client)
            }
            Some(tls) => {
                config.ssl_mode(SslMode::Require);
                let (client, connection) = config.connect(tls.clone()).await?;
                tokio::spawn(connection);
                Ok(client)
            }
        }
    }

    /// The same for a pool.
    pub(crate) fn manager(&self, mut config: Config, manager: ManagerConfig) -> Manager {
        match &self.0 {
            None => Manager::from_config(config, NoTls, manager),
            Some(tls) => {
                config.ssl_mode(SslMode::Require);
                Manager::from_config(config, tls.clone(), manager)
            }
        }
    }
}

impl fmt::Debug for DatabaseTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.0.is_some() { "demanded" } else { "off" };
        write!(f, "DatabaseTls({how})")
    }
}
