//! Two witnesses of one outage: the clients, and the infrastructure's own log. They know nothing of
//! each other, so that a person can check the one by the other. Pure.

use super::tracker::Impact;
use crate::measure::clock::Micros;
use crate::measure::infrastructure::Entry;

/// An instant of the infrastructure's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// When, run time.
    pub at: Micros,
    /// `database-fenced` …
    pub kind: String,
    /// To whom.
    pub subject: String,
}

/// When requests could not be served: as the clients found, and as the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnesses {
    /// The first request that then failed was sent, or the last one succeeded before nobody was
    /// served: whichever came first, and not before T0.
    pub clients_from: Micros,
    /// The last request that failed was sent, or the first one succeeded after nobody was served:
    /// whichever came last.
    pub clients_to: Micros,
    /// Something broke.
    pub log_from: Option<Logged>,
    /// It had been routed around.
    pub log_to: Option<Logged>,
}

/// What breaks, by the log; a hang leaves no other trace than that its effect is complete.
const BREAKS: [&str; 4] = [
    "database-fenced",
    "database-down",
    "pod-exited",
    "change-effective",
];
/// What routes around it.
const MENDS: [&str; 2] = ["edge-target-down", "database-endpoint-moved"];

/// Compares what each class of clients felt with the log from `accepted` to the end of the SLO's
/// breach; none where the clients felt nothing.
#[must_use]
pub fn witnesses<'i>(
    impacts: impl IntoIterator<Item = &'i Impact>,
    log: &[Entry<'_>],
    accepted: Micros,
) -> Option<Witnesses> {
    let mut from: Option<Micros> = None;
    let mut to: Option<Micros> = None;
    for impact in impacts {
        // A silence apart from the failures is another story.
        let dead = impact.longest_dead.filter(|dead| {
            let began = impact.first_failed_sent.unwrap_or(dead.from);
            dead.from <= began + TOUCHING_US && began <= dead.to
        });
        let starts = impact.first_failed_sent.into_iter();
        let starts = starts.chain(dead.map(|dead| dead.from.max(accepted)));
        let ends = impact.last_failed_sent.into_iter();
        let ends = ends.chain(dead.map(|dead| dead.to));
        from = from.into_iter().chain(starts).min();
        to = to.into_iter().chain(ends).max();
    }
    let (from, to) = (from?, to?);
    let logged = |entry: &Entry<'_>| Logged {
        at: entry.at,
        kind: entry.kind.into(),
        subject: entry.subject.into(),
    };
    let of = |kinds: &'static [&str]| {
        log.iter()
            .filter(move |entry| kinds.contains(&entry.kind) && entry.at >= accepted)
    };
    // Whatever was still to be routed around long after the clients were served is another story.
    let mended = of(&MENDS)
        .filter(|entry| entry.at <= to + TOGETHER_US)
        .max_by_key(|entry| entry.at);
    // A drain routes around its pods first; that they exit then breaks nothing.
    let broke = of(&BREAKS)
        .min_by_key(|entry| entry.at)
        .filter(|entry| mended.is_none_or(|mended| entry.at <= mended.at));
    Some(Witnesses {
        clients_from: from,
        clients_to: to,
        log_from: broke.map(logged),
        log_to: mended.map(logged),
    })
}

/// A dead window that begins later than this after the first failing request was sent is another.
const TOUCHING_US: Micros = 100_000;
/// Farther apart than this, two instants do not tell of the same thing.
const TOGETHER_US: Micros = 1_000_000;

#[cfg(test)]
mod tests {
    use super::super::{SloRule, Tracker};
    use super::*;
    use crate::measure::recovery::tracker::Tally;

    fn impact(outage: std::ops::Range<Micros>) -> Impact {
        let rule = SloRule {
            errors: 0.01,
            slow: 1.0,
            window_us: 1_000_000,
            held_for_us: 1_000_000,
        };
        let mut tracker = Tracker::new(rule, 1_000_000, Some(100_000));
        for at in (1_000_000..5_000_000).step_by(10_000) {
            let failed = outage.contains(&at);
            let sent = failed.then_some(at - 2_000);
            tracker.observe(
                at,
                Tally {
                    ok: u64::from(!failed),
                    failed: u64::from(failed),
                    failed_sent: sent,
                    last_failed_sent: sent,
                    ..Tally::default()
                },
            );
        }
        tracker.impact(5_000_000)
    }

    #[test]
    fn clients_and_log_tell_of_the_same_outage() {
        let entry = |at, kind| Entry {
            at,
            kind,
            subject: "db-1",
        };
        let log = [
            entry(900_000, "pod-exited"),
            entry(1_005_000, "database-fenced"),
            entry(1_190_000, "database-endpoint-moved"),
            entry(4_000_000, "edge-target-down"),
        ];
        let felt = impact(1_010_000..1_200_000);
        let found = witnesses([&felt], &log, 1_000_000).expect("an outage");
        assert_eq!(
            (found.clients_from, found.clients_to),
            (1_000_000, 1_200_000)
        );
        assert_eq!(found.log_from.map(|entry| entry.at), Some(1_005_000));
        assert_eq!(found.log_to.map(|entry| entry.at), Some(1_190_000));
    }

    #[test]
    fn there_is_nothing_to_compare_where_nobody_felt_anything() {
        assert_eq!(witnesses([&impact(0..0)], &[], 1_000_000), None);
    }
}
