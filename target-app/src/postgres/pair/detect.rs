//! When a primary counts as dead and a standby as lost. Pure: time is data.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::FailoverProfile;
use crate::postgres::admin::StandbyRow;

/// A standby reports every second; one that has not for this long is lost.
const SILENCE_LIMIT: Duration = Duration::from_secs(2);

/// How fast a failover is noticed, done and announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Failed probes count once per this.
    pub probe_every: Duration,
    /// So many failed probes in a row are a dead primary.
    pub probes: u32,
    /// Whether the end of the primary's process is noticed at once, without probes.
    pub notices_exit: bool,
    /// Between fencing the old primary and promoting the standby.
    pub promotion_delay: Duration,
    /// Between the promotion and the move of the endpoint, as a name's old answer is cached.
    pub name_lag: Duration,
}

impl Timing {
    /// The durations of a profile. `Rds` adds up to about a minute, the low end of what AWS
    /// documents for Multi-AZ instances (60 to 120 s).
    #[must_use]
    pub fn of(profile: FailoverProfile) -> Self {
        match profile {
            FailoverProfile::Fast => Self {
                probe_every: Duration::from_millis(200),
                probes: 3,
                notices_exit: true,
                promotion_delay: Duration::ZERO,
                name_lag: Duration::ZERO,
            },
            FailoverProfile::Rds => Self {
                probe_every: Duration::from_secs(5),
                probes: 3,
                notices_exit: false,
                promotion_delay: Duration::from_secs(45),
                name_lag: Duration::from_secs(5),
            },
        }
    }
}

/// Counts failed probes.
#[derive(Debug, Default)]
pub(super) struct Detector {
    failed: u32,
    counted: Option<Instant>,
}

impl Detector {
    /// Takes one probe's outcome; true when the primary now counts as dead.
    pub(super) fn observe(&mut self, timing: &Timing, now: Instant, answered: bool) -> bool {
        if answered {
            *self = Self::default();
            return false;
        }
        let due = self
            .counted
            .is_none_or(|counted| now.duration_since(counted) >= timing.probe_every);
        if due {
            self.failed += 1;
            self.counted = Some(now);
        }
        self.failed >= timing.probes
    }
}

/// Why the standby counts as lost, if it does.
pub(super) fn loss(row: Option<&StandbyRow>) -> Option<String> {
    match row {
        None => Some("it is not connected to the primary".into()),
        Some(row) => {
            let silence = row.silence.filter(|silence| *silence > SILENCE_LIMIT)?;
            Some(format!("it has been silent for {} ms", silence.as_millis()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn three_failures_200_ms_apart_are_a_dead_primary_however_often_it_is_probed() {
        let timing = Timing::of(FailoverProfile::Fast);
        let start = Instant::now();
        let mut detector = Detector::default();
        let dead = (0..)
            .map(|n| n * 50)
            .find(|ms| detector.observe(&timing, start + *ms * MS, false));
        assert_eq!(dead, Some(400));
    }

    #[test]
    fn an_answer_starts_the_count_again() {
        let timing = Timing::of(FailoverProfile::Fast);
        let start = Instant::now();
        let mut detector = Detector::default();
        assert!(!detector.observe(&timing, start, false));
        assert!(!detector.observe(&timing, start + 200 * MS, false));
        assert!(!detector.observe(&timing, start + 300 * MS, true));
        assert!(!detector.observe(&timing, start + 400 * MS, false));
        assert!(!detector.observe(&timing, start + 600 * MS, false));
        assert!(detector.observe(&timing, start + 800 * MS, false));
    }

    #[test]
    fn rds_takes_about_a_minute() {
        let timing = Timing::of(FailoverProfile::Rds);
        let detection = timing.probe_every * (timing.probes - 1);
        let total = detection + timing.promotion_delay + timing.name_lag;
        assert_eq!(total, Duration::from_secs(60));
    }

    #[test]
    fn a_standby_is_lost_when_missing_or_silent_for_over_two_seconds() {
        let row = |silence| StandbyRow {
            streaming: true,
            sync: true,
            silence,
        };
        assert!(loss(None).is_some());
        assert!(loss(Some(&row(None))).is_none());
        assert!(loss(Some(&row(Some(2000 * MS)))).is_none());
        assert!(loss(Some(&row(Some(2001 * MS)))).is_some());
    }
}
