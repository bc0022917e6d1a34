//! `samples.csv`: one row per second and step, and one row per second for the whole run (its
//! journey and step are empty). Made for spreadsheets; what histograms cannot hold is read back
//! from here.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;
use std::str::FromStr;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::interval::{Interval, StepInterval};
use super::outcome::ErrorKind;

/// A row. Times are microseconds; cells that do not apply are empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Seconds since the run's start.
    pub second: u64,
    /// Empty in the run's own row.
    pub journey: String,
    /// Empty in the run's own row.
    pub step: String,
    /// Requests that ended in this second.
    pub requests: Option<u64>,
    /// Of those, failed.
    pub failed: Option<u64>,
    /// Response time, median.
    pub p50_us: Option<u64>,
    /// Response time, 95 %.
    pub p95_us: Option<u64>,
    /// Response time, 99 %.
    pub p99_us: Option<u64>,
    /// Response time, slowest.
    pub max_us: Option<u64>,
    /// Service time, 99 %.
    pub service_p99_us: Option<u64>,
    /// Failures by kind: `reset=3 timeout=1`.
    pub errors: String,
    /// Answers by status: `200=38 503=2`.
    pub statuses: String,
    /// Body bytes sent.
    pub bytes_sent: Option<u64>,
    /// Body bytes received.
    pub bytes_received: Option<u64>,
    /// Run: iterations that the open-model schedules called for.
    pub scheduled: Option<u64>,
    /// Run: of those, started.
    pub started: Option<u64>,
    /// Run: iterations that ended.
    pub ended: Option<u64>,
    /// Run: most iterations in progress.
    pub users: Option<u64>,
    /// Run: how late iterations started, 99 %.
    pub start_lag_p99_us: Option<u64>,
}

impl Row {
    /// The run's own row of a second.
    #[must_use]
    pub fn of_run(interval: &Interval) -> Self {
        Self {
            second: interval.second,
            scheduled: Some(interval.scheduled),
            started: Some(interval.started),
            ended: Some(interval.ended),
            users: Some(interval.users),
            start_lag_p99_us: at(&interval.start_lag_us, 0.99),
            ..Self::default()
        }
    }

    /// A step's row. `all_…` are successes and failures together.
    #[must_use]
    pub fn of_step(
        second: u64,
        (journey, step): (&str, &str),
        of: &StepInterval,
        all_response: &Histogram<u64>,
        all_service: &Histogram<u64>,
    ) -> Self {
        Self {
            second,
            journey: journey.to_owned(),
            step: step.to_owned(),
            requests: Some(all_response.len()),
            failed: Some(of.failed_response_us.len()),
            p50_us: at(all_response, 0.5),
            p95_us: at(all_response, 0.95),
            p99_us: at(all_response, 0.99),
            max_us: at(all_response, 1.0),
            service_p99_us: at(all_service, 0.99),
            errors: packed(of.errors.iter().map(|(kind, count)| (kind.name(), *count))),
            statuses: packed(of.statuses.iter().map(|(status, count)| (status, *count))),
            bytes_sent: Some(of.bytes_sent),
            bytes_received: Some(of.bytes_received),
            ..Self::default()
        }
    }

    /// Whether it is the run's own row, the first of each second.
    #[must_use]
    pub fn is_run(&self) -> bool {
        self.journey.is_empty() && self.step.is_empty()
    }

    /// Failures by kind.
    ///
    /// # Errors
    /// The cell does not hold them.
    pub fn error_counts(&self) -> io::Result<BTreeMap<ErrorKind, u64>> {
        unpacked(&self.errors, |name| {
            ErrorKind::ALL.into_iter().find(|kind| kind.name() == name)
        })
    }

    /// Answers by status.
    ///
    /// # Errors
    /// The cell does not hold them.
    pub fn status_counts(&self) -> io::Result<BTreeMap<u16, u64>> {
        unpacked(&self.statuses, |status| u16::from_str(status).ok())
    }
}

fn at(histogram: &Histogram<u64>, q: f64) -> Option<u64> {
    (!histogram.is_empty()).then(|| histogram.value_at_quantile(q))
}

fn packed<K: Display>(counts: impl Iterator<Item = (K, u64)>) -> String {
    counts
        .map(|(key, count)| format!("{key}={count}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn unpacked<K: Ord>(
    cell: &str,
    key_of: impl Fn(&str) -> Option<K>,
) -> io::Result<BTreeMap<K, u64>> {
    cell.split_ascii_whitespace()
        .map(|pair| {
            let (key, count) = pair.split_once('=')?;
            Some((key_of(key)?, count.parse().ok()?))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("`{cell}` is no list of counts"),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_survive_their_cell() {
        let row = Row {
            errors: "reset=3 timeout=1".into(),
            statuses: "200=38 503=2".into(),
            ..Row::default()
        };
        let errors = BTreeMap::from([(ErrorKind::Reset, 3), (ErrorKind::Timeout, 1)]);
        assert_eq!(row.error_counts().expect("sound"), errors);
        assert_eq!(
            row.status_counts().expect("sound"),
            BTreeMap::from([(200, 38), (503, 2)])
        );
        assert_eq!(
            Row::default().error_counts().expect("empty is none"),
            BTreeMap::new()
        );
    }

    #[test]
    fn a_cell_with_something_else_is_named() {
        let row = Row {
            errors: "gremlins=3".into(),
            ..Row::default()
        };
        let error = row.error_counts().expect_err("no such kind");
        assert_eq!(error.to_string(), "`gremlins=3` is no list of counts");
    }
}
