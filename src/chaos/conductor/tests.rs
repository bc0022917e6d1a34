use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::collection::vec as any_vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::chaos::journal::{self, FILE_NAME, Index, Medium, Written};
use crate::chaos::record::ChaosEventKind;
use crate::chaos::recover::{Scope, survey};
use crate::chaos::testing::{every_kind, fault, pods, run, scenario};
use crate::provider::local::double::{Double, Fuse};
use crate::provider::{
    Call, CallRecord, Change, ChangeId, Ink, Occurrence, Order, Pending, Place, Provider, Receipt,
    Snapshot,
};
use crate::scenario::{Fault, FaultKind, FaultStart, Force, PickCount, ProviderKind};

/// A run on a double, and all that is needed to end and to examine it.
struct Bench {
    folder: TempDir,
    input: ConductorInput,
    stop: channel::Sender<Stop>,
    outlook: channel::Sender<Outlook>,
    events: mpsc::UnboundedReceiver<ChaosEvent>,
}

fn limits() -> Limits {
    Limits {
        call: Duration::from_secs(20),
        undo: Duration::from_secs(20),
        settle: Duration::from_secs(20),
    }
}

impl Bench {
    async fn new(double: &Double, faults: Vec<Fault>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let provider = double.provider();
        let index = Index::at(folder.path().join("index"));
        let places = vec![provider.place()];
        let journal = Journal::create(folder.path(), "run-1", places, &index)
            .await
            .expect("a journal");
        Self::with_journal(double, faults, folder, journal)
    }

    fn with_journal(
        double: &Double,
        faults: Vec<Fault>,
        folder: TempDir,
        journal: Journal,
    ) -> Self {
        let recovered_since = vec![Some(0); faults.len()];
        let (outlook, outlook_seen) = channel::channel(Outlook {
            healthy_since: Some(0),
            unasked: false,
            recovered_since,
        });
        let (stop, stop_seen) = channel::channel(Stop::No);
        let (events_in, events) = mpsc::unbounded_channel();
        let input = ConductorInput {
            scenario: Arc::new(scenario(faults)),
            run: "run-1".into(),
            providers: Providers::new().with(double.provider()),
            journal: Arc::new(journal),
            clock: RunClock::start(),
            load_started: 0,
            outlook: outlook_seen,
            releases: None,
            stop: stop_seen,
            events: events_in,
            limits: limits(),
        };
        Self {
            folder,
            input,
            stop,
            outlook,
            events,
        }
    }

    fn index(&self) -> Index {
        Index::at(self.folder.path().join("index"))
    }

    /// Conducts; `stop_when` sees each event and says when the run ends.
    async fn play(&mut self, mut stop_when: impl FnMut(&ChaosEvent) -> Option<Stop>) -> Outcome {
        let conducting = conduct(self.input.clone());
        tokio::pin!(conducting);
        loop {
            tokio::select! {
                outcome = &mut conducting => return outcome,
                Some(event) = self.events.recv() => {
                    if let Some(stop) = stop_when(&event) {
                        self.stop.send_replace(stop);
                    }
                }
            }
        }
    }

    /// Conducts until this many faults are over.
    async fn play_through(&mut self) -> Outcome {
        let mut left = self.input.scenario.faults.len();
        self.play(|event| {
            let last = matches!(
                event.what,
                ChaosEventKind::Restored
                    | ChaosEventKind::Refused { .. }
                    | ChaosEventKind::Skipped { .. }
            );
            left -= usize::from(last);
            (left == 0).then_some(Stop::Finish)
        })
        .await
    }
}

fn kill_one() -> FaultKind {
    FaultKind::PodKill {
        pods: pods("shop", PickCount::Count(1)),
        grace: Duration::ZERO,
    }
}

fn drain() -> FaultKind {
    FaultKind::ZoneDrain { zone: "b".into() }
}

/// Every kind, one after another.
fn chain() -> Vec<Fault> {
    every_kind()
        .into_iter()
        .enumerate()
        .map(|(n, kind)| Fault {
            start: match n {
                0 => FaultStart::At(Duration::ZERO),
                _ => FaultStart::After {
                    fault: n - 1,
                    recovered_for: Duration::ZERO,
                },
            },
            ..fault(&format!("fault {n}"), kind)
        })
        .collect()
}

#[test]
fn every_kind_in_turn_is_done_measured_and_taken_back() {
    run(async {
        let double = Double::new();
        let mut bench = Bench::new(&double, chain()).await;
        let outcome = bench.play_through().await;
        assert_eq!(outcome.gave_up, None);
        assert!(!outcome.is_dirty());
        for record in &outcome.records {
            assert_eq!(record.refused, None, "{}", record.name);
            let instants = [
                record.planned_us,
                record.accepted_us,
                record.effective_us,
                record.redundancy_restored_us,
            ];
            assert!(instants.iter().all(Option::is_some), "{record:#?}");
            assert!(record.accepted_us <= record.effective_us);
            assert!(record.effective_us <= record.redundancy_restored_us);
            assert!(record.undo_started_us <= record.undone_us);
            assert_eq!(record.undone == Undo::Done, record.undone_us.is_some());
            assert!(!record.targets.is_empty());
            let kinds: Vec<_> = record.events.iter().map(|event| &event.kind).collect();
            assert!(kinds.iter().any(|kind| *kind == "change-effective"));
            let heals = [
                "pod-kill",
                "pod-evict",
                "rollout-restart",
                "db-failover",
                "db-crash",
            ];
            let expected = if heals.contains(&record.kind.as_str()) {
                Undo::NotNeeded
            } else {
                Undo::Done
            };
            assert_eq!(record.undone, expected, "{}", record.kind);
        }
        assert_eq!(double.wounds(), [""; 0]);
        let entries = journal::read(&bench.folder.path().join(FILE_NAME)).unwrap();
        assert!(journal::closed(&entries));
        assert_eq!(bench.index().registered().unwrap(), []);
    });
}

#[test]
fn the_intent_is_on_disk_before_the_call() {
    run(async {
        let double = Double::new();
        // The first point of the fuse is the call itself: before it, the intent is there.
        let killed = double.killed_at(0);
        let mut bench = Bench::new(&killed, vec![fault("k", kill_one())]).await;
        tokio::select! {
            _ = bench.play(|_| None) => panic!("the fuse blows"),
            () = killed.fuse.blown() => {}
        }
        assert_eq!(double.status_now().open_changes, []);
        let entries = journal::read(&bench.folder.path().join(FILE_NAME)).unwrap();
        let open = journal::open_intents(&entries);
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].fault, "k");
        let text = std::fs::read_to_string(bench.folder.path().join(FILE_NAME)).unwrap();
        assert!(!text.contains("token"), "{text}");
    });
}

#[test]
fn a_refused_fault_touches_nothing() {
    run(async {
        let double = Double::new();
        double.lose_standby();
        let kind = FaultKind::DbFailover {
            profile: None,
            shard: 1,
        };
        let mut bench = Bench::new(&double, vec![fault("f", kind)]).await;
        let outcome = bench.play_through().await;
        let refused = outcome.records[0].refused.as_deref().unwrap();
        assert!(refused.contains("has not caught up"), "{refused}");
        assert_eq!(outcome.records[0].undone, Undo::NotNeeded);
        let entries = journal::read(&bench.folder.path().join(FILE_NAME)).unwrap();
        assert_eq!(entries.len(), 2, "opened and closed");
    });
}

#[test]
fn force_does_what_would_be_refused() {
    run(async {
        let all = FaultKind::PodKill {
            pods: pods("shop", PickCount::All),
            grace: Duration::ZERO,
        };
        for force in [false, true] {
            let double = Double::new();
            let mut wished = fault("all", all.clone());
            wished.force = Force::of(ProviderKind::Local, force, false);
            let mut bench = Bench::new(&double, vec![wished]).await;
            let record = bench.play_through().await.records.remove(0);
            assert_eq!(record.refused.is_none(), force);
            assert_eq!(record.targets.len(), if force { 3 } else { 0 });
            assert_eq!(double.wounds(), [""; 0]);
        }
    });
}

#[test]
fn the_end_of_the_run_undoes_what_is_held() {
    run(async {
        for stop in [Stop::Finish, Stop::Leave] {
            let double = Double::new();
            let mut held = fault("d", drain());
            held.hold = None;
            let mut bench = Bench::new(&double, vec![held]).await;
            let outcome = bench
                .play(|event| (event.what == ChaosEventKind::Effective).then_some(stop))
                .await;
            assert_eq!(outcome.records[0].undone, Undo::Done);
            assert_eq!(double.status_now().open_changes, []);
            if stop == Stop::Finish {
                assert_eq!(double.wounds(), [""; 0], "it was waited for");
            }
        }
    });
}

#[test]
fn a_lead_that_is_gone_ends_the_run() {
    run(async {
        let double = Double::new();
        let mut held = fault("d", drain());
        held.hold = None;
        let bench = Bench::new(&double, vec![held]).await;
        let (input, mut events) = (bench.input.clone(), bench.events);
        let conducting = tokio::spawn(conduct(input));
        while events.recv().await.expect("it tells").what != ChaosEventKind::Effective {}
        drop((bench.stop, bench.outlook));
        let outcome = conducting.await.expect("no panic");
        assert_eq!(outcome.records[0].undone, Undo::Done);
        assert_eq!(double.wounds(), [""; 0]);
    });
}

#[test]
fn a_call_that_fails_after_it_was_made_is_taken_back() {
    run(async {
        let double = Double::new();
        double.set_clumsy(true);
        let faults = vec![fault("d", drain())];
        let mut bench = Bench::new(&double, faults).await;
        let outcome = bench
            .play(|event| (event.what == ChaosEventKind::Undone).then_some(Stop::Finish))
            .await;
        let record = &outcome.records[0];
        assert!(record.refused.as_deref().unwrap().contains("told to fail"));
        assert_eq!(record.undone, Undo::Done);
        assert_eq!(record.accepted_us, None);
        assert_eq!(double.status_now().open_changes, []);
    });
}

#[test]
fn an_undo_that_fails_is_reported_with_commands_and_stays_in_the_journal() {
    run(async {
        let double = Double::new();
        double.set_stuck(true);
        let mut bench = Bench::new(&double, vec![fault("d", drain())]).await;
        bench.input.limits.undo = Duration::from_millis(50);
        let outcome = bench
            .play(|event| {
                matches!(event.what, ChaosEventKind::UndoFailed { .. }).then_some(Stop::Finish)
            })
            .await;
        assert!(outcome.is_dirty());
        let Undo::Failed { by_hand, .. } = &outcome.records[0].undone else {
            panic!("{:?}", outcome.records[0].undone)
        };
        assert_eq!(by_hand[0], "loadtest chaos recover --stack double");
        assert_eq!(bench.index().registered().unwrap().len(), 1);

        // Later, when the stack answers again, it is recovered from the journal.
        double.set_stuck(false);
        let index = bench.index();
        release(bench.input.journal).await;
        let found = survey(&Scope::Everything, &index, &double).await.unwrap();
        assert_eq!(found.cases[0].changes.len(), 1);
        let recovery = found.recover(limits().undo).await;
        assert_eq!(recovery.failures, []);
        assert_eq!(double.status_now().open_changes, []);
    });
}

#[test]
fn a_stack_that_is_gone_leaves_nothing_to_undo() {
    run(async {
        let double = Double::new();
        let mut held = fault("d", drain());
        held.hold = None;
        let mut bench = Bench::new(&double, vec![held]).await;
        let outcome = bench
            .play(|event| {
                (event.what == ChaosEventKind::Effective).then(|| {
                    double.take_down();
                    Stop::Finish
                })
            })
            .await;
        assert!(!outcome.is_dirty());
        assert_eq!(outcome.records[0].missing, ["connection refused"]);
    });
}

#[test]
fn a_fault_that_may_not_start_gives_the_run_up() {
    run(async {
        let double = Double::new();
        let mut bench = Bench::new(&double, vec![fault("k", kill_one())]).await;
        let guard = &mut Arc::get_mut(&mut bench.input.scenario).unwrap().guard;
        guard.healthy_before = Duration::from_secs(1);
        guard.wait_at_most = Duration::from_millis(5);
        bench.outlook.send_replace(Outlook::default());
        let outcome = bench.play(|_| None).await;
        let gave_up = outcome.gave_up.expect("nobody is healthy");
        assert_eq!(gave_up.cause, Cause::UnhealthyTarget);
        assert!(gave_up.words.contains("does not meet the SLO"), "{gave_up}");
        assert_eq!(outcome.records[0].refused, Some(gave_up.words));
        assert_eq!(double.wounds(), [""; 0]);
    });
}

#[test]
fn a_fault_in_the_way_is_told_from_an_ill_target() {
    run(async {
        let double = Double::new();
        let mut second = fault("k", kill_one());
        second.start = FaultStart::At(Duration::from_millis(1));
        let failover = fault(
            "f",
            FaultKind::DbFailover {
                profile: None,
                shard: 1,
            },
        );
        let mut bench = Bench::new(&double, vec![failover, second]).await;
        bench.input.limits.settle = Duration::from_millis(5);
        let guard = &mut Arc::get_mut(&mut bench.input.scenario).unwrap().guard;
        guard.wait_at_most = Duration::from_millis(5);
        let outcome = bench
            .play(|event| {
                if event.what == ChaosEventKind::Accepted {
                    // The first one is never over.
                    double.lose_standby();
                }
                None
            })
            .await;
        let gave_up = outcome.gave_up.expect("the first fault is not over");
        assert_eq!(gave_up.cause, Cause::FaultNotInjected);
        assert!(gave_up.words.contains("`f` is in progress"), "{gave_up}");
        assert_eq!(outcome.records[1].refused, Some(gave_up.words));
    });
}

#[test]
fn a_run_that_ends_while_a_fault_is_aimed_does_not_fire_it() {
    run(async {
        let double = Double::new();
        let mut bench = Bench::new(&double, vec![fault("k", kill_one())]).await;
        let provider = StopsWhenLookedAt {
            provider: double.provider(),
            looks: AtomicU32::new(0),
            stop: bench.stop.clone(),
        };
        bench.input.providers = Providers::new().with(Arc::new(provider));
        let outcome = bench.play(|_| None).await;
        let record = &outcome.records[0];
        assert_eq!(record.accepted_us, None);
        let why = "the run ended before it was injected";
        assert_eq!(record.refused.as_deref(), Some(why));
        let entries = journal::read(&bench.folder.path().join(FILE_NAME)).unwrap();
        assert_eq!(entries.len(), 2, "opened and closed");
    });
}

/// A provider at which somebody presses Ctrl-C while it is looked at a second time: the first look
/// is the conductor's own.
struct StopsWhenLookedAt {
    provider: Arc<dyn Provider>,
    looks: AtomicU32,
    stop: channel::Sender<Stop>,
}

impl Provider for StopsWhenLookedAt {
    fn kind(&self) -> ProviderKind {
        self.provider.kind()
    }

    fn place(&self) -> Place {
        self.provider.place()
    }

    fn snapshot(&self) -> Pending<'_, Snapshot> {
        if self.looks.fetch_add(1, Ordering::Relaxed) == 1 {
            self.stop.send_replace(Stop::Finish);
        }
        self.provider.snapshot()
    }

    fn calls<'a>(&'a self, change: &'a Change) -> Pending<'a, Vec<Call>> {
        self.provider.calls(change)
    }

    fn expected(&self, change: &Change) -> String {
        self.provider.expected(change)
    }

    fn apply<'a>(&'a self, order: &'a Order, ink: Arc<dyn Ink>) -> Pending<'a, Receipt> {
        self.provider.apply(order, ink)
    }

    fn undo<'a>(
        &'a self,
        change: &'a ChangeId,
        written: &'a [CallRecord],
        ink: Arc<dyn Ink>,
    ) -> Pending<'a, ()> {
        self.provider.undo(change, written, ink)
    }

    fn occurrences(&self, after: u64, wait: Duration) -> Pending<'_, Vec<Occurrence>> {
        self.provider.occurrences(after, wait)
    }

    fn repair(&self) -> Pending<'_, ()> {
        self.provider.repair()
    }

    fn by_hand(&self, change: &ChangeId) -> Vec<String> {
        self.provider.by_hand(change)
    }
}

#[test]
fn a_panic_inside_still_undoes_everything() {
    run(async {
        let double = Double::new();
        let mut held = fault("d", drain());
        held.hold = None;
        let mut bad = fault("bad", kill_one());
        bad.start = FaultStart::At(Duration::from_millis(1));
        let folder = TempDir::new().unwrap();
        let medium = PanicsAt { line: 2, seen: 0 };
        let journal = Journal::on(folder.path().join(FILE_NAME), Box::new(medium), None);
        let mut bench = Bench::with_journal(&double, vec![held, bad], folder, journal);
        let outcome = bench.play(|_| None).await;
        assert_eq!(
            outcome.gave_up.map(|why| why.cause),
            Some(Cause::ToolDefect)
        );
        assert_eq!(outcome.records[0].undone, Undo::Done);
        assert_eq!(double.status_now().open_changes, []);
    });
}

/// A journal in memory with a defect.
struct PanicsAt {
    line: u32,
    seen: u32,
}

impl Medium for PanicsAt {
    fn append(&mut self, _line: Vec<u8>) -> Written<'_> {
        let line = self.seen;
        self.seen += 1;
        assert!(line != self.line, "told to panic");
        Box::pin(async { Ok(()) })
    }
}

/// A journal file behind which the process is killed at a point of the fuse.
struct Fused {
    file: std::path::PathBuf,
    fuse: Fuse,
}

impl Medium for Fused {
    fn append(&mut self, line: Vec<u8>) -> Written<'_> {
        Box::pin(async move {
            use std::io::Write;
            self.fuse.point().await;
            let mut file = std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(&self.file)?;
            // Half a line, as a kill in the middle of a write leaves it.
            file.write_all(&line[..line.len() / 2])?;
            self.fuse.point().await;
            file.write_all(&line[line.len() / 2..])?;
            self.fuse.point().await;
            Ok(())
        })
    }
}

/// Waits until nobody holds the journal any more: aborted tasks end a little later.
async fn release(journal: Arc<Journal>) {
    let weak = Arc::downgrade(&journal);
    drop(journal);
    while weak.upgrade().is_some() {
        tokio::task::yield_now().await;
    }
}

/// Runs the fault on a stack, is killed at point `n`, and recovers. False: it was not killed,
/// because there is no such point.
async fn killed_at_then_recovered(kind: FaultKind, n: u32, scope: &Scope) -> bool {
    let double = Double::new();
    let killed = double.killed_at(n);
    let folder = TempDir::new().unwrap();
    let index = Index::at(folder.path().join("index"));
    let place = double.provider().place();
    // Registers it and lets go, as the killed process will.
    let path = folder.path().join(FILE_NAME);
    drop(
        Journal::create(folder.path(), "run-1", vec![place], &index)
            .await
            .unwrap(),
    );
    let medium = Fused {
        file: path.clone(),
        fuse: killed.fuse.clone(),
    };
    let journal = Journal::on(path, Box::new(medium), None);
    let mut bench = Bench::with_journal(&killed, vec![fault("f", kind)], folder, journal);
    let was_killed = tokio::select! {
        outcome = bench.play_through() => { assert!(!outcome.is_dirty()); false }
        () = killed.fuse.blown() => true,
    };
    release(bench.input.journal).await;
    let scope = match scope {
        Scope::RunFolder(_) => Scope::RunFolder(bench.folder.path().to_owned()),
        other => other.clone(),
    };
    if scope == Scope::Stack("double".into()) {
        // Without the run folder: the infrastructure has to remember by itself.
        std::fs::remove_file(bench.folder.path().join(FILE_NAME)).unwrap();
    }
    for again in 0..2 {
        let found = survey(&scope, &index, &double)
            .await
            .expect("it can be surveyed");
        if again == 1 {
            assert!(found.is_empty(), "once is enough: {}", found.describe());
        }
        let recovery = found.recover(limits().undo).await;
        assert_eq!(recovery.failures, []);
    }
    assert_eq!(double.status_now().open_changes, []);
    for _ in 0..3 {
        let _ = double.provider().snapshot().await;
    }
    assert_eq!(double.wounds(), [""; 0], "killed at {n}");
    was_killed
}

fn killed_everywhere(scope: &Scope) {
    run(async {
        for kind in every_kind() {
            let mut points = 0;
            while killed_at_then_recovered(kind.clone(), points, scope).await {
                points += 1;
            }
            // Intent, done, undo-intent, undone and closed, at three points each; two calls at two.
            assert_eq!(points, 5 * 3 + 2 * 2, "{}", kind.name());
        }
    });
}

#[test]
fn killed_at_every_point_of_every_fault_it_is_recovered_from_the_index() {
    killed_everywhere(&Scope::Everything);
}

#[test]
fn killed_at_every_point_of_every_fault_it_is_recovered_from_the_stack_alone() {
    killed_everywhere(&Scope::Stack("double".into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn the_same_seed_hits_the_same_targets(seed: u64, kinds in any_vec(0usize..7, 1..4)) {
        let play = || run(async {
            let double = Double::new();
            let faults: Vec<_> = kinds.iter().enumerate().map(|(n, kind)| Fault {
                start: match n {
                    0 => FaultStart::At(Duration::ZERO),
                    _ => FaultStart::After { fault: n - 1, recovered_for: Duration::ZERO },
                },
                ..fault(&format!("fault {n}"), every_kind().swap_remove(*kind))
            }).collect();
            let mut bench = Bench::new(&double, faults).await;
            Arc::get_mut(&mut bench.input.scenario).unwrap().seed = seed;
            let outcome = bench.play_through().await;
            outcome.records.into_iter().map(|record| record.targets).collect::<Vec<_>>()
        });
        prop_assert_eq!(play(), play());
    }
}

#[test]
fn a_person_releases_faults_and_a_guard_may_hold_them_back() {
    run(async {
        let double = Double::new();
        let late = |name: &str, kind| Fault {
            start: FaultStart::At(Duration::from_secs(3_600)),
            ..fault(name, kind)
        };
        let faults = vec![late("kill", kill_one()), late("drain", drain())];
        let mut bench = Bench::new(&double, faults).await;
        let (release, released) = channel::channel(Vec::new());
        bench.input.releases = Some(released);
        bench.outlook.send_modify(|now| now.healthy_since = None);
        Arc::make_mut(&mut bench.input.scenario)
            .guard
            .healthy_before = Duration::from_nanos(1_000);
        release.send_modify(|so_far| so_far.push(0));
        let healthy = bench.outlook.clone();
        let mut told = Vec::new();
        let outcome = bench
            .play(|event| match &event.what {
                ChaosEventKind::HeldBack { reason } => {
                    told.push(reason.clone());
                    healthy.send_modify(|now| now.healthy_since = Some(0));
                    release.send_modify(|so_far| so_far.push(1));
                    None
                }
                ChaosEventKind::Restored => Some(Stop::Finish),
                _ => None,
            })
            .await;
        assert_eq!(told, ["the target does not meet the SLO"]);
        let [kill, drain] = &outcome.records[..] else {
            panic!("two faults")
        };
        assert_eq!(
            kill.refused.as_deref(),
            Some("the drill ended before anybody injected it")
        );
        assert!(drain.accepted_us.is_some() && drain.refused.is_none());
        assert_eq!(drain.undone, Undo::Done);
        assert_eq!(outcome.gave_up, None);
    });
}
