//! What each fault did to the canaries: they write all the time, so that an outage is known as
//! exactly as they write, however little the load does meanwhile.

use super::gaps::Gaps;
use super::tracker::{Impact, SloRule, Tally, Tracker};
use super::watch::tally;
use crate::measure::clock::Micros;
use crate::measure::interval::{Pulse, SLICE_US};
use crate::scenario::{FaultId, Scenario};

/// So many writes without an answer in a row are no chance: canaries are evenly spaced.
const WRITES_OF_SILENCE: f64 = 3.0;
/// Shorter gaps are ordinary at any rate: a disk that takes its time.
const SHORTEST_SILENCE_US: Micros = 50_000;

/// One fault, as the canaries felt it.
#[derive(Debug, Clone)]
pub struct CanaryWatch {
    /// Which.
    pub fault: FaultId,
    /// All writers together, then each.
    trackers: Vec<Tracker>,
    undone: Option<Micros>,
    /// What it did, once its window is over: what comes later is another fault's doing.
    settled: Option<Vec<Impact>>,
}

impl CanaryWatch {
    /// What it did to all writers together, then to each in the scenario's order.
    #[must_use]
    pub fn impacts(&self, now: Micros) -> Vec<Impact> {
        let impacts = || self.trackers.iter().map(|tracker| tracker.impact(now));
        self.settled.clone().unwrap_or_else(|| impacts().collect())
    }

    /// As for the load: once writes succeed, the fault is taken back, and both have been so for the
    /// SLO's time.
    fn settle(&mut self, now: Micros, held_for: Micros) {
        let recovered = self.trackers.first().and_then(Tracker::recovered_since);
        let over = recovered
            .zip(self.undone)
            .map(|(recovered, undone)| recovered.max(undone));
        if self.settled.is_none() && over.is_some_and(|over| over + held_for <= now) {
            self.settled = Some(self.impacts(now));
        }
    }
}

/// Follows the canaries through every fault.
#[derive(Debug)]
pub(super) struct CanaryTower {
    rule: SloRule,
    /// What counts at least as silence for all writers together, and for each.
    silence_us: Vec<Micros>,
    /// How far apart the successes of all together, and of each, are.
    gaps: Vec<Gaps>,
    open: Vec<CanaryWatch>,
}

impl CanaryTower {
    /// Follows those of this scenario, if it has any.
    pub(super) fn new(scenario: &Scenario) -> Self {
        let silence_us = scenario.canary.as_ref().map_or_else(Vec::new, |canary| {
            let writers = canary.writers.len();
            let all = silence_us(canary.rate * writers as f64);
            let each = std::iter::repeat_n(silence_us(canary.rate), writers);
            std::iter::once(all).chain(each).collect()
        });
        Self {
            rule: SloRule::of(&scenario.slo),
            gaps: vec![Gaps::default(); silence_us.len()],
            silence_us,
            open: Vec::new(),
        }
    }

    /// See [`super::Watchtower::fault_accepted`], which tells each fault once.
    pub(super) fn fault_accepted(&mut self, fault: FaultId, at: Micros) {
        for watch in &mut self.open {
            watch.settle(at, 0);
        }
        let trackers = self.silence_us.iter().zip(&self.gaps);
        let trackers = trackers.map(|(at_least, gaps)| {
            let usual = gaps.times_largest_us(at).unwrap_or(0);
            Tracker::new(self.rule, at, Some(usual.max(*at_least)))
        });
        self.open.push(CanaryWatch {
            fault,
            trackers: trackers.collect(),
            undone: None,
            settled: None,
        });
    }

    pub(super) fn fault_effective(&mut self, fault: FaultId, at: Micros) {
        if let Some(watch) = self.watch(fault) {
            for tracker in &mut watch.trackers {
                tracker.effective(at);
            }
        }
    }

    pub(super) fn fault_undone(&mut self, fault: FaultId, at: Micros) {
        if let Some(watch) = self.watch(fault) {
            watch.undone.get_or_insert(at);
        }
    }

    pub(super) fn pulse(&mut self, pulse: &Pulse) {
        for group in pulse.slices.chunk_by(|a, b| a.at == b.at) {
            for number in 0..self.silence_us.len() {
                let sum = tally(group, |writer| number == 0 || writer + 1 == number);
                if sum == Tally::default() {
                    continue;
                }
                if sum.ok > 0 {
                    self.gaps[number].success(group[0].at);
                }
                for watch in &mut self.open {
                    watch.trackers[number].observe(group[0].at, sum);
                }
            }
        }
        // A slice that is still filling up is not judged.
        let now = pulse.at / SLICE_US * SLICE_US;
        for watch in &mut self.open {
            for tracker in &mut watch.trackers {
                tracker.advance(now);
            }
            watch.settle(now, self.rule.held_for_us);
        }
    }

    pub(super) fn faults(&self) -> &[CanaryWatch] {
        &self.open
    }

    fn watch(&mut self, fault: FaultId) -> Option<&mut CanaryWatch> {
        self.open.iter_mut().find(|watch| watch.fault == fault)
    }
}

fn silence_us(writes_per_second: f64) -> Micros {
    ((WRITES_OF_SILENCE / writes_per_second * 1e6) as Micros).max(SHORTEST_SILENCE_US)
}

#[cfg(test)]
mod tests {
    use super::super::DeadWindow;
    use super::*;
    use crate::measure::interval::Slice;
    use crate::scenario::{self, Overrides, surroundings::Nowhere};

    const MS: Micros = 1_000;
    const S: Micros = 1_000_000;

    /// Two zones, 20 writes a second each.
    fn tower() -> CanaryTower {
        let text = r#"
target = { stack = "local", zones = ["a", "b"] }
load = { users = { count = 1, for = "60s" } }
slo = { held_for = "2s" }
journey = { name = "look", steps = [{ get = "/" }] }
fault = { kind = "zone-outage", zone = "b", at = "10s", for = "5s" }
"#;
        let reading = scenario::parse(text, "a.toml".as_ref(), &Overrides::default(), &Nowhere);
        let reading = reading.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        CanaryTower::new(&reading.scenario)
    }

    /// Writer 0 every 50 ms, writer 1 between; `broken` says who fails when.
    fn feed(
        tower: &mut CanaryTower,
        from: Micros,
        to: Micros,
        broken: impl Fn(usize, Micros) -> bool,
    ) {
        for at in (from..to).step_by(25 * MS as usize) {
            let writer = (at / (25 * MS) % 2) as usize;
            let failed = broken(writer, at);
            let slice = Slice {
                at: at / SLICE_US * SLICE_US,
                step: writer,
                ok: u32::from(!failed),
                failed: u32::from(failed),
                slow: 0,
                max_response_us: 1_000,
                sum_response_us: 1_000,
                first_failed_sent: at,
                last_failed_sent: at,
            };
            tower.pulse(&Pulse {
                at: at + 25 * MS,
                slices: vec![slice],
                ..Pulse::default()
            });
        }
    }

    #[test]
    fn an_outage_of_one_zone_is_that_canarys() {
        let mut tower = tower();
        feed(&mut tower, 0, 10 * S, |_, _| false);
        tower.fault_accepted(0, 10 * S);
        tower.fault_effective(0, 10 * S);
        let dark = 10 * S + 200 * MS..10 * S + 700 * MS;
        feed(&mut tower, 10 * S, 20 * S, |writer, at| {
            writer == 1 && dark.contains(&at)
        });
        let impacts = tower.faults()[0].impacts(20 * S);
        let [all, a, b] = impacts.as_slice() else {
            panic!("all, a and b")
        };
        assert_eq!((a.failed, b.failed, all.failed), (0, 10, 10));
        assert_eq!((all.requests, b.requests), (400, 200));
        assert_eq!(b.longest_dead.map(DeadWindow::length), Some(550 * MS));
        assert_eq!(b.first_error, Some(10 * S + 220 * MS));
        assert_eq!(b.first_success, Some(10 * S + 720 * MS));
        assert_eq!(b.recovered, Some(10 * S + 720 * MS));
        assert_eq!(a.longest_dead, None);
    }

    #[test]
    fn writes_that_hang_are_silence() {
        let mut tower = tower();
        feed(&mut tower, 0, 10 * S, |_, _| false);
        tower.fault_accepted(0, 10 * S);
        tower.fault_effective(0, 10 * S);
        feed(&mut tower, 10 * S + 400 * MS, 20 * S, |_, _| false);
        let all = &tower.faults()[0].impacts(20 * S)[0];
        assert_eq!((all.failed, all.first_error), (0, None));
        let dead = all.longest_dead.map(DeadWindow::length);
        assert_eq!(dead, Some(400 * MS));
    }

    #[test]
    fn what_comes_after_the_window_is_another_faults_doing() {
        let mut tower = tower();
        tower.fault_accepted(0, 10 * S);
        tower.fault_effective(0, 10 * S);
        tower.fault_undone(0, 11 * S);
        feed(&mut tower, 10 * S, 15 * S, |_, at| at < 10 * S + 300 * MS);
        tower.fault_accepted(1, 15 * S);
        tower.fault_effective(1, 15 * S);
        feed(&mut tower, 15 * S, 20 * S, |_, at| at < 16 * S);
        let failed = |fault: usize| tower.faults()[fault].impacts(20 * S)[0].failed;
        assert_eq!((failed(0), failed(1)), (12, 40));
    }
}
