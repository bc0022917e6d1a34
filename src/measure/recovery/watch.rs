//! Watches every fault of a run, for all requests and for each class of them.

use std::sync::Arc;

use super::canary::{CanaryTower, CanaryWatch};
use super::closeup::CloseUps;
use super::gaps::Gaps;
use super::tracker::{Health, Impact, SloRule, Tally, Tracker};
use crate::measure::clock::Micros;
use crate::measure::interval::{Pulse, SLICE_US, Slice};
use crate::scenario::{FaultId, JourneyId, Scenario, Step, StepId};

/// A class of requests whose recovery is told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Side {
    /// Only this journey's; none: all.
    pub journey: Option<JourneyId>,
    /// Only writes, or only reads; none: both.
    pub writes: Option<bool>,
}

impl Side {
    /// Everything.
    pub const ALL: Self = Self {
        journey: None,
        writes: None,
    };

    /// `all`, `writes`, `buy`, `buy reads` …
    #[must_use]
    pub fn name(self, scenario: &Scenario) -> String {
        let journey = self.journey.map(|id| scenario.journeys[id].name.as_str());
        let kind = self
            .writes
            .map(|writes| if writes { "writes" } else { "reads" });
        match (journey, kind) {
            (None, None) => "all".into(),
            (Some(one), None) | (None, Some(one)) => one.into(),
            (Some(journey), Some(kind)) => format!("{journey} {kind}"),
        }
    }

    fn holds(self, step: &Step) -> bool {
        self.journey.is_none_or(|journey| journey == step.journey)
            && self.writes.is_none_or(|writes| writes == step.is_write())
    }

    /// All classes that have at least one step, the whole first.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Vec<Self> {
        let journeys = std::iter::once(None).chain((0..scenario.journeys.len()).map(Some));
        journeys
            .flat_map(|journey| {
                [None, Some(false), Some(true)].map(|writes| Self { journey, writes })
            })
            .filter(|side| scenario.steps.iter().any(|step| side.holds(step)))
            .collect()
    }
}

/// One fault being watched: a tracker per class.
#[derive(Debug, Clone)]
pub struct FaultWatch {
    /// Which.
    pub fault: FaultId,
    /// T0.
    pub accepted: Micros,
    trackers: Vec<(Side, Tracker)>,
    /// When it was taken back, or had healed by itself.
    undone: Option<Micros>,
    /// What it did, once its window is over: what comes later is another fault's doing.
    settled: Option<Vec<(Side, Impact)>>,
}

impl FaultWatch {
    /// Since when all requests meet the SLO again, once it held long enough.
    #[must_use]
    pub fn recovered_since(&self) -> Option<Micros> {
        self.trackers
            .first()
            .and_then(|(_, tracker)| tracker.recovered_since())
    }

    /// What it did to each class, all requests first.
    #[must_use]
    pub fn impacts(&self, now: Micros) -> Vec<(Side, Impact)> {
        self.settled.clone().unwrap_or_else(|| {
            self.trackers
                .iter()
                .map(|(side, tracker)| (*side, tracker.impact(now)))
                .collect()
        })
    }

    /// Ends the window once users are served, the fault is taken back, and both have been so for
    /// the SLO's time; or at once, when another fault begins after both.
    fn settle(&mut self, now: Micros, held_for: Micros) {
        let over = self
            .recovered_since()
            .zip(self.undone)
            .map(|(users, undone)| users.max(undone));
        if self.settled.is_none() && over.is_some_and(|over| over + held_for <= now) {
            self.settled = Some(self.impacts(now));
        }
    }
}

/// Takes the engine's pulses and knows the health of the run and of every fault.
#[derive(Debug)]
pub struct Watchtower {
    scenario: Arc<Scenario>,
    rule: SloRule,
    sides: Vec<Side>,
    overall: Tracker,
    /// How far apart each class's successes are.
    gaps: Vec<Gaps>,
    close_ups: CloseUps,
    canary_close_ups: CloseUps,
    open: Vec<FaultWatch>,
    canaries: CanaryTower,
    /// Effects that were told before the acceptance they belong to.
    early: Vec<(FaultId, Micros)>,
}

impl Watchtower {
    /// Watches a run of this scenario.
    #[must_use]
    pub fn new(scenario: Arc<Scenario>) -> Self {
        let rule = SloRule::of(&scenario.slo);
        let sides = Side::of(&scenario);
        Self {
            rule,
            gaps: vec![Gaps::default(); sides.len()],
            close_ups: CloseUps::default(),
            canary_close_ups: CloseUps::default(),
            sides,
            overall: Tracker::new(rule, 0, None),
            canaries: CanaryTower::new(&scenario),
            open: Vec::new(),
            early: Vec::new(),
            scenario,
        }
    }

    /// A fault was accepted at `at`; it is watched until the end of the run. Pulses already taken
    /// cannot be given to it, so tell it before the next one.
    pub fn fault_accepted(&mut self, fault: FaultId, at: Micros) {
        if self.open.iter().any(|watch| watch.fault == fault) {
            return;
        }
        self.canaries.fault_accepted(fault, at);
        for watch in &mut self.open {
            watch.settle(at, 0);
        }
        let trackers = self
            .sides
            .iter()
            .zip(&self.gaps)
            .map(|(side, gaps)| (*side, Tracker::new(self.rule, at, gaps.silence_us(at))))
            .collect();
        self.close_ups.open(fault, at);
        self.canary_close_ups.open(fault, at);
        self.open.push(FaultWatch {
            fault,
            accepted: at,
            trackers,
            undone: None,
            settled: None,
        });
        for (fault, at) in std::mem::take(&mut self.early) {
            self.fault_effective(fault, at);
        }
    }

    /// The fault had done what it does at `at`. It may be told before the acceptance is: the
    /// infrastructure's log and its answer to the call travel apart.
    pub fn fault_effective(&mut self, fault: FaultId, at: Micros) {
        match self.open.iter_mut().find(|watch| watch.fault == fault) {
            Some(watch) => {
                for (_, tracker) in &mut watch.trackers {
                    tracker.effective(at);
                }
                self.canaries.fault_effective(fault, at);
            }
            None => self.early.push((fault, at)),
        }
    }

    /// The fault was taken back, or had healed by itself, at `at`.
    pub fn fault_undone(&mut self, fault: FaultId, at: Micros) {
        if let Some(watch) = self.open.iter_mut().find(|watch| watch.fault == fault) {
            watch.undone.get_or_insert(at);
            self.canaries.fault_undone(fault, at);
        }
    }

    /// Takes one pulse of the canaries, whose steps are numbered by writer. It comes apart from the
    /// load's, and neither waits for the other.
    pub fn canary_pulse(&mut self, pulse: &Pulse) {
        for group in pulse.slices.chunk_by(|a, b| a.at == b.at) {
            let all = tally(group, |_| true);
            self.canary_close_ups.observe(group[0].at, all);
        }
        self.canaries.pulse(pulse);
    }

    /// What the faults accepted so far did to the canaries.
    #[must_use]
    pub fn canaries(&self) -> &[CanaryWatch] {
        self.canaries.faults()
    }

    /// Takes one pulse.
    pub fn pulse(&mut self, pulse: &Pulse) {
        for group in pulse.slices.chunk_by(|a, b| a.at == b.at) {
            for (n, side) in self.sides.iter().enumerate() {
                let tally = tally(group, |step| side.holds(&self.scenario.steps[step]));
                if tally == Tally::default() {
                    continue;
                }
                if tally.ok > 0 {
                    self.gaps[n].success(group[0].at);
                }
                if n == 0 {
                    self.overall.observe(group[0].at, tally);
                    self.close_ups.observe(group[0].at, tally);
                }
                for watch in &mut self.open {
                    watch.trackers[n].1.observe(group[0].at, tally);
                }
            }
        }
        // A slice that is still filling up is not judged.
        let now = pulse.at / SLICE_US * SLICE_US;
        self.overall.advance(now);
        // Users who all hang complain about nothing until their time-outs.
        if self.gaps[0].is_silent(now, self.rule.window_us) {
            self.overall.fell_silent();
        }
        for watch in &mut self.open {
            for (_, tracker) in &mut watch.trackers {
                tracker.advance(now);
            }
            watch.settle(now, self.rule.held_for_us);
        }
    }

    /// Whether no request has ended yet: nothing is known of the target's health.
    #[must_use]
    pub fn is_unasked(&self) -> bool {
        self.overall.is_unasked()
    }

    /// Whether the run as a whole meets the SLO. A silence that the traffic before does not explain
    /// does not.
    #[must_use]
    pub fn health(&self) -> Health {
        self.overall.health()
    }

    /// The moments around each fault: of the load, and of the canaries.
    #[must_use]
    pub fn close_ups(&self) -> [&CloseUps; 2] {
        [&self.close_ups, &self.canary_close_ups]
    }

    /// The faults accepted so far.
    #[must_use]
    pub fn faults(&self) -> &[FaultWatch] {
        &self.open
    }
}

pub(super) fn tally(slices: &[Slice], holds: impl Fn(StepId) -> bool) -> Tally {
    let mut sum = Tally::default();
    for slice in slices.iter().filter(|slice| holds(slice.step)) {
        sum.add(Tally {
            ok: u64::from(slice.ok),
            failed: u64::from(slice.failed),
            slow: u64::from(slice.slow),
            failed_sent: (slice.failed > 0).then_some(slice.first_failed_sent),
            last_failed_sent: (slice.failed > 0).then_some(slice.last_failed_sent),
        });
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{self, Overrides, surroundings::Nowhere};

    const S: Micros = 1_000_000;

    fn scenario() -> Arc<Scenario> {
        let text = r#"
target = { stack = "local" }
load = { users = { count = 2, for = "60s" } }
slo = { availability = "99%", held_for = "2s" }
journey = { name = "a", steps = [{ name = "read", get = "/" }, { name = "write", post = "/" }] }
fault = [
  { name = "one", kind = "db-failover", at = "10s" },
  { name = "two", kind = "db-failover", at = "30s" },
]
"#;
        let reading = scenario::parse(text, "a.toml".as_ref(), &Overrides::default(), &Nowhere);
        Arc::new(
            reading
                .unwrap_or_else(|mistakes| panic!("{mistakes}"))
                .scenario,
        )
    }

    /// 100 reads and 100 writes a second; writes in `outage` fail.
    fn feed(tower: &mut Watchtower, from: Micros, to: Micros, outage: std::ops::Range<Micros>) {
        for at in (from..to).step_by(SLICE_US as usize) {
            let slice = |step, failed: bool| Slice {
                at,
                step,
                ok: u32::from(!failed),
                failed: u32::from(failed),
                slow: 0,
                max_response_us: 1_000,
                sum_response_us: 1_000,
                first_failed_sent: 0,
                last_failed_sent: 0,
            };
            tower.pulse(&Pulse {
                at: at + SLICE_US,
                slices: vec![slice(0, false), slice(1, outage.contains(&at))],
                ..Pulse::default()
            });
        }
    }

    #[test]
    fn a_target_at_which_everybody_hangs_is_not_healthy() {
        let mut tower = Watchtower::new(scenario());
        assert!(tower.is_unasked());
        feed(&mut tower, 0, 5 * S, 0..0);
        assert!(!tower.is_unasked());
        assert_eq!(tower.health().since, Some(0));
        let quiet = |at| Pulse {
            at,
            ..Pulse::default()
        };
        tower.pulse(&quiet(5 * S + S / 2));
        assert_eq!(tower.health().since, Some(0), "a pause is no silence");
        tower.pulse(&quiet(7 * S));
        assert_eq!(tower.health().since, None);
        // Healthy again from there on, not from before the silence.
        feed(&mut tower, 8 * S, 10 * S, 0..0);
        assert!(tower.health().since >= Some(7 * S), "{:?}", tower.health());
    }

    fn impact(tower: &Watchtower, fault: FaultId, writes: Option<bool>) -> Impact {
        let side = Side {
            journey: None,
            writes,
        };
        let impacts = tower.faults()[fault].impacts(50 * S);
        impacts
            .into_iter()
            .find(|(of, _)| *of == side)
            .expect("a class")
            .1
    }

    #[test]
    fn each_fault_is_told_its_own_outage_and_reads_apart_from_writes() {
        let mut tower = Watchtower::new(scenario());
        feed(&mut tower, 0, 10 * S, 0..0);
        // The effect may be told first.
        tower.fault_effective(0, 10 * S);
        tower.fault_accepted(0, 10 * S);
        feed(&mut tower, 10 * S, 15 * S, 10 * S..11 * S);
        tower.fault_undone(0, 12 * S);
        feed(&mut tower, 15 * S, 30 * S, 0..0);
        tower.fault_accepted(1, 30 * S);
        tower.fault_effective(1, 30 * S);
        feed(&mut tower, 30 * S, 40 * S, 30 * S..33 * S);

        assert_eq!(impact(&tower, 0, Some(true)).recovered, Some(11 * S));
        assert_eq!(impact(&tower, 0, Some(true)).failed, 100);
        assert_eq!(impact(&tower, 0, Some(false)).failed, 0);
        assert_eq!(impact(&tower, 0, Some(false)).recovered, Some(10 * S));
        assert_eq!(impact(&tower, 1, None).failed, 300);
        assert_eq!(impact(&tower, 1, None).recovered, Some(33 * S));
    }
}
