//! How the generator itself is doing: whether what it measures can be believed.

use serde::{Deserialize, Serialize};

use super::clock::Micros;

/// The generator within one second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GeneratorSample {
    /// Its end, run time.
    pub at: Micros,
    /// Processor share of the busiest generator thread, 0…1: at 1 it cannot keep a schedule.
    pub cpu_busiest: f64,
    /// Share of the time in which a generator thread ran or waited for a processor, of the one that
    /// did so most, 0…1. Where the system does not tell of waits, as `cpu_busiest`.
    #[serde(default)]
    pub cpu_wanted: f64,
    /// Processor time of all generator threads in this second, seconds.
    pub cpu_seconds: f64,
    /// How late iterations started, 99th percentile, microseconds; 0 without any.
    pub start_lag_p99_us: u64,
    /// How late iterations started at most, microseconds.
    pub start_lag_max_us: u64,
    /// Arrivals that were due and had not started at its end, because every user was busy.
    pub backlog: u64,
    /// File descriptors open in this process.
    pub descriptors: u64,
    /// As many may be open.
    pub descriptors_limit: u64,
    /// TCP sockets of this machine that hold a local port (in use and in TIME-WAIT).
    pub ports: u64,
    /// Local ports the system may hand out.
    pub ports_limit: u64,
    /// Resident memory of this process, bytes.
    pub resident_bytes: u64,
}
