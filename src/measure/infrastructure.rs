//! What the infrastructure itself said: who noticed a fault (T2), who acted on it (T3), and which
//! part each database server had when. Pure.

use super::clock::Micros;

/// An entry of the infrastructure's own log, in run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When.
    pub at: Micros,
    /// `database-promoted` …
    pub kind: &'a str,
    /// To whom.
    pub subject: &'a str,
}

/// Kinds that mean somebody noticed, and who that is.
const DETECTORS: [(&str, &str); 9] = [
    ("rollout-rolled-back", "rollback rule"),
    ("edge-target-down", "edge health check"),
    ("pod-unready", "readiness probe"),
    ("pod-exited", "control plane"),
    ("database-down", "database probe"),
    ("database-degraded", "replication watcher"),
    ("target-unhealthy", "load balancer's health check"),
    ("alarm-fired", "CloudWatch alarm"),
    ("alert-fired", "Prometheus alert"),
];

/// Kinds that mean something was done about it.
const MITIGATIONS: [&str; 3] = [
    "edge-target-down",
    "database-endpoint-moved",
    "rollout-rolled-back",
];

/// T2: each detector's first word in `from..=to`, in order of time.
#[must_use]
pub fn detections(log: &[Entry<'_>], from: Micros, to: Micros) -> Vec<(&'static str, Micros)> {
    let mut found: Vec<(&'static str, Micros)> = DETECTORS
        .iter()
        .filter_map(|(kind, who)| first(log, kind, from, to).map(|at| (*who, at)))
        .collect();
    found.sort_by_key(|(_, at)| *at);
    found
}

/// T3: when the last of the different reactions in `from..=to` had come: traffic was sent
/// elsewhere, and the endpoint led to the new primary.
#[must_use]
pub fn mitigated(log: &[Entry<'_>], from: Micros, to: Micros) -> Option<Micros> {
    MITIGATIONS
        .iter()
        .filter_map(|kind| first(log, kind, from, to))
        .max()
}

fn first(log: &[Entry<'_>], kind: &str, from: Micros, to: Micros) -> Option<Micros> {
    log.iter()
        .filter(|entry| entry.kind == kind && (from..=to).contains(&entry.at))
        .map(|entry| entry.at)
        .min()
}

/// One server's parts in order of time: `(from, to, part)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The server.
    pub server: String,
    /// Without overlap.
    pub segments: Vec<(Micros, Micros, &'static str)>,
}

/// Which part each database server had from 0 to `end`. `before` is how it was at the start.
#[must_use]
pub fn database_parts(
    before: &[(String, &'static str)],
    log: &[Entry<'_>],
    end: Micros,
) -> Vec<Parts> {
    let mut servers: Vec<(String, Vec<(Micros, &'static str)>)> = before
        .iter()
        .map(|(name, part)| (name.clone(), vec![(0, *part)]))
        .collect();
    for entry in log {
        let part = match entry.kind {
            "database-down" | "database-fenced" | "database-degraded" | "replica-lost" => "down",
            "database-promoted" => "primary",
            "database-rebuild-started" | "replica-copying" => "rebuilding",
            "database-standby-caught-up" => "standby",
            "replica-ready" => "replica",
            _ => continue,
        };
        match servers.iter_mut().find(|(name, _)| name == entry.subject) {
            Some((_, changes)) if changes.last().is_none_or(|(_, last)| *last != part) => {
                changes.push((entry.at, part));
            }
            Some(_) => {}
            None => servers.push((entry.subject.to_owned(), vec![(entry.at, part)])),
        }
    }
    servers
        .into_iter()
        .map(|(server, changes)| {
            let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([end]);
            let segments = changes
                .iter()
                .zip(ends)
                .map(|((at, part), to)| (*at, to, *part));
            Parts {
                server,
                segments: segments.filter(|(from, to, _)| from < to).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'a>(at: Micros, kind: &'a str, subject: &'a str) -> Entry<'a> {
        Entry { at, kind, subject }
    }

    #[test]
    fn the_first_word_of_each_detector_within_the_window_counts() {
        let log = [
            entry(5, "edge-target-down", "shop-1"),
            entry(20, "database-down", "db-1"),
            entry(25, "edge-target-down", "shop-2"),
            entry(30, "edge-target-down", "shop-3"),
            entry(40, "database-endpoint-moved", "db-2"),
        ];
        assert_eq!(
            detections(&log, 10, 50),
            [("database probe", 20), ("edge health check", 25)]
        );
        assert_eq!(mitigated(&log, 10, 50), Some(40));
        assert_eq!(mitigated(&log, 50, 60), None);
    }

    #[test]
    fn servers_change_their_parts_without_gaps() {
        let before = [
            ("db-1".to_owned(), "primary"),
            ("db-2".to_owned(), "standby"),
        ];
        let log = [
            entry(10, "database-fenced", "db-1"),
            entry(12, "database-promoted", "db-2"),
            entry(15, "database-rebuild-started", "db-3"),
            entry(20, "database-standby-caught-up", "db-3"),
        ];
        let parts = database_parts(&before, &log, 30);
        let of = |n: usize| parts[n].segments.clone();
        assert_eq!(of(0), [(0, 10, "primary"), (10, 30, "down")]);
        assert_eq!(of(1), [(0, 12, "standby"), (12, 30, "primary")]);
        assert_eq!(of(2), [(15, 20, "rebuilding"), (20, 30, "standby")]);
    }
}
