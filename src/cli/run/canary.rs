//! The canaries of a run: a second load beside the first, what was seen of it, what it tells.

use std::sync::Arc;

use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::conduct::Played;
use super::facts;
use crate::load::{LATE_US, LoadOutcome, LoadPlan, StepsFrom};
use crate::measure::clock::Micros;
use crate::measure::interval::Pulse;
use crate::measure::ledger::LedgerReport;
use crate::measure::recovery::Impact;
use crate::report::summary::{Canary, CanaryImpact, CanaryWriter, ServingKind, ServingLane};
use crate::scenario::{FaultId, Scenario};

/// Share of writes that may start late before the canaries' figures are less exact than they look.
const LATE_SHARE: f64 = 0.01;

/// The canaries' load beside `main`, on a thread of its own, and where its pulses arrive. It keeps
/// the same clock, the same ledger and the same stop; its health is not the generator's.
pub(super) fn plan(
    scenario: &Scenario,
    main: &LoadPlan,
) -> (Option<LoadPlan>, UnboundedReceiver<Pulse>) {
    let (pulses, pulses_seen) = mpsc::unbounded_channel();
    let plan = scenario.of_canaries().map(|canaries| LoadPlan {
        scenario: Arc::new(canaries),
        workers: 1,
        intervals: mpsc::unbounded_channel().0,
        pulses,
        health: mpsc::unbounded_channel().0,
        write_log: Arc::new(StepsFrom {
            first: scenario.steps.len(),
            log: Arc::clone(&main.write_log),
        }),
        ..main.clone()
    });
    (plan, pulses_seen)
}

/// What was seen of the canaries.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    /// Successes and failures per writer and second.
    seconds: Vec<Vec<(u64, u64)>>,
    /// The last pulse.
    pub last_pulse: Micros,
}

impl Sightings {
    /// Takes one pulse of the canaries into account.
    pub(super) fn add(&mut self, pulse: &Pulse) {
        self.last_pulse = pulse.at;
        for slice in &pulse.slices {
            if self.seconds.len() <= slice.step {
                self.seconds.resize(slice.step + 1, Vec::new());
            }
            let seconds = &mut self.seconds[slice.step];
            let second = (slice.at / 1_000_000) as usize;
            if seconds.len() <= second {
                seconds.resize(second + 1, (0, 0));
            }
            seconds[second].0 += u64::from(slice.ok);
            seconds[second].1 += u64::from(slice.failed);
        }
    }

    fn of(&self, writer: usize) -> &[(u64, u64)] {
        self.seconds.get(writer).map_or(&[], Vec::as_slice)
    }
}

/// All canaries over the whole run; none without any.
pub(super) fn summary(
    scenario: &Scenario,
    played: &Played,
    ledger: Option<&LedgerReport>,
) -> Option<Canary> {
    let canary = scenario.canary.as_ref()?;
    let writers = canary.writers.iter().enumerate().map(|(number, writer)| {
        let seconds = played.observed.canaries.of(number);
        let failed = seconds.iter().map(|(_, failed)| failed).sum();
        CanaryWriter {
            name: writer.step.name.clone(),
            zone: writer.zone.clone(),
            requests: seconds.iter().map(|(ok, _)| ok).sum::<u64>() + failed,
            failed,
        }
    });
    let keeps_ledger = canary.writers.iter().any(|w| w.step.ledger.is_some());
    Some(Canary {
        rate_per_writer: canary.rate,
        writers: writers.collect(),
        ledger: ledger
            .filter(|_| keeps_ledger)
            .map(|report| facts::ledger(&report.canary)),
        warnings: played.canary.as_ref().map_or_else(Vec::new, warnings),
    })
}

/// What makes the canaries' figures less exact than they look.
fn warnings(outcome: &LoadOutcome) -> Vec<String> {
    let totals = &outcome.totals;
    let (scheduled, dropped, late) = (
        totals.arrivals_scheduled,
        totals.arrivals_dropped,
        totals.arrivals_late,
    );
    let mut warnings = Vec::new();
    if dropped > 0 {
        warnings.push(format!(
            "{dropped} of {scheduled} canary writes were never sent: an outage may have been longer \
             than the canaries tell; run the tool where less else runs"
        ));
    }
    if late as f64 > LATE_SHARE * scheduled as f64 {
        warnings.push(format!(
            "{late} of {scheduled} canary writes started more than {} ms late: what the canaries \
             tell is less exact than their rate; run the tool where less else runs",
            LATE_US / 1_000
        ));
    }
    if totals.panics > 0 {
        warnings.push(format!(
            "{} canary writes panicked: a defect of this tool; please report it with the scenario",
            totals.panics
        ));
    }
    warnings
}

/// What a fault did to the canaries: all together, then each; nothing where it was never injected.
pub(super) fn impacts(
    scenario: &Scenario,
    played: &Played,
    fault: FaultId,
    accepted: Option<Micros>,
) -> Vec<CanaryImpact> {
    let Some(canary) = &scenario.canary else {
        return Vec::new();
    };
    let all = (CanaryImpact::ALL.to_owned(), None);
    let each = canary.writers.iter();
    let each = each.map(|writer| (writer.step.name.clone(), writer.zone.clone()));
    let impacts = played.observed.canary_impacts.get(&fault);
    std::iter::once(all)
        .chain(each)
        .zip(impacts.into_iter().flatten())
        .map(|((writer, zone), impact)| told(writer, zone, impact, accepted))
        .collect()
}

fn told(
    writer: String,
    zone: Option<String>,
    impact: &Impact,
    accepted: Option<Micros>,
) -> CanaryImpact {
    let seconds = |micros: Micros| micros as f64 / 1e6;
    let rto = impact.recovered.zip(accepted);
    CanaryImpact {
        writer,
        zone,
        requests: impact.requests,
        failed: impact.failed,
        first_error_us: impact.first_error,
        last_error_us: impact.last_error,
        first_success_us: impact.first_success,
        recovered_us: impact.recovered,
        rto_seconds: rto.map(|(recovered, accepted)| seconds(recovered.saturating_sub(accepted))),
        dead_window_seconds: impact
            .longest_dead
            .map_or(0.0, |dead| seconds(dead.length())),
        unavailable_seconds: seconds(impact.dead_us),
    }
}

/// What each canary wrote in each second.
pub(super) fn lanes<'p>(
    scenario: &'p Scenario,
    played: &'p Played,
) -> impl Iterator<Item = ServingLane> + 'p {
    let writers = scenario.canary.iter().flat_map(|canary| &canary.writers);
    writers.enumerate().map(|(number, writer)| {
        let seconds = played.observed.canaries.of(number);
        ServingLane {
            kind: ServingKind::Canary,
            name: writer.step.name.clone(),
            ok: seconds.iter().map(|(ok, _)| *ok).collect(),
            failed: seconds.iter().map(|(_, failed)| *failed).collect(),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::{Totals, WireTimes};
    use crate::measure::interval::{Slice, histogram};

    fn outcome(dropped: u64, late: u64) -> LoadOutcome {
        LoadOutcome {
            began: 0,
            duration: Duration::from_secs(60),
            totals: Totals {
                arrivals_scheduled: 3_600,
                arrivals_dropped: dropped,
                arrivals_late: late,
                ..Totals::default()
            },
            start_lag_us: histogram(),
            wire: WireTimes::default(),
            slowest: Vec::new(),
            cpu_seconds: 0.0,
            max_users: 3,
            data_ran_out: Vec::new(),
        }
    }

    #[test]
    fn canaries_that_could_not_keep_their_schedule_say_so() {
        assert_eq!(warnings(&outcome(0, 36)), Vec::<String>::new());
        let told = warnings(&outcome(7, 37));
        assert!(told[0].starts_with("7 of 3600 canary writes were never sent"));
        assert!(told[1].starts_with("37 of 3600 canary writes started more than 10 ms late"));
    }

    #[test]
    fn sightings_are_counted_by_writer_and_second() {
        let slice = |at, step, ok, failed| Slice {
            at,
            step,
            ok,
            failed,
            slow: 0,
            max_response_us: 0,
            sum_response_us: 0,
            first_failed_sent: 0,
            last_failed_sent: 0,
        };
        let mut seen = Sightings::default();
        seen.add(&Pulse {
            at: 2_100_000,
            slices: vec![
                slice(990_000, 1, 2, 0),
                slice(2_000_000, 1, 1, 3),
                slice(2_010_000, 1, 1, 0),
            ],
            ..Pulse::default()
        });
        assert_eq!(seen.of(1), [(2, 0), (0, 0), (2, 3)]);
        assert_eq!((seen.of(0), seen.of(7)), (&[][..], &[][..]));
    }
}
