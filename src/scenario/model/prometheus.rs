//! A Prometheus server that watches what is loaded.

/// `[prometheus]`: who is asked what it saw. Holds no secret: the token stays in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrometheusSpec {
    /// Its address, without a slash at the end.
    pub url: String,
    /// The environment variable that holds a bearer token; none: none is sent.
    pub token_env: Option<String>,
    /// Names of alerts that detect faults, and that end a run in which no fault explains them. Empty:
    /// every alert that fires is a detector, and none ends a run.
    pub alerts: Vec<String>,
    /// What is drawn into the report.
    pub series: Vec<SeriesQuery>,
}

/// A query whose answer is drawn over the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesQuery {
    /// The chart's name.
    pub name: String,
    /// In Prometheus' language.
    pub query: String,
    /// `s`, `%`, `connections`; empty: a bare number.
    pub unit: String,
}
