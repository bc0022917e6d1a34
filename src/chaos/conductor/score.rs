//! The conductor's loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use target_app::api::Instant;
use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;

use super::book::Book;
use super::calls::{Aimed, Injection, Misfire, UndoResult, undo};
use super::watch::{Sighting, watch};
use super::{ConductorInput, lock};
use crate::chaos::catalogue;
use crate::chaos::schedule::{Action, Happened, Outlook, Schedule, Stage, Stop};
use crate::measure::clock::Micros;
use crate::measure::validity::Cause;
use crate::provider::{ChangeId, Milestone, Occurrence, Provider, Snapshot};
use crate::scenario::{FaultId, ProviderKind};

/// With nothing to wait for, look at the clock this often.
const IDLE: Duration = Duration::from_secs(1);

/// The loop's state.
pub(super) struct Score {
    input: ConductorInput,
    schedule: Schedule,
    book: Arc<Mutex<Book>>,
    parts: Vec<Part>,
    calls: JoinSet<(FaultId, Answer)>,
    /// Whether watchers have to look at the infrastructure, by provider.
    look: Vec<(ProviderKind, Arc<AtomicBool>)>,
    last_seen: Vec<(ProviderKind, u64)>,
    /// After the run's end, how long to wait for the infrastructure.
    settle_until: Option<Micros>,
    /// How many of the releases have been acted on.
    released: usize,
    /// The fault that was closed last: later occurrences are its aftermath.
    latest: Option<FaultId>,
}

/// What the loop knows of one fault.
#[derive(Default)]
struct Part {
    id: ChangeId,
    aimed: Option<Aimed>,
    /// Its effect, seen before it was known to be accepted.
    early: Option<Micros>,
    /// It was accepted and did not happen.
    void: bool,
    /// Its infrastructure was not back at this time; what is seen later counts.
    since: Micros,
}

/// What a call came to.
enum Answer {
    Refused(String),
    Aimed(Box<Aimed>, Result<Instant, Misfire>),
    Undone(UndoResult),
}

impl Score {
    pub(super) fn new(input: ConductorInput, book: Arc<Mutex<Book>>) -> Self {
        let schedule = Schedule::new(&input.scenario, input.load_started);
        Self {
            schedule: match input.releases {
                Some(_) => schedule.by_hand(),
                None => schedule,
            },
            released: 0,
            parts: (input.scenario.faults.iter())
                .map(|_| Part::default())
                .collect(),
            book,
            calls: JoinSet::new(),
            look: Vec::new(),
            last_seen: Vec::new(),
            settle_until: None,
            latest: None,
            input,
        }
    }

    /// Plays until it is told to stop and every fault is over.
    pub(super) async fn play(mut self) {
        let (tell, mut sightings) = mpsc::channel(64);
        let mut watchers = JoinSet::new();
        for provider in self.input.providers.clone().iter() {
            let last = self.start(provider).await;
            let look = Arc::new(AtomicBool::new(false));
            self.look.push((provider.kind(), Arc::clone(&look)));
            let (provider, clock) = (Arc::clone(provider), self.input.clock);
            watchers.spawn(watch(provider, clock, look, last, tell.clone()));
        }
        let (mut outlook, mut stop) = (self.input.outlook.clone(), self.input.stop.clone());
        let (mut outlook_lives, mut stop_lives) = (true, true);
        let mut releases = self.input.releases.clone();
        loop {
            let wake = self.step(stop_lives);
            if self.schedule.is_over() && self.has_to_stop(stop_lives) != Stop::No {
                break;
            }
            tokio::select! {
                changed = outlook.changed(), if outlook_lives => outlook_lives = changed.is_ok(),
                changed = stop.changed(), if stop_lives => stop_lives = changed.is_ok(),
                () = pressed(&mut releases) => {}
                Some(sighting) = sightings.recv() => self.sighted(sighting),
                Some(answer) = self.calls.join_next() => match answer {
                    Ok((fault, answer)) => self.answered(fault, answer),
                    // A panic in a call is one of ours: undo everything.
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                },
                () = tokio::time::sleep(wake) => {}
            }
        }
        drop(sightings);
        drop(watchers);
        self.hear_the_rest().await;
    }

    /// Number of the last thing that happened at a provider before the run: what is older is none
    /// of its business, and nothing that comes of a fault may be missed.
    async fn start(&mut self, provider: &Arc<dyn Provider>) -> u64 {
        let look = tokio::time::timeout(self.input.limits.call, provider.snapshot());
        let last = match look.await {
            Ok(Ok(snapshot)) => snapshot.last_occurrence,
            Ok(Err(error)) => {
                lock(&self.book).problem(error.to_string());
                0
            }
            Err(_) => {
                lock(&self.book).problem(format!("{} does not answer", provider.place()));
                0
            }
        };
        self.last_seen.push((provider.kind(), last));
        last
    }

    /// Does what the schedule says, and says when to ask it again at the latest.
    fn step(&mut self, stop_lives: bool) -> Duration {
        let outlook = self.input.outlook.borrow().clone();
        self.release(&outlook);
        loop {
            let now = self.input.clock.now();
            let stop = self.patience(now, self.has_to_stop(stop_lives));
            let actions = self.schedule.next(now, &outlook, stop);
            if actions.is_empty() {
                break;
            }
            for action in actions {
                self.act(action);
            }
        }
        for (kind, look) in &self.look {
            let wanted = (0..self.parts.len()).any(|fault| {
                self.input.scenario.faults[fault].provider == *kind
                    && self.schedule.awaits_restoration(fault)
            });
            look.store(wanted, Ordering::Relaxed);
        }
        let now = self.input.clock.now();
        let wake = self.schedule.wake_at(now, &outlook);
        wake.into_iter()
            .chain(self.settle_until)
            .map(|at| Duration::from_micros(at.saturating_sub(now)))
            .min()
            .unwrap_or(IDLE)
            .min(IDLE)
    }

    /// Acts on what a person has released since the last look.
    fn release(&mut self, outlook: &Outlook) {
        let Some(releases) = &self.input.releases else {
            return;
        };
        let new: Vec<FaultId> = releases.borrow()[self.released..].to_vec();
        self.released += new.len();
        for fault in new {
            let now = self.input.clock.now();
            match self.schedule.release(fault, now, outlook) {
                Ok(action) => self.act(action),
                Err(why) => lock(&self.book).held_back(fault, why),
            }
        }
    }

    fn has_to_stop(&self, stop_lives: bool) -> Stop {
        let asked = *self.input.stop.borrow();
        if self.schedule.given_up().is_some() || !stop_lives {
            asked.max(Stop::Finish)
        } else {
            asked
        }
    }

    /// After the end, infrastructure that does not get well is waited for, but not for ever.
    fn patience(&mut self, now: Micros, stop: Stop) -> Stop {
        let settling = |fault: &FaultId| self.schedule.awaits_restoration(*fault);
        let settling: Vec<FaultId> = (0..self.parts.len()).filter(settling).collect();
        if stop != Stop::Finish || settling.is_empty() {
            self.settle_until = None;
            return stop;
        }
        // A database that builds a new standby takes its time.
        let providers = settling
            .iter()
            .filter_map(|fault| self.provider_of(*fault).ok());
        let limit = providers.fold(self.input.limits.settle, |limit, provider| {
            limit.max(provider.patience())
        });
        if self.settle_until.is_none() && limit > self.input.limits.settle {
            let why = format!(
                "the load is over; at most {} min until it is whole again, Ctrl-C twice leaves at once",
                limit.as_secs().div_ceil(60)
            );
            for fault in &settling {
                lock(&self.book).waiting(*fault, why.clone());
            }
        }
        let until = *self
            .settle_until
            .get_or_insert(now + u64::try_from(limit.as_micros()).unwrap_or(u64::MAX / 4));
        if now < until { stop } else { Stop::Leave }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Inject(fault) => self.inject(fault),
            Action::Undo(fault) => self.undo(fault),
            Action::Wait(fault, why) => lock(&self.book).waiting(fault, why),
            Action::Skip(fault, why) => lock(&self.book).skipped(fault, why),
            Action::GiveUp(fault, why) => {
                let cause = self.schedule.given_up().unwrap_or(Cause::FaultNotInjected);
                lock(&self.book).gave_up(Some(fault), cause.found(why));
            }
        }
    }

    fn provider_of(&self, fault: FaultId) -> Result<Arc<dyn Provider>, String> {
        let kind = self.input.scenario.faults[fault].provider;
        self.input.providers.get(kind).map(Arc::clone)
    }

    fn inject(&mut self, fault: FaultId) {
        lock(&self.book).due(fault, self.schedule.due(fault));
        let provider = match self.provider_of(fault) {
            Ok(provider) => provider,
            Err(reason) => {
                self.schedule.happened(fault, Happened::Refused);
                lock(&self.book).refused(fault, reason);
                return;
            }
        };
        let scenario = &self.input.scenario;
        let injection = Injection {
            provider,
            journal: Arc::clone(&self.input.journal),
            limits: self.input.limits,
            id: self.parts[fault].id.clone(),
            run: self.input.run.clone(),
            fault: scenario.faults[fault].name.clone(),
            kind: scenario.faults[fault].kind.clone(),
            seed: scenario.seed,
            force: scenario.faults[fault].force,
        };
        let (book, stop) = (Arc::clone(&self.book), self.input.stop.clone());
        self.calls.spawn(async move {
            let aimed = match injection.aim().await {
                Ok(aimed) => aimed,
                Err(reason) => return (fault, Answer::Refused(reason)),
            };
            lock(&book).aimed(fault, &aimed);
            // Looking takes its time, in which the run may have been stopped.
            if *stop.borrow() != Stop::No {
                let reason = "the run ended before it was injected".to_owned();
                return (fault, Answer::Refused(reason));
            }
            let fired = injection.fire(&aimed.plan).await;
            (fault, Answer::Aimed(Box::new(aimed), fired))
        });
    }

    fn undo(&mut self, fault: FaultId) {
        // It was injected, so there is a provider.
        let Ok(provider) = self.provider_of(fault) else {
            return;
        };
        lock(&self.book).undoing(fault);
        let journal = Arc::clone(&self.input.journal);
        let (id, limit) = (self.parts[fault].id.clone(), self.input.limits.undo);
        self.calls.spawn(async move {
            let result = undo(&provider, &journal, &id, limit).await;
            (fault, Answer::Undone(result))
        });
    }

    fn answered(&mut self, fault: FaultId, answer: Answer) {
        match answer {
            Answer::Refused(reason) => {
                self.schedule.happened(fault, Happened::Refused);
                lock(&self.book).refused(fault, reason);
            }
            Answer::Aimed(aimed, fired) => {
                self.parts[fault].aimed = Some(*aimed);
                self.fired(fault, fired);
            }
            Answer::Undone(result) => {
                let now = self.input.clock.now();
                self.parts[fault].since = now;
                self.schedule.happened(
                    fault,
                    match result {
                        UndoResult::Failed(_) => Happened::UndoFailed,
                        UndoResult::Done if self.parts[fault].void => Happened::Gone,
                        UndoResult::Done => Happened::Undone(now),
                        UndoResult::Gone(_) => Happened::Gone,
                    },
                );
                let by_hand = self
                    .provider_of(fault)
                    .map(|p| p.by_hand(&self.parts[fault].id));
                lock(&self.book).undone(fault, result, by_hand.unwrap_or_default());
            }
        }
    }

    fn fired(&mut self, fault: FaultId, fired: Result<Instant, Misfire>) {
        match fired {
            Ok(accepted) => {
                let at = self.input.clock.at(accepted);
                self.latest = Some(fault);
                self.schedule.happened(fault, Happened::Accepted(at));
                lock(&self.book).accepted(fault, at);
                if let Some(early) = self.parts[fault].early.take() {
                    self.effective(fault, early);
                }
            }
            Err(Misfire::NotTried(reason)) => {
                self.schedule.happened(fault, Happened::Refused);
                lock(&self.book).refused(fault, reason);
            }
            Err(Misfire::Failed(reason)) => {
                self.schedule.happened(fault, Happened::Failed);
                lock(&self.book).failed(fault, reason);
                self.undo(fault);
            }
        }
    }

    fn sighted(&mut self, sighting: Sighting) {
        match sighting {
            Sighting::Happened(kind, occurrences) => self.heard(kind, &occurrences),
            Sighting::Seen(kind, at, snapshot) => self.seen(kind, at, &snapshot),
            Sighting::Blind(reason) => lock(&self.book).problem(reason),
        }
    }

    fn heard(&mut self, kind: ProviderKind, occurrences: &[Occurrence]) {
        for occurrence in occurrences {
            self.last_seen.retain(|(of, _)| *of != kind);
            self.last_seen.push((kind, occurrence.seq));
            if let Some(Milestone::Effective(id)) = &occurrence.milestone
                && let Some(fault) = self.parts.iter().position(|part| part.id == *id)
            {
                self.effective(fault, self.input.clock.at(occurrence.at));
            }
            if let Some(Milestone::RolledBack { change, why }) = &occurrence.milestone
                && let Some(fault) = self.parts.iter().position(|part| part.id == *change)
            {
                let at = self.input.clock.at(occurrence.at);
                lock(&self.book).rolled_back(fault, at, why.clone());
            }
            if let Some(Milestone::Void { change, reason }) = &occurrence.milestone
                && let Some(fault) = self.parts.iter().position(|part| part.id == *change)
            {
                let name = &self.input.scenario.faults[fault].name;
                let cause = Cause::FaultWithoutEffect;
                self.schedule.give_up(cause);
                let words =
                    format!("the fault \"{name}\" was accepted and did not happen: {reason}");
                let mut book = lock(&self.book);
                book.gave_up(Some(fault), cause.found(words));
                // Nothing was taken: nothing has to come back.
                book.missing(fault, Vec::new());
                self.parts[fault].void = true;
            }
            let concerned = self.concerned(kind);
            lock(&self.book).occurred(occurrence, &concerned);
        }
    }

    /// Effects are told after acceptances, whichever was seen first.
    fn effective(&mut self, fault: FaultId, at: Micros) {
        if matches!(self.schedule.stage(fault), Stage::Injecting) {
            self.parts[fault].early = Some(at);
            return;
        }
        self.parts[fault].since = at;
        self.schedule.happened(fault, Happened::Effective(at));
        lock(&self.book).effective(fault, at);
    }

    /// The faults that an occurrence at this provider belongs to.
    fn concerned(&self, kind: ProviderKind) -> Vec<FaultId> {
        let of_kind = |fault: &FaultId| self.input.scenario.faults[*fault].provider == kind;
        let in_progress: Vec<FaultId> = (0..self.parts.len())
            .filter(of_kind)
            .filter(|fault| self.schedule.stage(*fault).is_in_progress())
            .collect();
        if in_progress.is_empty() {
            self.latest.into_iter().filter(of_kind).collect()
        } else {
            in_progress
        }
    }

    fn seen(&mut self, kind: ProviderKind, at: Micros, snapshot: &Snapshot) {
        for fault in 0..self.parts.len() {
            let part = &self.parts[fault];
            if self.input.scenario.faults[fault].provider != kind
                || !self.schedule.awaits_restoration(fault)
                || at < part.since
            {
                continue;
            }
            let Some(aimed) = part.aimed.as_ref().filter(|_| !part.void) else {
                continue;
            };
            let missing = catalogue::missing(&aimed.plan, &aimed.before, snapshot);
            if missing.is_empty() {
                self.schedule.happened(fault, Happened::Restored(at));
                lock(&self.book).restored(fault, at);
            } else {
                lock(&self.book).missing(fault, missing);
            }
        }
    }

    /// What happened between the last look and the end.
    async fn hear_the_rest(&mut self) {
        let providers = self.input.providers.clone();
        for provider in providers.iter() {
            let kind = provider.kind();
            let last = self.last_seen.iter().find(|(of, _)| *of == kind);
            let Some((_, last)) = last else { continue };
            let asked = provider.occurrences(*last, Duration::ZERO);
            if let Ok(Ok(occurrences)) = tokio::time::timeout(IDLE, asked).await {
                self.heard(kind, &occurrences);
            }
        }
    }
}

/// Waits for the next release; for ever, where there is nobody to release anything.
async fn pressed(releases: &mut Option<channel::Receiver<Vec<FaultId>>>) {
    let lives = match releases {
        Some(releases) => releases.changed().await.is_ok(),
        None => std::future::pending().await,
    };
    if !lives {
        *releases = None;
    }
}
