//! Takes everything the engine and the conductor report while the run goes on: writes it to disk,
//! judges it, and tells those who have to act on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use target_app::api::Instant;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use super::canary::Sightings;
use super::event_log::EventLog;
use super::exposition::Exposition;
use super::narrate;
use super::observed::Observed;
use super::operator::{Command, Desk, Marks, Sight};
use super::progress::{LastSeconds, Live, Progress};
use crate::chaos::guards::{Allowance, Guards};
use crate::chaos::record::{ChaosEvent, ChaosEventKind, ProviderEvent};
use crate::chaos::schedule::{self, Outlook};
use crate::load::{Stop, Urgency};
use crate::measure::clock::{Micros, RunClock};
use crate::measure::generator::GeneratorSample;
use crate::measure::infrastructure::{Entry, detections, mitigated};
use crate::measure::interval::{Interval, Pulse};
use crate::measure::recording;
use crate::measure::recovery::{CloseUps, FaultWatch, Side, Watchtower};
use crate::measure::saturation::{self, clock_step};
use crate::measure::served::Served;
use crate::scenario::Scenario;

/// Where reports come from.
#[derive(Debug)]
pub(super) struct Inputs {
    /// Once a second.
    pub intervals: UnboundedReceiver<Interval>,
    /// Every 100 ms.
    pub pulses: UnboundedReceiver<Pulse>,
    /// Every 100 ms, from the canaries; closed from the start without any.
    pub canary: UnboundedReceiver<Pulse>,
    /// The generator about itself, once a second.
    pub generator: UnboundedReceiver<GeneratorSample>,
    /// Faults and the provider's own log.
    pub chaos: UnboundedReceiver<ChaosEvent>,
}

/// What a guard stops a run with.
#[derive(Debug, Clone)]
pub(super) struct Stops {
    /// The load, canaries included.
    pub load: Stop,
    /// The faults: no new one, and what is open is taken back at once.
    pub chaos: watch::Sender<schedule::Stop>,
}

impl Stops {
    /// Ends both. Taking back does not wait for the load's last requests: they may hang because of
    /// what is to be taken back.
    pub(super) fn pull(&self) {
        self.load.soft();
        self.chaos.send_if_modified(|asked| {
            let rises = *asked < schedule::Stop::Finish;
            *asked = (*asked).max(schedule::Stop::Finish);
            rises
        });
    }
}

/// Watches a run.
pub(super) struct Observer {
    scenario: Arc<Scenario>,
    clock: RunClock,
    began: Micros,
    recording: recording::Writer,
    events: EventLog,
    watchtower: Watchtower,
    guards: Guards,
    allowances: Vec<Allowance>,
    outlook: watch::Sender<Outlook>,
    stop: Stops,
    /// Whether the target met the SLO when the targets of the latest fault were chosen.
    healthy_when_planned: bool,
    progress: Progress,
    desk: Option<Desk>,
    live: Live,
    last_seconds: LastSeconds,
    clocks: Instant,
    exposition: Option<Exposition>,
    observed: Observed,
}

impl Observer {
    /// Watches a run of this scenario.
    pub(super) fn new(
        scenario: &Arc<Scenario>,
        clock: RunClock,
        recording: recording::Writer,
        events: EventLog,
        outlook: watch::Sender<Outlook>,
        stop: Stops,
        (progress, desk): (Progress, Option<Desk>),
    ) -> Self {
        Self {
            scenario: Arc::clone(scenario),
            clock,
            began: 0,
            recording,
            events,
            watchtower: Watchtower::new(Arc::clone(scenario)),
            guards: Guards::new(&scenario.guard.abort_when),
            allowances: Vec::new(),
            outlook,
            stop,
            healthy_when_planned: false,
            progress,
            desk,
            live: Live::default(),
            last_seconds: LastSeconds::default(),
            clocks: clock.started(),
            exposition: None,
            observed: Observed {
                impacts: BTreeMap::new(),
                canary_impacts: BTreeMap::new(),
                canaries: Sightings::default(),
                samples: Vec::new(),
                generator: saturation::Watch::default(),
                abort: None,
                operator: Vec::new(),
                events: None,
                gave_up: Vec::new(),
                served: Served::default(),
                close_ups: Default::default(),
                provider_events: Vec::new(),
                healthy_before_faults: None,
                write_errors: Vec::new(),
                last_pulse: 0,
            },
        }
    }

    /// From now on all is told there as well.
    pub(super) fn expose(&mut self, exposition: Option<Exposition>) {
        self.exposition = exposition;
    }

    /// The load's schedule goes from here to there: progress counts from its beginning, and guards
    /// judge what is in it.
    pub(super) fn scheduled(&mut self, began: Micros, end: Micros) {
        self.began = began;
        self.guards.scheduled(began, end);
        let (at, until) = (began, end);
        self.tell(|_| Sight::Began { at, until });
    }

    /// Watches until engine and conductor have nothing more to report.
    pub(super) async fn watch(mut self, mut inputs: Inputs) -> Observed {
        let mut ticks = tokio::time::interval(self.progress.pace());
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let (mut load_over, mut canary_over, mut chaos_over) = (false, false, false);
        let mut commands = self.desk.as_mut().and_then(Desk::commands);
        while !(load_over && canary_over && chaos_over) {
            tokio::select! {
                // A fault must be known before the pulses that show what it did.
                biased;
                event = inputs.chaos.recv(), if !chaos_over => match event {
                    Some(event) => self.chaos(event),
                    None => chaos_over = true,
                },
                pulse = inputs.pulses.recv(), if !load_over => match pulse {
                    Some(pulse) => self.pulse(pulse),
                    None => {
                        load_over = true;
                        self.tell(|_| Sight::LoadOver);
                    }
                },
                command = next(&mut commands) => match command {
                    Some(command) => self.command(command),
                    None => commands = None,
                },
                pulse = inputs.canary.recv(), if !canary_over => match pulse {
                    Some(pulse) => self.canary_pulse(&pulse),
                    None => canary_over = true,
                },
                Some(interval) = inputs.intervals.recv() => self.interval(&interval),
                Some(sample) = inputs.generator.recv() => self.generator(&sample),
                _ = ticks.tick() => {
                    self.live.at = self.clock.now().saturating_sub(self.began);
                    if !load_over {
                        self.progress.tick(&self.live);
                    }
                    self.tell(|now| Sight::Now(now.live.clone()));
                    self.tell(|now| Sight::Marks(now.marks()));
                }
            }
        }
        while let Some(interval) = inputs.intervals.recv().await {
            self.interval(&interval);
        }
        self.finish()
    }

    fn finish(mut self) -> Observed {
        self.progress.clear();
        let end = self.observed.last_pulse;
        for watch in self.watchtower.faults() {
            self.observed
                .impacts
                .insert(watch.fault, watch.impacts(end));
        }
        self.observed.close_ups = self.watchtower.close_ups().map(CloseUps::clone);
        let end = self.observed.canaries.last_pulse;
        let canaries = self.watchtower.canaries().iter();
        self.observed.canary_impacts = canaries
            .map(|watch| (watch.fault, watch.impacts(end)))
            .collect();
        if let Err(error) = self.recording.finish() {
            self.observed.write_errors.push(error.to_string());
        }
        match self.events.finish() {
            Ok(end) => self.observed.events = Some(end),
            Err(error) => self.observed.write_errors.push(error.to_string()),
        }
        self.observed
    }

    fn pulse(&mut self, pulse: Pulse) {
        self.watchtower.pulse(&pulse);
        self.guards.pulse(&pulse);
        self.observed.last_pulse = pulse.at;
        for sample in &pulse.samples {
            self.log(sample.at, "error-sample", sample);
        }
        self.observed.samples.extend(pulse.samples);
        self.look_ahead();
        // What follows a stop is its own doing.
        if self.stop.load.urgency() == Urgency::None
            && let Some(abort) = self.guards.tripped(&self.allowances)
        {
            self.progress
                .warn(&format!("{}: stopping the load and undoing", abort.words));
            self.log(pulse.at, "abort", &abort.words);
            self.observed.abort = Some(abort);
            self.stop.pull();
        }
    }

    /// Canaries tell of the outage; health, guards and the users' figures are the load's alone.
    fn canary_pulse(&mut self, pulse: &Pulse) {
        self.watchtower.canary_pulse(pulse);
        self.observed.canaries.add(pulse);
        for sample in &pulse.samples {
            self.log(sample.at, "canary-error-sample", sample);
        }
    }

    /// Tells the conductor what users see.
    fn look_ahead(&mut self) {
        let mut recovered_since = vec![None; self.scenario.faults.len()];
        for watch in self.watchtower.faults() {
            recovered_since[watch.fault] = watch.recovered_since();
        }
        let healthy_since = self.watchtower.health().since;
        let unasked = self.watchtower.is_unasked();
        self.outlook.send_if_modified(|outlook| {
            let new = Outlook {
                healthy_since,
                unasked,
                recovered_since,
            };
            let changed = *outlook != new;
            *outlook = new;
            changed
        });
    }

    fn interval(&mut self, interval: &Interval) {
        if let Some(exposition) = &self.exposition {
            exposition.interval(&self.scenario, interval);
        }
        self.guards.interval(interval);
        self.observed
            .served
            .add(interval.second, &interval.responders);
        let second = self.last_seconds.push(interval, &mut self.live);
        self.tell(|_| Sight::Second(second));
        if let Err(error) = self.recording.append(interval)
            && self.observed.write_errors.is_empty()
        {
            self.progress.warn(&error.to_string());
            self.observed.write_errors.push(error.to_string());
        }
    }

    fn generator(&mut self, sample: &GeneratorSample) {
        let clocks = saturation::both_clocks(Instant::now);
        self.observed
            .generator
            .sample(sample, clock_step(self.clocks, clocks));
        self.clocks = clocks;
        self.log(sample.at, "generator", sample);
    }

    fn chaos(&mut self, event: ChaosEvent) {
        if let Some(exposition) = &self.exposition {
            exposition.chaos(&self.scenario, &event);
        }
        if let Some(fault) = event.fault {
            match &event.what {
                // When its acceptance is told, users may already feel it.
                ChaosEventKind::Planned { .. } => {
                    self.healthy_when_planned = self.watchtower.health().since.is_some();
                }
                ChaosEventKind::Accepted => {
                    let healthy = self.healthy_when_planned;
                    self.observed.healthy_before_faults.get_or_insert(healthy);
                    self.watchtower.fault_accepted(fault, event.at_us);
                    self.allowances
                        .push(Allowance::of(&self.scenario, fault, event.at_us));
                }
                ChaosEventKind::Effective => self.watchtower.fault_effective(fault, event.at_us),
                // A fault that heals by itself is restored and never undone.
                ChaosEventKind::Undone | ChaosEventKind::Restored => {
                    self.watchtower.fault_undone(fault, event.at_us);
                }
                _ => {}
            }
        }
        match &event.what {
            ChaosEventKind::GaveUp { reason } => {
                self.observed.gave_up.push(reason.clone());
                // Whatever else it measured would mean nothing.
                self.stop.pull();
            }
            ChaosEventKind::Problem { reason } => self.progress.warn(reason),
            ChaosEventKind::Provider {
                kind,
                subject,
                detail,
            } => {
                match kind.as_str() {
                    "alarm-fired" => self.guards.alarm(subject, true),
                    "alarm-cleared" => self.guards.alarm(subject, false),
                    "alert-fired" if self.guards_by(subject) => self.guards.alarm(subject, true),
                    "alert-cleared" => self.guards.alarm(subject, false),
                    _ => {}
                }
                self.observed.provider_events.push(ProviderEvent {
                    at_us: event.at_us,
                    kind: kind.clone(),
                    subject: subject.clone(),
                    detail: detail.clone(),
                });
            }
            _ => {}
        }
        narrate::fault(&mut self.progress, &mut self.live, &self.scenario, &event);
        self.log(event.at_us, "chaos", &event);
        self.tell(|_| Sight::Chaos(event));
    }

    /// Whether the scenario names this alert of Prometheus: others only notice faults.
    fn guards_by(&self, alert: &str) -> bool {
        let named = self.scenario.prometheus.as_ref();
        named.is_some_and(|prometheus| prometheus.alerts.iter().any(|name| name == alert))
    }

    /// Writes down what the operator wants, and passes on what others have to do.
    fn command(&mut self, command: Command) {
        let at = self.clock.now();
        self.log(at, "operator", &command);
        match (&command, &self.desk) {
            (Command::Inject { fault }, Some(desk)) => desk.release(*fault),
            (Command::Stop, Some(desk)) => desk.interrupt(),
            (Command::Abort | Command::Finish, _) => self.stop.pull(),
            _ => {}
        }
        self.observed.operator.push((at, command.clone()));
        self.tell(|_| Sight::Written { at, command });
    }

    /// T0 to T5 of the faults accepted so far.
    fn marks(&self) -> Vec<Marks> {
        let end = self.observed.last_pulse;
        let events = self.observed.provider_events.iter();
        let log: Vec<Entry<'_>> = events
            .map(|event| Entry {
                at: event.at_us,
                kind: &event.kind,
                subject: &event.subject,
            })
            .collect();
        let faults = self.watchtower.faults();
        let of = |(n, watch): (usize, &FaultWatch)| {
            let until = faults.get(n + 1).map_or(Micros::MAX, |next| next.accepted);
            let impacts = watch.impacts(end);
            let all = impacts.iter().find(|(side, _)| *side == Side::ALL);
            let all = all.map(|(_, impact)| impact);
            Marks {
                fault: watch.fault,
                t: [
                    Some(watch.accepted),
                    all.and_then(|all| all.first_error),
                    detections(&log, watch.accepted, until)
                        .first()
                        .map(|(_, at)| *at),
                    mitigated(&log, watch.accepted, until),
                    all.and_then(|all| all.first_success),
                    all.and_then(|all| all.recovered),
                ],
            }
        };
        faults.iter().enumerate().map(of).collect()
    }

    /// Tells the operator, if there is one.
    fn tell(&self, sight: impl FnOnce(&Self) -> Sight) {
        if let Some(desk) = &self.desk {
            desk.tell(sight(self));
        }
    }

    fn log(&mut self, at: Micros, kind: &str, what: &impl serde::Serialize) {
        if let Err(error) = self.events.append(at, self.clock.unix_us(at), kind, what)
            && self.observed.write_errors.is_empty()
        {
            self.observed.write_errors.push(error.to_string());
        }
    }
}

/// The next command; never, where nobody gives any.
async fn next(commands: &mut Option<UnboundedReceiver<Command>>) -> Option<Command> {
    match commands {
        Some(commands) => commands.recv().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_stops_load_and_faults_at_once_and_nobody_s_hurry_is_slowed_down() {
        let stops = Stops {
            load: Stop::new(),
            chaos: watch::Sender::new(schedule::Stop::No),
        };
        stops.pull();
        assert_eq!(stops.load.urgency(), Urgency::Soft);
        assert_eq!(*stops.chaos.borrow(), schedule::Stop::Finish);

        stops.load.hard();
        stops.chaos.send_replace(schedule::Stop::Leave);
        stops.pull();
        assert_eq!(stops.load.urgency(), Urgency::Hard);
        assert_eq!(*stops.chaos.borrow(), schedule::Stop::Leave);
    }
}
