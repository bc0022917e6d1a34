//! The edge's admin API as data.
//!
//! | call | meaning |
//! |---|---|
//! | `PUT /targets` with `Vec<`[`Target`]`>` | the complete list; who is missing gets no new request and finishes what it has |
//! | `GET /stats` | [`Stats`] |
//! | `GET /health-events?after=SEQ&wait_ms=N` | `Vec<`[`HealthEvent`]`>`, long poll |
//! | `PUT /inject` with `Vec<`[`Injection`]`>` | the complete list of faults to inject; an empty one ends all |
//! | `POST /purge` with [`Purge`] | forget what the cache keeps of these addresses; answers [`Purged`], 409 when there is no cache |
//! | `GET /metrics`, `GET /healthz` | for Prometheus and probes |

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::api::Instant;

/// One server that the edge may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Pod name: what statistics and events are kept under.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// Where it is reached.
    pub address: SocketAddr,
    /// What it runs; empty: unknown.
    #[serde(default)]
    pub version: String,
    /// Its share, relative to the others'.
    #[serde(default = "one")]
    pub weight: u32,
    /// Whether it gets new requests.
    #[serde(default)]
    pub state: TargetState,
}

fn one() -> u32 {
    1
}

/// Whether a target gets new requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetState {
    /// While it is healthy.
    #[default]
    Active,
    /// No: it finishes what it has.
    Draining,
}

/// What the edge saw since it started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// When this was read.
    pub at: Option<Instant>,
    /// By name; a target that was removed is kept while it has requests in flight.
    pub targets: BTreeMap<String, TargetStats>,
    /// Sums over targets, by zone.
    pub zones: BTreeMap<String, Counts>,
    /// Requests that no target was asked for.
    pub unroutable: u64,
    /// Shoppers' connections open now.
    pub connections: u64,
}

/// One target's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetStats {
    /// Its zone.
    pub zone: String,
    /// What it runs; empty: unknown.
    #[serde(default)]
    pub version: String,
    /// Where it is reached.
    pub address: SocketAddr,
    /// Whether it gets new requests.
    pub state: TargetState,
    /// What health checks say; false until the first success.
    pub healthy: bool,
    /// Why the last check failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Its numbers.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Numbers of requests and how long they took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Sent to the target, or attempted.
    pub requests: u64,
    /// Answered 5xx, or not answered, or broken off.
    pub failures: u64,
    /// Without an end yet.
    pub in_flight: u64,
    /// From the first byte sent to the last received, mean in microseconds.
    pub mean_us: u64,
    /// The longest, in microseconds.
    pub max_us: u64,
}

/// A target went out of rotation or came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthEvent {
    /// 1, 2, 3 …
    pub seq: u64,
    /// When.
    pub at: Instant,
    /// Who.
    pub target: String,
    /// Its zone.
    pub zone: String,
    /// In rotation or not.
    pub healthy: bool,
    /// Why.
    pub reason: String,
}

/// Answers that the cache is to forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// How their paths begin; `/` is all of them.
    pub prefix: String,
}

/// What a purge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// Answers that were kept and are not any more.
    pub answers: u64,
}

/// A fault that the edge itself makes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Injection {
    /// Requests for these targets only; all when empty.
    pub targets: Vec<String>,
    /// Requests for targets of these zones only; all when empty.
    pub zones: Vec<String>,
    /// Share answered with `status` without asking the target, 0 to 1.
    pub error_rate: f64,
    /// That status; 503 when absent.
    pub status: Option<u16>,
    /// Share whose connection is reset, 0 to 1.
    pub reset_rate: f64,
    /// Added before the target is asked, in milliseconds.
    pub latency_ms: u64,
    /// Uniform, plus or minus, in milliseconds.
    pub jitter_ms: u64,
}
