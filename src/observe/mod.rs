//! What a target measures of itself, drawn beside what its clients saw: asked for when the load is
//! over, or read off its own pages meanwhile.

pub mod pages;
mod prometheus;

use std::time::Duration;

pub use prometheus::{Firing, Prometheus, PrometheusError};
use reqwest::{Certificate, ClientBuilder};

use crate::scenario::Tls;

/// What is measured is often encrypted by the same authority as the target: that is trusted here as
/// well, beside the system's.
fn trusting(tls: &Tls, builder: ClientBuilder) -> ClientBuilder {
    let trusted = tls.authorities.iter().chain(&tls.also);
    // Each was read as one that can be trusted.
    builder.tls_certs_merge(trusted.filter_map(|one| Certificate::from_der(one).ok()))
}

/// The stretch of time that is asked about, Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its start, microseconds since 1970.
    pub from_us: u64,
    /// Its end, microseconds since 1970.
    pub to_us: u64,
}

impl Window {
    /// How long it is.
    #[must_use]
    pub fn length(&self) -> Duration {
        Duration::from_micros(self.to_us.saturating_sub(self.from_us))
    }
}

/// One figure over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What is measured, of whom: `CPUUtilization of shop`.
    pub name: String,
    /// `%`, `ms`, `connections`; empty: a bare number.
    pub unit: String,
    /// Who says so: `CloudWatch`.
    pub source: String,
    /// The stretch that one sample stands for.
    pub resolution: Duration,
    /// In order of time.
    pub samples: Vec<Sample>,
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The middle of what it stands for, microseconds since 1970.
    pub at_us: u64,
    /// In the series' unit.
    pub value: f64,
}
