//! How requests are made: limits, manners, and the way to the target.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use crate::scenario::template::Template;

/// How requests are made.
#[derive(Debug, Clone)]
pub struct HttpDefaults {
    /// From send to last byte.
    pub timeout: Duration,
    /// Whether 3xx answers with a `Location` are followed (at most 10).
    pub redirects: bool,
    /// Sent with every request.
    pub headers: Vec<(String, Template)>,
    /// Whether each iteration keeps cookies from its answers.
    pub cookies: bool,
    /// Accept any certificate. An explicit choice.
    pub insecure: bool,
    /// The version that is spoken.
    pub version: HttpVersion,
    /// How long a connection serves.
    pub connections: ConnectionReuse,
    /// Whether every request carries a `traceparent`; none: those to the bundled stack do.
    pub trace: Option<bool>,
    /// What `Accept-Encoding` offers, in this order; empty: it is not sent.
    pub compression: Vec<Coding>,
    /// What every request goes through.
    pub proxy: Option<Proxy>,
    /// How connections are encrypted.
    pub tls: Tls,
}

impl Default for HttpDefaults {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            redirects: true,
            headers: Vec::new(),
            cookies: true,
            insecure: false,
            version: HttpVersion::V1_1,
            connections: ConnectionReuse::PerUser,
            trace: None,
            compression: Vec::new(),
            proxy: None,
            tls: Tls::default(),
        }
    }
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVersion {
    /// RFC 9112.
    V1_1,
    /// RFC 9113: by ALPN where the connection is encrypted, else by prior knowledge.
    V2,
}

/// How long a connection serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionReuse {
    /// A user keeps its connections over all its iterations.
    PerUser,
    /// Each iteration opens its own, as a visitor who comes for the first time.
    PerIteration,
    /// Each request opens its own.
    PerRequest,
    /// All users of a generator thread share one for each host. Version 2 only.
    Shared,
}

/// How a body may be compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or RFC 1951 alone, as some servers mistake it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// Every one of them, the best first.
    pub const ALL: [Self; 4] = [Self::Zstd, Self::Brotli, Self::Gzip, Self::Deflate];

    /// As in `Accept-Encoding` and `Content-Encoding`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// An HTTP proxy: `http` requests are sent to it whole, `https` connections tunnel through it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Host name or address, without the brackets of an IPv6 address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `Basic …`: a secret.
    pub authorization: Option<Arc<str>>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("authorized", &self.authorization.is_some())
            .finish()
    }
}

/// How connections are encrypted.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Trusted instead of the system's certificate authorities; empty: those.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Trusted beside those or the system's: the bundled stack's own, once it is up.
    pub also: Vec<CertificateDer<'static>>,
    /// What the client shows of itself.
    pub identity: Option<Identity>,
    /// The name that is asked for and that the certificate must have; none: the URL's host.
    pub server_name: Option<ServerName<'static>>,
    /// The lowest version that is spoken.
    pub min_version: TlsVersion,
    /// The highest.
    pub max_version: TlsVersion,
    /// Whether a connection may continue the session of an earlier one, as browsers do.
    pub resumption: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            authorities: Vec::new(),
            also: Vec::new(),
            identity: None,
            server_name: None,
            min_version: TlsVersion::V1_2,
            max_version: TlsVersion::V1_3,
            resumption: true,
        }
    }
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    V1_2,
    /// RFC 8446.
    V1_3,
}

/// A client certificate: its chain and its key, which belong together.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The client's own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// A secret; printed as nothing but its kind.
    pub key: Arc<PrivateKeyDer<'static>>,
}
