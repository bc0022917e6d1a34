//! New connections: name, TCP, a proxy's tunnel, TLS, each with its own kind of failure.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::HandshakeKind;
use tokio_rustls::rustls::pki_types::ServerName;

use super::carrier::Carrier;
use super::failure::{Failure, cause};
use super::http2::Multiplexed;
use super::origin::Origin;
use super::proxy::Via;
use super::resolver::Resolver;
use super::stream::Stream;
use super::tls;
use crate::load::wire::{WireTimes, note};
use crate::measure::clock::RunClock;
use crate::measure::outcome::ErrorKind;
use crate::scenario::{ConnectionReuse, HttpDefaults, HttpVersion};

/// Longest wait for a connection, whatever a step's timeout allows.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// HTTP/2 by its name in ALPN.
const H2: &[u8] = b"h2";

/// Makes connections for the users of one worker, who share its names and its TLS sessions.
pub(crate) struct Connector {
    clock: RunClock,
    resolver: Resolver,
    http: HttpDefaults,
    via: Option<Via>,
    /// The scenario's target: `tls.server_name` is its name only.
    target: Origin,
    /// Set up when it is first needed: loading the system's certificates takes its time.
    tls: OnceLock<Result<TlsConnector, String>>,
    /// Connections that all users share.
    shared: tokio::sync::Mutex<HashMap<Origin, Multiplexed>>,
    made: Mutex<Made>,
}

/// What has been made so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    pub(crate) connections: u64,
    /// TLS handshakes with certificates and keys.
    pub(crate) full_handshakes: u64,
    /// Those that continued an earlier session.
    pub(crate) resumed_handshakes: u64,
    pub(crate) times: WireTimes,
}

impl Connector {
    pub(crate) fn new(http: &HttpDefaults, target: &Origin, clock: RunClock) -> Self {
        Self {
            clock,
            resolver: Resolver::default(),
            http: http.clone(),
            via: http.proxy.clone().map(Via::new),
            target: target.clone(),
            tls: OnceLock::new(),
            shared: tokio::sync::Mutex::default(),
            made: Mutex::default(),
        }
    }

    /// How long its connections serve.
    pub(crate) fn reuse(&self) -> ConnectionReuse {
        self.http.connections
    }

    /// What has been made so far.
    pub(crate) fn made(&self) -> Made {
        self.lock().clone()
    }

    /// The proxy that requests to this origin are written for.
    pub(crate) fn rewrites(&self, origin: &Origin) -> Option<&Via> {
        self.through(origin).filter(|_| !origin.secure)
    }

    /// A connection to it broke or could not be made. See [`Resolver::lost`].
    pub(crate) fn lost(&self, origin: &Origin) {
        let dialled = self.through(origin).map_or(origin, |via| &via.origin);
        if dialled.socket.is_none() {
            self.resolver.lost(dialled);
        }
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
    ) -> Result<Carrier, Failure> {
        let result = within(limit, origin, self.carrier(origin, turn)).await;
        if result.is_err() {
            self.lost(origin);
        }
        result
    }

    /// The connection that all users share, opened anew if it is gone. Waits for whoever is
    /// opening it already.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub(crate) async fn shared(
        &self,
        origin: &Origin,
        turn: usize,
        limit: Duration,
    ) -> Result<Carrier, Failure> {
        within(limit, origin, async {
            let mut shared = self.shared.lock().await;
            if let Some(known) = shared.get_mut(origin)
                && known.is_open().await
            {
                return Ok(Carrier::Many(known.clone()));
            }
            let carrier = self.connect(origin, turn, limit).await?;
            if let Carrier::Many(fresh) = &carrier {
                shared.insert(origin.clone(), fresh.clone());
            }
            Ok(carrier)
        })
        .await
    }

    async fn carrier(&self, origin: &Origin, turn: usize) -> Result<Carrier, Failure> {
        let stream = self.steps(origin, turn).await?;
        let carrier = match self.http.version {
            HttpVersion::V1_1 => Carrier::One(stream),
            HttpVersion::V2 => Carrier::Many(Multiplexed::greet(origin, stream).await?),
        };
        self.lock().connections += 1;
        Ok(carrier)
    }

    async fn steps(&self, origin: &Origin, turn: usize) -> Result<Stream, Failure> {
        if let Some(socket) = &origin.socket {
            return self.local(origin, socket).await;
        }
        let via = self.through(origin);
        if via.is_some() && !origin.secure && self.http.version == HttpVersion::V2 {
            let message = "HTTP/2 without TLS cannot go through a proxy";
            return Err(Failure::new(ErrorKind::Connect, message));
        }
        let stream = match via {
            None => self.dial(origin, turn).await?,
            Some(via) => {
                let mut stream = self.dial(&via.origin, turn).await?;
                if origin.secure {
                    via.tunnel(origin, &mut stream).await?;
                }
                stream
            }
        };
        if origin.secure {
            self.encrypt(origin, stream).await
        } else {
            Ok(Stream::Plain(stream))
        }
    }

    async fn local(&self, origin: &Origin, socket: &Path) -> Result<Stream, Failure> {
        let began = self.clock.now();
        let stream = UnixStream::connect(socket).await.map_err(|error| {
            let message = format!("{}: {}", origin.url(), cause(&error));
            Failure::new(ErrorKind::Connect, message)
        })?;
        self.time(began, |times| &mut times.connect_us);
        Ok(Stream::Local(stream))
    }

    /// Name and TCP.
    async fn dial(&self, origin: &Origin, turn: usize) -> Result<TcpStream, Failure> {
        let began = self.clock.now();
        let resolved = self.resolver.resolve(origin).await.map_err(|error| {
            Failure::new(
                ErrorKind::Dns,
                format!("{} does not resolve: {}", origin.host, cause(&error)),
            )
        })?;
        if resolved.asked {
            self.time(began, |times| &mut times.resolve_us);
        }
        let began = self.clock.now();
        let addresses = resolved.addresses;
        let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for attempt in 0..addresses.len() {
            let address = addresses[turn.wrapping_add(attempt) % addresses.len()];
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    self.time(began, |times| &mut times.connect_us);
                    // Small requests must not wait for earlier ones to be acknowledged. A socket
                    // that refuses the option still works.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => refused = error,
            }
        }
        Err(Failure::new(
            ErrorKind::Connect,
            format!("{}: {}", origin.url(), cause(&refused)),
        ))
    }

    async fn encrypt(&self, origin: &Origin, stream: TcpStream) -> Result<Stream, Failure> {
        let tls =
            |message: String| Failure::new(ErrorKind::Tls, format!("{}: {message}", origin.url()));
        let name = self
            .server_name(origin)
            .map_err(|error| tls(error.to_string()))?;
        let connector = self
            .tls
            .get_or_init(|| connector(&self.http))
            .as_ref()
            .map_err(|why| tls(format!("TLS cannot be set up: {why}")))?;
        let began = self.clock.now();
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| tls(cause(&error)))?;
        self.time(began, |times| &mut times.tls_us);
        let agreed = stream.get_ref().1.alpn_protocol();
        if self.http.version == HttpVersion::V2 && agreed != Some(H2) {
            return Err(tls(
                "it does not speak HTTP/2 (it did not choose h2 by ALPN)".to_owned(),
            ));
        }
        match stream.get_ref().1.handshake_kind() {
            Some(HandshakeKind::Resumed) => self.lock().resumed_handshakes += 1,
            _ => self.lock().full_handshakes += 1,
        }
        Ok(Stream::Tls(Box::new(stream)))
    }

    /// The name that the certificate must have.
    fn server_name(
        &self,
        origin: &Origin,
    ) -> Result<ServerName<'static>, tokio_rustls::rustls::pki_types::InvalidDnsNameError> {
        match &self.http.tls.server_name {
            Some(name) if *origin == self.target => Ok(name.clone()),
            _ => ServerName::try_from(origin.host.clone()),
        }
    }

    /// The proxy on the way to it.
    fn through(&self, origin: &Origin) -> Option<&Via> {
        self.via.as_ref().filter(|_| origin.socket.is_none())
    }

    fn time(
        &self,
        began: u64,
        which: impl FnOnce(&mut WireTimes) -> &mut hdrhistogram::Histogram<u64>,
    ) {
        let took = self.clock.now().saturating_sub(began);
        note(which(&mut self.lock().times), took);
    }

    /// Only the worker's own thread ever takes this lock.
    fn lock(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// At most so long, and never longer than [`CONNECT_TIMEOUT`].
async fn within<T>(
    limit: Duration,
    origin: &Origin,
    connecting: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let limit = limit.min(CONNECT_TIMEOUT);
    let connected = tokio::time::timeout(limit, connecting).await;
    connected.unwrap_or_else(|_| {
        Err(Failure::new(
            ErrorKind::ConnectTimeout,
            format!("no connection to {} within {limit:?}", origin.url()),
        ))
    })
}

fn connector(http: &HttpDefaults) -> Result<TlsConnector, String> {
    let mut config = tls::client_config(http)?;
    config.alpn_protocols = match http.version {
        HttpVersion::V1_1 => vec![b"http/1.1".to_vec()],
        HttpVersion::V2 => vec![H2.to_vec()],
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("target", &self.target)
            .field("made", &self.made())
            .finish_non_exhaustive()
    }
}

/// Shared by the users of a worker.
pub(crate) type SharedConnector = Arc<Connector>;
