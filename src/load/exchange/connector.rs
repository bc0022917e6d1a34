//! New connections: name, TCP, TLS, each with its own kind of failure.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::failure::{Failure, cause};
use super::origin::Origin;
use super::resolver::Resolver;
use super::shortage::Shortages;
use super::stream::Stream;
use super::tls;
use crate::measure::outcome::ErrorKind;
use crate::measure::saturation::Denied;

/// Longest wait for a connection, whatever a step's timeout allows.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes connections for the users of one worker.
pub(crate) struct Connector {
    resolver: Resolver,
    insecure: bool,
    /// Set up when it is first needed: loading the system's certificates takes its time.
    tls: OnceLock<Result<TlsConnector, String>>,
    opened: AtomicU64,
    shortages: Shortages,
}

impl Connector {
    pub(crate) fn new(insecure: bool) -> Self {
        Self {
            resolver: Resolver::default(),
            insecure,
            tls: OnceLock::new(),
            opened: AtomicU64::new(0),
            shortages: Shortages::default(),
        }
    }

    /// Connections opened so far.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Connections that this machine denied so far.
    pub(crate) fn denied(&self) -> Denied {
        self.shortages.so_far()
    }

    /// See [`Resolver::lost`].
    pub(crate) fn lost(&self, origin: &Origin) {
        self.resolver.lost(origin);
    }

    /// A connection ready for a request. `turn` spreads users over a name's addresses.
    ///
    /// # Errors
    /// Kinds [`ErrorKind::Dns`], [`ErrorKind::Connect`], [`ErrorKind::ConnectTimeout`] and
    /// [`ErrorKind::Tls`]: surely nothing was sent.
    pub(crate) async fn connect(
        &self,
        origin: &Origin,
        turn: usize,
        limit: Duration,
    ) -> Result<Stream, Failure> {
        let limit = limit.min(CONNECT_TIMEOUT);
        let connected = tokio::time::timeout(limit, self.steps(origin, turn)).await;
        let result = connected.unwrap_or_else(|_| {
            Err(Failure::new(
                ErrorKind::ConnectTimeout,
                format!("no connection to {} within {limit:?}", origin.url()),
            ))
        });
        match &result {
            Ok(_) => {
                self.opened.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => self.lost(origin),
        }
        result
    }

    async fn steps(&self, origin: &Origin, turn: usize) -> Result<Stream, Failure> {
        let addresses = self.resolver.resolve(origin).await.map_err(|error| {
            self.shortages.note(&error);
            Failure::new(
                ErrorKind::Dns,
                format!("{} does not resolve: {}", origin.host, cause(&error)),
            )
        })?;
        let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for attempt in 0..addresses.len() {
            let address = addresses[turn.wrapping_add(attempt) % addresses.len()];
            match TcpStream::connect(address).await {
                Ok(stream) => return self.encrypt(origin, stream).await,
                Err(error) => refused = error,
            }
        }
        self.shortages.note(&refused);
        Err(Failure::new(
            ErrorKind::Connect,
            format!("{}: {}", origin.url(), cause(&refused)),
        ))
    }

    async fn encrypt(&self, origin: &Origin, stream: TcpStream) -> Result<Stream, Failure> {
        // Small requests must not wait for earlier ones to be acknowledged. A socket that refuses
        // the option still works.
        let _ = stream.set_nodelay(true);
        if !origin.secure {
            return Ok(Stream::Plain(stream));
        }
        let tls =
            |message: String| Failure::new(ErrorKind::Tls, format!("{}: {message}", origin.url()));
        let name =
            ServerName::try_from(origin.host.clone()).map_err(|error| tls(error.to_string()))?;
        let connector = self
            .tls
            .get_or_init(|| tls::connector(self.insecure))
            .as_ref()
            .map_err(|why| tls(format!("TLS cannot be set up: {why}")))?;
        match connector.connect(name, stream).await {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(error) => Err(tls(cause(&error))),
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("opened", &self.opened())
            .finish_non_exhaustive()
    }
}

/// Shared by the users of a worker.
pub(crate) type SharedConnector = Arc<Connector>;
