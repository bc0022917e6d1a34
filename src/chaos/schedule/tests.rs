use proptest::prelude::*;

use super::*;
use crate::chaos::testing::{fault, pods};
use crate::scenario::{FaultKind, PickCount};

const SECOND: Micros = 1_000_000;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn kill(name: &str, start: FaultStart) -> Fault {
    Fault {
        start,
        ..fault(
            name,
            FaultKind::PodKill {
                pods: pods("shop", PickCount::Count(1)),
                grace: Duration::ZERO,
            },
        )
    }
}

fn drain(name: &str, at: u64, hold: Option<u64>) -> Fault {
    Fault {
        start: FaultStart::At(seconds(at)),
        hold: hold.map(seconds),
        ..fault(name, FaultKind::ZoneDrain { zone: "b".into() })
    }
}

fn at(n: u64) -> FaultStart {
    FaultStart::At(seconds(n))
}

fn guard(healthy_before: u64, wait_at_most: u64) -> Guard {
    Guard {
        healthy_before: seconds(healthy_before),
        wait_at_most: seconds(wait_at_most),
        abort_when: Vec::new(),
    }
}

/// Healthy since the start, every fault recovered since this second.
fn healthy(faults: usize, recovered: Option<u64>) -> Outlook {
    Outlook {
        healthy_since: Some(0),
        unasked: false,
        recovered_since: vec![recovered.map(|s| s * SECOND); faults],
    }
}

/// A schedule and what it is asked and told, as a script reads.
struct Play {
    schedule: Schedule,
    outlook: Outlook,
}

impl Play {
    fn of(faults: &[Fault], guard: Guard) -> Self {
        Self {
            schedule: Schedule::of(faults, guard, 0),
            outlook: healthy(faults.len(), None),
        }
    }

    fn at(&mut self, second: u64) -> Vec<Action> {
        let now = second * SECOND;
        self.schedule.next(now, &self.outlook, Stop::No)
    }

    fn stop(&mut self, second: u64, stop: Stop) -> Vec<Action> {
        let now = second * SECOND;
        self.schedule.next(now, &self.outlook, stop)
    }

    fn tell(&mut self, fault: FaultId, what: Happened) {
        self.schedule.happened(fault, what);
    }

    fn goes_well(&mut self, fault: FaultId, second: u64) {
        self.tell(fault, Happened::Accepted(second * SECOND));
        self.tell(fault, Happened::Effective(second * SECOND));
    }
}

#[test]
fn a_fault_that_heals_by_itself_is_closed_once_it_has() {
    let mut play = Play::of(&[kill("k", at(5))], guard(0, 60));
    assert_eq!(play.at(4), []);
    assert_eq!(
        play.schedule.wake_at(4 * SECOND, &play.outlook),
        Some(5 * SECOND)
    );
    assert_eq!(play.at(5), [Action::Inject(0)]);
    assert_eq!(play.at(6), []);
    play.goes_well(0, 6);
    assert!(play.schedule.awaits_restoration(0));
    assert_eq!(play.at(60), [], "however long that takes");
    play.tell(0, Happened::Restored(61 * SECOND));
    assert_eq!(play.at(61), [Action::Undo(0)]);
    play.tell(0, Happened::Undone(62 * SECOND));
    let at = 62 * SECOND;
    assert_eq!(*play.schedule.stage(0), Stage::Closed { at });
    assert!(play.schedule.is_over());
}

#[test]
fn a_held_fault_is_undone_after_its_hold_and_over_when_restored() {
    let mut play = Play::of(&[drain("d", 5, Some(10))], guard(0, 60));
    assert_eq!(play.at(5), [Action::Inject(0)]);
    play.goes_well(0, 6);
    assert_eq!(play.at(15), []);
    assert_eq!(
        play.schedule.wake_at(15 * SECOND, &play.outlook),
        Some(16 * SECOND)
    );
    assert_eq!(play.at(16), [Action::Undo(0)]);
    play.tell(0, Happened::Undone(17 * SECOND));
    assert_eq!(*play.schedule.stage(0), Stage::Settling);
    assert!(play.schedule.awaits_restoration(0));
    play.tell(0, Happened::Restored(18 * SECOND));
    assert!(play.schedule.is_over());
}

#[test]
fn a_held_fault_is_not_undone_before_its_effect_but_not_waited_for_without_end() {
    let mut play = Play::of(&[drain("d", 0, Some(2))], guard(0, 60));
    assert_eq!(play.at(0), [Action::Inject(0)]);
    play.tell(0, Happened::Accepted(0));
    assert_eq!(play.at(10), []);
    let mut late = Play {
        schedule: play.schedule.clone(),
        outlook: play.outlook.clone(),
    };
    late.tell(0, Happened::Effective(12 * SECOND));
    assert_eq!(late.at(12), [Action::Undo(0)]);
    assert_eq!(play.at(30), [Action::Undo(0)], "no effect was ever seen");
}

#[test]
fn it_waits_for_health_and_says_so_once() {
    let mut play = Play::of(&[kill("k", at(5))], guard(3, 60));
    play.outlook.healthy_since = None;
    let wait = |why: &str| vec![Action::Wait(0, why.into())];
    assert_eq!(play.at(5), wait("the target does not meet the SLO"));
    assert_eq!(play.at(6), []);
    play.outlook.healthy_since = Some(7 * SECOND);
    assert_eq!(
        play.at(8),
        wait("the target has not met the SLO for 3 s yet")
    );
    assert_eq!(
        play.schedule.wake_at(8 * SECOND, &play.outlook),
        Some(10 * SECOND)
    );
    assert_eq!(play.at(10), [Action::Inject(0)]);
}

#[test]
fn a_fault_that_waits_too_long_ends_the_run() {
    let faults = [kill("k", at(5)), kill("later", at(30))];
    let mut play = Play::of(&faults, guard(3, 10));
    play.outlook.healthy_since = None;
    play.at(5);
    let why = "`k` could not start, 10.0 s after it was due: the target does not meet the SLO; \
               run it with --no-faults to see what fails or is slow; then mend the target, lower the load, \
               or loosen [slo]";
    let skipped = "the run ended before its turn";
    assert_eq!(
        play.at(15),
        [
            Action::GiveUp(0, why.into()),
            Action::Skip(1, skipped.into())
        ]
    );
    assert_eq!(play.schedule.given_up(), Some(Cause::UnhealthyTarget));
    assert!(play.schedule.is_over());
}

#[test]
fn before_the_first_answer_nobody_knows_whether_it_is_healthy() {
    let mut play = Play::of(&[kill("k", at(5))], guard(3, 10));
    play.outlook.healthy_since = None;
    play.outlook.unasked = true;
    let waits = play.at(5);
    assert!(
        matches!(&waits[..], [Action::Wait(0, why)] if why.contains("no request has ended yet")),
        "{waits:?}"
    );
    let given_up = play.at(15);
    assert!(
        matches!(&given_up[..], [Action::GiveUp(0, why)] if why.contains("at which the load has begun")),
        "{given_up:?}"
    );
}

#[test]
fn what_a_fault_waited_for_is_told_when_the_run_ends_meanwhile() {
    let mut play = Play::of(&[kill("k", at(5)), kill("later", at(50))], guard(3, 60));
    play.outlook.healthy_since = None;
    play.at(5);
    assert_eq!(
        play.stop(8, Stop::Finish),
        [
            Action::Skip(
                0,
                "the run ended while it waited: the target does not meet the SLO".into()
            ),
            Action::Skip(1, "the run ended before its turn".into()),
        ]
    );
    assert!(play.schedule.is_over());
    assert_eq!(play.schedule.given_up(), None, "nobody is to blame");
}

#[test]
fn of_two_that_wait_the_one_due_first_goes_first_whatever_the_file_s_order() {
    let inside = kill("inside", at(10));
    let mut play = Play::of(&[inside, drain("held", 5, Some(20))], guard(3, 60));
    play.outlook.healthy_since = None;
    play.at(5);
    play.at(10);
    play.outlook.healthy_since = Some(10 * SECOND);
    assert_eq!(
        play.at(13),
        [Action::Inject(1), Action::Inject(0)],
        "the overlap that the file asks for"
    );
}

#[test]
fn when_one_is_given_up_no_other_is_injected_beside_it() {
    let faults = [
        drain("held", 5, Some(60)),
        kill("at last", at(66)),
        kill("inside", at(76)),
    ];
    let mut play = Play::of(&faults, guard(0, 10));
    play.at(5);
    play.goes_well(0, 6);
    play.at(66);
    play.tell(0, Happened::Undone(67 * SECOND));
    play.at(67);
    // Due at the very moment at which the other has waited for too long.
    let actions = play.at(76);
    assert!(
        matches!(&actions[..], [Action::GiveUp(1, _), Action::Skip(2, _)]),
        "{actions:?}"
    );
}

#[test]
fn a_target_that_fell_ill_after_a_fault_keeps_the_next_one_waiting() {
    let mut play = Play::of(
        &[kill("first", at(5)), kill("second", at(20))],
        guard(3, 10),
    );
    play.at(5);
    play.goes_well(0, 5);
    play.tell(0, Happened::Restored(6 * SECOND));
    play.at(6);
    play.tell(0, Happened::Undone(6 * SECOND));
    play.outlook.healthy_since = None;
    let why = "the target does not meet the SLO";
    assert_eq!(play.at(20), [Action::Wait(1, why.into())]);
    assert!(matches!(play.at(30)[..], [Action::GiveUp(1, _)]));
}

#[test]
fn what_never_came_after_another_says_what_it_would_have_come_after() {
    let then = FaultStart::After {
        fault: 0,
        recovered_for: seconds(5),
    };
    let mut play = Play::of(&[kill("a", at(1)), kill("b", then)], guard(0, 60));
    play.at(1);
    play.goes_well(0, 1);
    let why = "the run ended before its turn: it comes when `a` is over and users have been \
               served for 5 s since";
    let actions = play.stop(9, Stop::Finish);
    assert!(
        actions.contains(&Action::Skip(1, why.into())),
        "{actions:?}"
    );
}

#[test]
fn a_fault_whose_forerunner_stays_broken_is_given_up() {
    let faults = [kill("first", at(5)), kill("second", at(6))];
    let mut play = Play::of(&faults, guard(0, 10));
    play.at(5);
    play.goes_well(0, 5);
    play.at(6);
    assert_eq!(play.at(15), []);
    let given_up = play.at(16);
    assert!(
        matches!(&given_up[..], [Action::GiveUp(1, why)]
            if why.contains("`first` is in progress: redundancy is not restored; leave the faults more time")),
        "{given_up:?}"
    );
    assert_eq!(play.at(17), [Action::Undo(0)]);
}

#[test]
fn it_waits_until_the_earlier_fault_is_over() {
    let faults = [kill("first", at(5)), kill("second", at(6))];
    let mut play = Play::of(&faults, guard(0, 60));
    play.at(5);
    play.goes_well(0, 5);
    let why = "`first` is in progress: redundancy is not restored";
    assert_eq!(play.at(6), [Action::Wait(1, why.into())]);
    play.tell(0, Happened::Restored(7 * SECOND));
    assert!(play.at(7).contains(&Action::Undo(0)));
    play.tell(0, Happened::Undone(8 * SECOND));
    assert_eq!(play.at(8), [Action::Inject(1)]);
}

#[test]
fn times_inside_a_hold_are_a_wish_to_overlap() {
    let faults = [drain("held", 5, Some(20)), kill("inside", at(10))];
    let mut play = Play::of(&faults, guard(3, 60));
    play.at(5);
    play.goes_well(0, 5);
    // The first one hurts; the second was meant to come on top.
    play.outlook.healthy_since = None;
    assert_eq!(play.at(10), [Action::Inject(1)]);
}

#[test]
fn without_the_first_fault_the_second_of_an_overlap_waits_for_health() {
    let faults = [drain("held", 5, Some(20)), kill("inside", at(10))];
    let mut play = Play::of(&faults, guard(3, 60));
    play.at(5);
    play.tell(0, Happened::Refused);
    play.outlook.healthy_since = None;
    assert!(matches!(play.at(10)[..], [Action::Wait(1, _)]));
}

#[test]
fn a_hold_that_has_to_be_outlasted_is_no_overlap() {
    let faults = [drain("held", 5, Some(5)), kill("after", at(10))];
    let mut play = Play::of(&faults, guard(0, 60));
    play.at(5);
    play.goes_well(0, 6);
    assert_eq!(
        play.at(10),
        [Action::Wait(1, "`held` is in progress".into())]
    );
}

#[test]
fn one_after_another_needs_recovery_that_lasts() {
    let then = FaultStart::After {
        fault: 0,
        recovered_for: seconds(5),
    };
    let mut play = Play::of(&[kill("a", at(1)), kill("b", then)], guard(0, 60));
    play.at(1);
    play.goes_well(0, 1);
    play.outlook.recovered_since[0] = Some(2 * SECOND);
    assert_eq!(play.at(10), [], "its infrastructure is not back");
    play.tell(0, Happened::Restored(11 * SECOND));
    play.at(11);
    play.tell(0, Happened::Undone(11 * SECOND));
    assert_eq!(play.at(15), [], "it lasts since the fault is over");
    play.outlook.recovered_since[0] = None;
    assert_eq!(play.at(16), [], "it broke again");
    play.outlook.recovered_since[0] = Some(17 * SECOND);
    assert_eq!(play.at(21), []);
    let wake = play.schedule.wake_at(21 * SECOND, &play.outlook);
    assert_eq!(wake, Some(22 * SECOND));
    assert_eq!(play.at(22), [Action::Inject(1)]);
}

#[test]
fn what_follows_a_fault_that_was_not_done_is_skipped() {
    let then = FaultStart::After {
        fault: 0,
        recovered_for: seconds(5),
    };
    let mut play = Play::of(&[kill("a", at(1)), kill("b", then)], guard(0, 60));
    play.at(1);
    play.tell(0, Happened::Refused);
    let why = "it follows `a`, which was not done and taken back";
    assert_eq!(play.at(2), [Action::Skip(1, why.into())]);
    assert!(play.schedule.is_over());
}

#[test]
fn what_cannot_be_undone_ends_the_run_at_once() {
    let faults = [drain("d", 1, Some(1)), kill("k", at(10))];
    let mut play = Play::of(&faults, guard(0, 60));
    play.at(1);
    play.goes_well(0, 1);
    assert_eq!(play.at(2), [Action::Undo(0)]);
    play.tell(0, Happened::UndoFailed);
    assert!(matches!(&play.at(10)[..], [Action::GiveUp(1, why)] if why.contains("`d`")));
}

#[test]
fn a_failed_call_is_taken_back_and_counts_as_not_done() {
    let mut play = Play::of(&[kill("k", at(1))], guard(0, 60));
    play.at(1);
    play.tell(0, Happened::Failed);
    assert!(play.schedule.stage(0).is_in_progress());
    play.tell(0, Happened::Undone(2 * SECOND));
    assert_eq!(*play.schedule.stage(0), Stage::Void);
}

#[test]
fn at_the_end_what_is_open_is_undone_and_what_is_not_begun_skipped() {
    let faults = [drain("held", 5, None), kill("later", at(99))];
    let mut play = Play::of(&faults, guard(0, 60));
    play.at(5);
    // Still being asked for: it has to be answered before it can be undone.
    assert!(matches!(
        play.stop(6, Stop::Finish)[..],
        [Action::Skip(1, _)]
    ));
    play.goes_well(0, 6);
    assert_eq!(play.stop(7, Stop::Finish), [Action::Undo(0)]);
    play.tell(0, Happened::Undone(8 * SECOND));
    assert!(!play.schedule.is_over(), "its infrastructure is waited for");
    assert_eq!(play.stop(9, Stop::Leave), []);
    assert!(play.schedule.is_over(), "but not when in a hurry");
}

/// A random run: faults, how long each call takes, when the target is healthy.
#[derive(Debug, Clone)]
struct World {
    faults: Vec<Fault>,
    latency: Vec<u64>,
    outcome: Vec<u8>,
    unhealthy: Vec<(u64, u64)>,
    end: u64,
}

fn world() -> impl Strategy<Value = World> {
    let one = (0u8..3, 0u64..60, 1u64..20, any::<bool>());
    let faults = proptest::collection::vec(one, 1..6);
    let spans = proptest::collection::vec((0u64..100, 1u64..15), 0..4);
    let latency = proptest::collection::vec(0u64..6, 32);
    let outcome = proptest::collection::vec(0u8..8, 8);
    (faults, latency, outcome, spans, 20u64..120).prop_map(
        |(faults, latency, outcome, unhealthy, end)| World {
            faults: faults
                .into_iter()
                .enumerate()
                .map(|(n, (kind, at_s, hold, follows))| {
                    let start = match (n, follows) {
                        (0, _) | (_, false) => at(at_s),
                        _ => FaultStart::After {
                            fault: n - 1,
                            recovered_for: seconds(hold / 4),
                        },
                    };
                    match kind {
                        0 => kill(&format!("k{n}"), start),
                        _ => Fault {
                            start,
                            ..drain(&format!("d{n}"), 0, Some(hold))
                        },
                    }
                })
                .collect(),
            latency,
            outcome,
            unhealthy,
            end,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn whatever_happens_the_rules_hold(world in world()) {
        simulate(&world)?;
    }
}

/// Plays the world second by second, and checks the rules at each action.
fn simulate(world: &World) -> Result<(), TestCaseError> {
    const BEFORE: u64 = 2;
    let mut schedule = Schedule::of(&world.faults, guard(BEFORE, 30), 0);
    let mut answers: Vec<(u64, FaultId, Happened)> = Vec::new();
    let (mut injected, mut undone) = (vec![0; world.faults.len()], vec![0; world.faults.len()]);
    let mut latency = world.latency.iter().cycle();
    let ill = |second: u64| {
        let mut spans = world.unhealthy.iter();
        spans.any(|(from, length)| (*from..from + length).contains(&second))
    };
    let mut healthy_since = Some(0);
    for second in 0..400 {
        healthy_since = if ill(second) {
            None
        } else {
            healthy_since.or(Some(second))
        };
        let now = second * SECOND;
        let (due, later) = answers.into_iter().partition(|(at, ..)| *at <= second);
        answers = later;
        for (_, fault, what) in due {
            schedule.happened(fault, what);
        }
        let outlook = Outlook {
            healthy_since: healthy_since.map(|s| s * SECOND),
            unasked: false,
            recovered_since: vec![healthy_since.map(|s| s * SECOND); world.faults.len()],
        };
        let stop = if second < world.end {
            Stop::No
        } else {
            Stop::Finish
        };
        let before = schedule.clone();
        for action in schedule.next(now, &outlook, stop) {
            let mut wait = || *latency.next().expect("it cycles");
            match action {
                Action::Inject(fault) => {
                    injected[fault] += 1;
                    prop_assert!(stop == Stop::No);
                    check_injection(&before, &world.faults, fault, second, healthy_since)?;
                    let answered = second + wait();
                    match world.outcome[fault % 8] {
                        0 => answers.push((answered, fault, Happened::Refused)),
                        1 => {
                            answers.push((answered, fault, Happened::Failed));
                            undone[fault] += 1;
                            let at = answered + wait() + 1;
                            answers.push((at, fault, Happened::Undone(at * SECOND)));
                        }
                        _ => {
                            let at = answered * SECOND;
                            answers.push((answered, fault, Happened::Accepted(at)));
                            answers.push((answered + 1, fault, Happened::Effective(at)));
                            let heals = answered + 2 + wait();
                            answers.push((heals, fault, Happened::Restored(heals * SECOND)));
                        }
                    }
                }
                Action::Undo(fault) => {
                    undone[fault] += 1;
                    let at = second + wait();
                    answers.push((at, fault, Happened::Undone(at * SECOND)));
                    answers.push((at + 1, fault, Happened::Restored((at + 1) * SECOND)));
                }
                Action::Wait(..) | Action::Skip(..) | Action::GiveUp(..) => {}
            }
        }
    }
    prop_assert!(schedule.is_over(), "{schedule:?}");
    for fault in 0..world.faults.len() {
        prop_assert!(injected[fault] <= 1);
        let refused = world.outcome[fault % 8] == 0;
        prop_assert_eq!(undone[fault], if refused { 0 } else { injected[fault] });
    }
    Ok(())
}

fn check_injection(
    before: &Schedule,
    faults: &[Fault],
    fault: FaultId,
    second: u64,
    healthy_since: Option<u64>,
) -> Result<(), TestCaseError> {
    if let FaultStart::At(at) = faults[fault].start {
        prop_assert!(second >= at.as_secs(), "not before its time");
    }
    if let FaultStart::After { fault: earlier, .. } = faults[fault].start {
        let closed = matches!(before.stage(earlier), Stage::Closed { .. });
        prop_assert!(closed, "only after what it follows");
    }
    let others: Vec<_> = (0..faults.len())
        .filter(|other| *other != fault && before.stage(*other).is_in_progress())
        .collect();
    for other in &others {
        prop_assert!(
            wished(&faults[fault], &faults[*other]),
            "no overlap unasked for"
        );
    }
    if others.is_empty() {
        let healthy = healthy_since.is_some_and(|since| second >= since + 2);
        // Two of the same instant start together.
        let together = faults
            .iter()
            .enumerate()
            .any(|(other, known)| other != fault && known.start == faults[fault].start);
        prop_assert!(healthy || together);
    }
    Ok(())
}

/// Said again, independently of the code under test.
fn wished(second: &Fault, first: &Fault) -> bool {
    match (first.start, second.start) {
        (FaultStart::At(a), FaultStart::At(b)) => {
            b >= a && (b < a + first.hold.unwrap_or_default() || b == a)
        }
        _ => false,
    }
}

/// A press of the key at this second.
fn press(play: &mut Play, fault: FaultId, second: u64) -> Result<Action, String> {
    let outlook = play.outlook.clone();
    play.schedule.release(fault, second * SECOND, &outlook)
}

fn drilled(faults: &[Fault], guard: Guard) -> Play {
    let mut play = Play::of(faults, guard);
    play.schedule = play.schedule.by_hand();
    play
}

#[test]
fn by_hand_a_fault_starts_with_the_key_and_not_with_its_time() {
    let mut play = drilled(&[kill("k", at(5))], guard(0, 60));
    assert_eq!(play.at(5), []);
    assert_eq!(play.at(500), [], "nor is the run given up");
    assert_eq!(play.schedule.wake_at(0, &play.outlook), None);
    assert_eq!(press(&mut play, 0, 501), Ok(Action::Inject(0)));
    assert_eq!(play.schedule.due(0), Some(501 * SECOND));
    let again = press(&mut play, 0, 501).expect_err("once");
    assert_eq!(again, "it is being injected already");
    play.goes_well(0, 502);
    let again = press(&mut play, 0, 503).expect_err("once");
    assert_eq!(again, "it is in progress already");
}

#[test]
fn by_hand_guards_hold_a_fault_back_and_say_why() {
    let faults = [drain("d", 5, Some(10)), kill("k", at(40))];
    let mut play = drilled(&faults, guard(3, 60));
    play.outlook.healthy_since = None;
    let why = press(&mut play, 0, 9).expect_err("ill");
    assert_eq!(why, "the target does not meet the SLO");
    play.outlook.healthy_since = Some(9 * SECOND);
    let why = press(&mut play, 0, 11).expect_err("too early");
    assert_eq!(why, "the target has not met the SLO for 3 s yet");
    assert_eq!(play.at(12), [], "held back is not put off");
    assert_eq!(press(&mut play, 0, 12), Ok(Action::Inject(0)));
    play.goes_well(0, 12);
    let why = press(&mut play, 1, 15).expect_err("the drain is held");
    assert_eq!(why, "`d` is in progress");
    assert_eq!(play.at(22), [Action::Undo(0)], "a hold ends by itself");
}

#[test]
fn by_hand_what_follows_waits_until_users_are_served_again() {
    let after = FaultStart::After {
        fault: 0,
        recovered_for: seconds(5),
    };
    let mut play = drilled(&[kill("first", at(5)), kill("second", after)], guard(0, 60));
    let why = press(&mut play, 1, 1).expect_err("the first comes first");
    assert_eq!(why, "it follows `first`, which is not over");
    assert_eq!(press(&mut play, 0, 2), Ok(Action::Inject(0)));
    play.goes_well(0, 2);
    play.tell(0, Happened::Restored(3 * SECOND));
    assert_eq!(play.at(3), [Action::Undo(0)]);
    play.tell(0, Happened::Undone(4 * SECOND));
    let why = press(&mut play, 1, 20).expect_err("users are not served");
    assert!(
        why.ends_with("users have not been served for 5 s yet"),
        "{why}"
    );
    play.outlook.recovered_since[0] = Some(16 * SECOND);
    assert!(press(&mut play, 1, 20).is_err());
    assert_eq!(press(&mut play, 1, 21), Ok(Action::Inject(1)));
}

#[test]
fn by_hand_a_refused_fault_may_be_tried_again_and_the_end_skips_the_others() {
    let mut play = drilled(&[kill("a", at(5)), kill("b", at(6))], guard(0, 60));
    assert_eq!(press(&mut play, 0, 2), Ok(Action::Inject(0)));
    play.tell(0, Happened::Refused);
    assert_eq!(*play.schedule.stage(0), Stage::Pending);
    assert_eq!(press(&mut play, 0, 3), Ok(Action::Inject(0)));
    play.tell(0, Happened::Refused);
    let why = "the drill ended before anybody injected it".to_owned();
    assert_eq!(
        play.stop(9, Stop::Finish),
        [Action::Skip(0, why.clone()), Action::Skip(1, why)]
    );
    assert!(play.schedule.is_over());
}
