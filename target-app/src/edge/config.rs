//! What the edge is told at its start.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::admin_api::Target;
use crate::service::tls::ServerFiles;

/// Configuration of the edge. Everything after `admin` has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeConfig {
    /// Where shoppers go; port 0 chooses a free one.
    pub listen: SocketAddr,
    /// Where the admin API listens: loopback only.
    pub admin: SocketAddr,
    /// Who is asked at first; replaced by `PUT /targets`.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// How a target is chosen.
    #[serde(default)]
    pub policy: Policy,
    /// Active health checks.
    #[serde(default)]
    pub health: HealthCheck,
    /// Longest time to connect to a target, in milliseconds.
    #[serde(default = "default::connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// Longest wait for the head of an answer, and between two parts of its body, in milliseconds.
    #[serde(default = "default::response_timeout_ms")]
    pub response_timeout_ms: u64,
    /// Longest time that requests in flight may take when asked to stop, in milliseconds.
    #[serde(default = "default::grace_ms")]
    pub grace_ms: u64,
    /// When no target is healthy: ask unhealthy ones all the same, as cloud load balancers do.
    #[serde(default = "default::fail_open")]
    pub fail_open: bool,
    /// What is kept and given out again; nothing unless told.
    #[serde(default)]
    pub cdn: Option<CdnConfig>,
    /// Data centres that targets are in; none: all are equally near.
    #[serde(default)]
    pub regions: Option<Regions>,
    /// What it shows shoppers; none: it serves HTTP without TLS.
    #[serde(default)]
    pub tls: Option<ServerFiles>,
    /// The authorities, as PEM, one of which has to vouch for each target under its name; none:
    /// targets are asked in clear.
    #[serde(default)]
    pub target_ca: Option<PathBuf>,
}

/// Where zones are, and how far apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regions {
    /// The region of each zone.
    pub of_zone: BTreeMap<String, String>,
    /// From one region to another, one way, in milliseconds.
    pub distance_ms: u64,
}

impl EdgeConfig {
    /// A configuration with defaults for all that has them.
    #[must_use]
    pub fn new(listen: SocketAddr, admin: SocketAddr) -> Self {
        Self {
            listen,
            admin,
            targets: Vec::new(),
            policy: Policy::default(),
            health: HealthCheck::default(),
            connect_timeout_ms: default::connect_timeout_ms(),
            response_timeout_ms: default::response_timeout_ms(),
            grace_ms: default::grace_ms(),
            fail_open: default::fail_open(),
            cdn: None,
            regions: None,
            tls: None,
            target_ca: None,
        }
    }

    /// How shoppers come.
    pub(super) fn scheme(&self) -> &'static str {
        match self.tls {
            Some(_) => "https",
            None => "http",
        }
    }
}

/// The edge as a content delivery network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CdnConfig {
    /// Paths whose answers may be kept if they say so: whole ones, or beginnings that end with `*`.
    pub paths: Vec<String>,
    /// Room for all answers, in bytes.
    pub bytes: u64,
    /// Longer bodies are passed on and not kept, in bytes.
    pub answer_bytes: u64,
}

impl Default for CdnConfig {
    /// The storefront and its catalogue, in 64 MiB.
    fn default() -> Self {
        let paths = [
            "/",
            "/assets/*",
            "/product/*",
            "/api/products",
            "/api/products/*",
        ];
        Self {
            paths: paths.map(str::to_owned).into(),
            bytes: 64 << 20,
            answer_bytes: 4 << 20,
        }
    }
}

/// How a target is chosen among those that may be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// In turn, in proportion to weights.
    #[default]
    RoundRobin,
    /// The one with the fewest requests in flight for its weight.
    LeastConnections,
}

/// Active health checks: `GET path` of every target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthCheck {
    /// What to ask for; 2xx is healthy.
    pub path: String,
    /// From the end of one check to the start of the next, in milliseconds.
    pub interval_ms: u64,
    /// An answer that takes longer is a failure, in milliseconds.
    pub timeout_ms: u64,
    /// Failures in a row that take a target out.
    pub down_after: u32,
    /// Successes in a row that take it back in.
    pub up_after: u32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/readyz".into(),
            interval_ms: 200,
            timeout_ms: 500,
            down_after: 2,
            up_after: 1,
        }
    }
}

/// Defaults that serde asks for one by one.
mod default {
    pub(super) fn connect_timeout_ms() -> u64 {
        1_000
    }
    pub(super) fn response_timeout_ms() -> u64 {
        5_000
    }
    pub(super) fn grace_ms() -> u64 {
        5_000
    }
    pub(super) fn fail_open() -> bool {
        true
    }
}
