//! What the time between a fault and its end was spent on, from the infrastructure's own log. Pure.

use crate::measure::clock::Micros;
use crate::measure::infrastructure::Entry;

/// The stage in which a fault was left in place because the scenario wants it so.
pub const HELD: &str = "held as planned";

/// A stretch between two milestones, named by what ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// `promotion`, `pools reconnect` …
    pub name: &'static str,
    /// Its start, run time.
    pub from: Micros,
    /// Its end, run time.
    pub to: Micros,
}

impl Stage {
    /// Microseconds.
    #[must_use]
    pub fn length(self) -> Micros {
        self.to.saturating_sub(self.from)
    }
}

/// What one fault's time is cut by; run time, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// T0.
    pub accepted: Micros,
    /// T5.
    pub recovered: Option<Micros>,
    /// T7.
    pub restored: Option<Micros>,
    /// When the fault was due to be taken back, if it is held.
    pub held_until: Option<Micros>,
}

/// Which of several entries is the milestone: the first server out of rotation ends the detection,
/// the last pod that became ready ends the readiness.
#[derive(Clone, Copy)]
enum Pick {
    First,
    Last,
}

/// What users wait for. A planned failover has no detection, a pod kill no promotion.
const TOWARDS_USERS: [(&str, &str, Pick); 7] = [
    ("pod-exited", "detection", Pick::First),
    ("pod-unready", "detection", Pick::First),
    ("database-down", "detection", Pick::First),
    ("database-fenced", "fencing", Pick::First),
    ("database-promoted", "promotion", Pick::First),
    ("database-endpoint-moved", "endpoint", Pick::First),
    ("edge-target-down", "out of rotation", Pick::Last),
];

/// What the infrastructure needs before it can take the next fault.
const TOWARDS_REDUNDANCY: [(&str, &str, Pick); 7] = [
    ("database-promoted", "promotion", Pick::First),
    ("pod-started", "pods start", Pick::Last),
    ("pod-ready", "readiness", Pick::Last),
    ("edge-target-up", "into rotation", Pick::Last),
    ("database-rebuild-started", "rebuild begins", Pick::Last),
    ("database-standby-caught-up", "standby rebuilt", Pick::Last),
    ("database-synchronous", "synchronous again", Pick::Last),
];

/// From T0 to T5: which steps users waited for. Empty when the SLO was never missed.
#[must_use]
pub fn towards_users(log: &[Entry<'_>], course: &Course) -> Vec<Stage> {
    let Some(recovered) = course.recovered.filter(|at| *at > course.accepted) else {
        return Vec::new();
    };
    let mut milestones = milestones(log, &TOWARDS_USERS, course.accepted, recovered);
    let latest = milestones.iter().max_by_key(|(_, at)| *at);
    let last = match latest {
        Some(("endpoint", _)) => "pools reconnect",
        _ => "last failures",
    };
    milestones.push((last, recovered));
    cut(course.accepted, milestones)
}

/// From T0 to T7: which steps the next fault had to wait for. Empty while redundancy is not back.
#[must_use]
pub fn towards_redundancy(log: &[Entry<'_>], course: &Course) -> Vec<Stage> {
    let Some(restored) = course.restored.filter(|at| *at > course.accepted) else {
        return Vec::new();
    };
    let mut milestones = milestones(log, &TOWARDS_REDUNDANCY, course.accepted, restored);
    if let Some(until) = course.held_until.filter(|until| *until < restored) {
        // What happened while it was held led nowhere lasting.
        milestones.retain(|(_, at)| *at > until);
        milestones.push((HELD, until));
    }
    milestones.push(("final checks", restored));
    cut(course.accepted, milestones)
}

fn milestones(
    log: &[Entry<'_>],
    table: &[(&str, &'static str, Pick)],
    from: Micros,
    to: Micros,
) -> Vec<(&'static str, Micros)> {
    let mut found: Vec<(&'static str, Micros)> = Vec::new();
    for (kind, name, pick) in table {
        let times = log
            .iter()
            .filter(|entry| entry.kind == *kind && (from..=to).contains(&entry.at))
            .map(|entry| entry.at);
        let at = match pick {
            Pick::First => times.min(),
            Pick::Last => times.max(),
        };
        let Some(at) = at else { continue };
        match found.iter_mut().find(|(known, _)| known == name) {
            // Several detectors: the first counts.
            Some((_, known)) => *known = (*known).min(at),
            None => found.push((name, at)),
        }
    }
    found
}

/// Consecutive stages from `from` on.
fn cut(from: Micros, mut milestones: Vec<(&'static str, Micros)>) -> Vec<Stage> {
    // Stable: of equal instants the last pushed stays last.
    milestones.sort_by_key(|(_, at)| *at);
    let mut start = from;
    let mut stages = Vec::new();
    for (name, at) in milestones {
        let stage = Stage {
            name,
            from: start,
            to: at.max(start),
        };
        start = stage.to;
        if stage.length() > 0 {
            stages.push(stage);
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(entries: &[(Micros, &'static str)]) -> Vec<Entry<'static>> {
        let entry = |(at, kind): &(Micros, &'static str)| Entry {
            at: *at,
            kind,
            subject: "x",
        };
        entries.iter().map(entry).collect()
    }

    fn told(stages: &[Stage]) -> Vec<(&str, Micros)> {
        let told = stages.iter().map(|stage| (stage.name, stage.length()));
        told.collect()
    }

    #[test]
    fn a_failover_is_cut_at_fence_promotion_endpoint_and_the_first_users() {
        let log = log(&[
            (1_010, "database-down"),
            (1_020, "database-fenced"),
            (1_050, "database-promoted"),
            (1_051, "database-endpoint-moved"),
            (1_060, "database-rebuild-started"),
            (1_300, "database-standby-caught-up"),
            (1_310, "database-synchronous"),
        ]);
        let course = Course {
            accepted: 1_000,
            recovered: Some(1_090),
            restored: Some(1_311),
            held_until: None,
        };
        assert_eq!(
            told(&towards_users(&log, &course)),
            [
                ("detection", 10),
                ("fencing", 10),
                ("promotion", 30),
                ("endpoint", 1),
                ("pools reconnect", 39)
            ]
        );
        assert_eq!(
            told(&towards_redundancy(&log, &course)),
            [
                ("promotion", 50),
                ("rebuild begins", 10),
                ("standby rebuilt", 240),
                ("synchronous again", 10),
                ("final checks", 1)
            ]
        );
    }

    #[test]
    fn a_zone_is_slow_to_leave_the_rotation_and_held_as_planned() {
        let log = log(&[
            (1_002, "pod-exited"),
            (1_300, "edge-target-down"),
            (2_005, "pod-started"),
            (2_030, "pod-ready"),
            (2_031, "edge-target-up"),
        ]);
        let course = Course {
            accepted: 1_000,
            recovered: Some(1_310),
            restored: Some(2_100),
            held_until: Some(2_000),
        };
        assert_eq!(
            told(&towards_users(&log, &course)),
            [
                ("detection", 2),
                ("out of rotation", 298),
                ("last failures", 10)
            ]
        );
        let redundancy = towards_redundancy(&log, &course);
        assert_eq!(told(&redundancy)[0], ("held as planned", 1_000));
        assert_eq!(
            redundancy.last().map(|stage| stage.name),
            Some("final checks")
        );
    }

    #[test]
    fn nobody_waited_where_the_slo_was_never_missed() {
        let course = Course {
            accepted: 1_000,
            recovered: Some(1_000),
            restored: None,
            held_until: None,
        };
        assert!(towards_users(&log(&[(1_001, "pod-exited")]), &course).is_empty());
        assert!(towards_redundancy(&[], &course).is_empty());
    }
}
