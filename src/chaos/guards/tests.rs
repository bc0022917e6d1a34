use super::*;
use crate::chaos::testing::{fault, scenario};
use crate::measure::interval::{Slice, StepInterval, histogram};
use crate::scenario::{CompareOp, FaultKind, Gate, GateSubject, RecoveryCheck};

const SECOND: Micros = 1_000_000;

fn rule(metric: Metric, op: CompareOp, limit: f64, window: u64) -> AbortRule {
    AbortRule {
        metric,
        op,
        limit,
        window: Duration::from_secs(window),
        text: format!("{metric:?} for {window}s"),
    }
}

fn errors_over(percent: f64, window: u64) -> AbortRule {
    AbortRule {
        text: format!("errors > {percent}% for {window}s"),
        ..rule(Metric::Errors, CompareOp::Greater, percent / 100.0, window)
    }
}

/// Ten pulses of one slice each: this many successes and failures in a second, 1 ms each.
fn second(guards: &mut Guards, number: u64, ok: u32, failed: u32) {
    for tenth in 0..10 {
        let at = number * SECOND + tenth * 100_000;
        let slice = Slice {
            at,
            step: 0,
            ok: ok / 10,
            failed: failed / 10,
            slow: 0,
            max_response_us: 1_000,
            sum_response_us: u64::from(ok / 10 + failed / 10) * 1_000,
            first_failed_sent: 0,
            last_failed_sent: 0,
        };
        guards.pulse(&Pulse {
            at: at + 100_000,
            slices: vec![slice],
            users: 1,
            samples: Vec::new(),
        });
    }
}

/// A second in which all of this many answers took this long.
fn interval(number: u64, answers: u64, response_us: u64, scheduled: u64) -> Interval {
    let mut ok_response_us = histogram();
    ok_response_us
        .record_n(response_us, answers)
        .expect("it grows");
    Interval {
        second: number,
        steps: vec![StepInterval {
            step: 0,
            ok_service_us: ok_response_us.clone(),
            ok_response_us,
            failed_response_us: histogram(),
            failed_service_us: histogram(),
            errors: Default::default(),
            statuses: Default::default(),
            bytes_sent: 0,
            bytes_received: 0,
        }],
        start_lag_us: histogram(),
        scheduled,
        started: answers,
        ended: answers,
        users: 1,
        responders: Vec::new(),
    }
}

#[test]
fn errors_trip_when_they_last_for_the_window() {
    let mut guards = Guards::new(&[errors_over(60.0, 3)]);
    second(&mut guards, 0, 100, 0);
    second(&mut guards, 1, 0, 100);
    assert_eq!(guards.tripped(&[]), None, "not observed for 3 s yet");
    second(&mut guards, 2, 0, 100);
    let abort = guards.tripped(&[]).expect("two thirds failed");
    assert_eq!(abort.rule, "errors > 60% for 3s");
    assert!((abort.measured - 2.0 / 3.0).abs() < 1e-9);
    assert_eq!(
        abort.words,
        "`errors > 60% for 3s` holds (66.7 %), and no fault explains it"
    );
    for good in 3..6 {
        second(&mut guards, good, 100, 0);
    }
    assert_eq!(guards.tripped(&[]), None, "what is past is past");
}

#[test]
fn silence_is_no_error_rate_but_it_is_a_rate() {
    let mut guards = Guards::new(&[errors_over(1.0, 2)]);
    for number in 0..5 {
        second(&mut guards, number, 0, 0);
    }
    assert_eq!(guards.tripped(&[]), None);
    let mut guards = Guards::new(&[rule(Metric::Rate, CompareOp::Less, 5.0, 2)]);
    for number in 0..5 {
        second(&mut guards, number, 0, 0);
    }
    assert_eq!(guards.tripped(&[]).map(|abort| abort.measured), Some(0.0));
}

#[test]
fn each_metric_of_pulses_trips() {
    for (metric, op, limit, expected) in [
        (Metric::Errors, CompareOp::Greater, 0.15, 0.2),
        (Metric::Availability, CompareOp::Less, 0.9, 0.8),
        (Metric::Rate, CompareOp::Greater, 40.0, 50.0),
        (Metric::Count, CompareOp::AtLeast, 100.0, 100.0),
        (Metric::Mean, CompareOp::Greater, 900.0, 1_000.0),
    ] {
        let mut guards = Guards::new(&[rule(metric, op, limit, 2)]);
        for number in 0..3 {
            second(&mut guards, number, 40, 10);
        }
        let measured = guards.tripped(&[]).map(|abort| abort.measured);
        assert_eq!(measured, Some(expected), "{metric:?}");
    }
}

#[test]
fn quantiles_and_offered_rate_trip_on_seconds() {
    let mut guards = Guards::new(&[rule(Metric::Response(0.99), CompareOp::Greater, 5e5, 2)]);
    guards.interval(&interval(0, 100, 900_000, 100));
    assert_eq!(guards.tripped(&[]), None, "one second is not two");
    guards.interval(&interval(1, 100, 900_000, 100));
    let measured = guards.tripped(&[]).expect("it is slow").measured;
    assert!((measured / 900_000.0 - 1.0).abs() < 0.002, "{measured}");

    let mut guards = Guards::new(&[rule(Metric::Service(0.5), CompareOp::Greater, 5e5, 1)]);
    guards.interval(&interval(0, 100, 900_000, 100));
    assert!(guards.tripped(&[]).is_some());

    let mut guards = Guards::new(&[rule(Metric::OfferedRateMet, CompareOp::Less, 0.9, 2)]);
    guards.interval(&interval(0, 100, 1_000, 100));
    guards.interval(&interval(1, 50, 1_000, 100));
    assert_eq!(guards.tripped(&[]).map(|abort| abort.measured), Some(0.75));
}

#[test]
fn a_blackout_within_its_allowance_is_expected_and_an_overrun_trips_within_a_second() {
    let mut guards = Guards::new(&[errors_over(60.0, 3)]);
    let allowance = Allowance {
        fault: "failover".into(),
        from: 2 * SECOND,
        until: 8 * SECOND,
    };
    for number in 0..2 {
        second(&mut guards, number, 100, 0);
    }
    for number in 2..8 {
        second(&mut guards, number, 0, 100);
        assert_eq!(guards.tripped(std::slice::from_ref(&allowance)), None);
    }
    second(&mut guards, 8, 0, 100);
    let abort = guards.tripped(&[allowance]).expect("it had 6 s");
    assert_eq!(abort.overrun_of.as_deref(), Some("failover"));
    assert!(
        abort.words.contains("`failover` was expected to hurt"),
        "{}",
        abort.words
    );
}

#[test]
fn a_blackout_that_ended_within_its_allowance_does_not_trip_when_that_is_over() {
    let slow = rule(Metric::Response(0.99), CompareOp::Greater, 5e5, 6);
    let mut guards = Guards::new(&[errors_over(60.0, 6), slow]);
    let allowance = [Allowance {
        fault: "failover".into(),
        from: SECOND,
        until: 7 * SECOND + 500_000,
    }];
    second(&mut guards, 0, 100, 0);
    for number in 1..7 {
        second(&mut guards, number, 0, 100);
        guards.interval(&interval(number, 100, 900_000, 100));
        assert_eq!(guards.tripped(&allowance), None);
    }
    // Five of the six seconds before each instant were black or slow.
    for number in 7..9 {
        second(&mut guards, number, 100, 0);
        guards.interval(&interval(number, 100, 1_000, 100));
        assert_eq!(guards.tripped(&allowance), None, "it recovered in time");
    }
}

#[test]
fn an_overrun_in_silence_trips_with_the_first_that_complains() {
    let mut guards = Guards::new(&[errors_over(60.0, 6)]);
    let allowance = [Allowance {
        fault: "outage".into(),
        from: 0,
        until: 3 * SECOND,
    }];
    for number in 0..3 {
        second(&mut guards, number, 0, 100);
    }
    for number in 3..6 {
        second(&mut guards, number, 0, 0);
        assert_eq!(guards.tripped(&allowance), None, "everybody hangs");
    }
    second(&mut guards, 6, 0, 100);
    let abort = guards.tripped(&allowance).expect("they ran into time-outs");
    assert_eq!(abort.overrun_of.as_deref(), Some("outage"));
}

#[test]
fn rules_are_judged_only_while_the_schedule_runs() {
    let idle = [rule(Metric::Rate, CompareOp::Less, 5.0, 2)];
    let mut guards = Guards::new(&idle);
    guards.scheduled(4 * SECOND, 8 * SECOND);
    for number in 0..5 {
        second(&mut guards, number, 0, 0);
        assert_eq!(guards.tripped(&[]), None, "nothing was to be expected yet");
    }
    second(&mut guards, 5, 0, 0);
    assert!(guards.tripped(&[]).is_some(), "two seconds of load");

    let mut guards = Guards::new(&idle);
    guards.scheduled(0, 4 * SECOND);
    for number in 0..4 {
        second(&mut guards, number, 100, 0);
    }
    for number in 4..9 {
        second(&mut guards, number, 0, 0);
        assert_eq!(guards.tripped(&[]), None, "its last requests end");
    }
}

#[test]
fn a_quantile_of_nothing_holds_no_limit() {
    let mut guards = Guards::new(&[
        rule(Metric::Response(0.99), CompareOp::Greater, 5e5, 2),
        rule(Metric::OfferedRateMet, CompareOp::Less, 0.9, 2),
    ]);
    for number in 0..4 {
        second(&mut guards, number, 0, 0);
        guards.interval(&interval(number, 0, 1_000, 0));
        assert_eq!(guards.tripped(&[]), None);
    }
}

#[test]
fn failures_that_begin_after_an_allowance_are_nobody_s_overrun() {
    let mut guards = Guards::new(&[errors_over(60.0, 3)]);
    for number in 0..12 {
        second(&mut guards, number, 0, 100);
    }
    let long_past = Allowance {
        fault: "failover".into(),
        from: 0,
        until: 5 * SECOND,
    };
    assert_eq!(
        guards.tripped(&[long_past]).map(|abort| abort.overrun_of),
        Some(None)
    );
}

#[test]
fn the_gates_say_how_long_a_fault_may_hurt() {
    let mut scenario = scenario(vec![
        fault("held", FaultKind::ZoneDrain { zone: "b".into() }),
        fault(
            "gated",
            FaultKind::DbFailover {
                profile: None,
                shard: 1,
            },
        ),
    ]);
    scenario.faults[0].hold = Some(Duration::from_secs(10));
    let gate = |check| Gate {
        id: String::new(),
        subject: GateSubject::Recovery { fault: 1, check },
        text: String::new(),
        line: 1,
    };
    scenario.gates = vec![
        gate(RecoveryCheck::RecoveredWithin(Duration::from_secs(15))),
        gate(RecoveryCheck::Unavailable(Duration::from_secs(2))),
        gate(RecoveryCheck::LostWrites(0)),
    ];
    let until = |fault| Allowance::of(&scenario, fault, 100).until;
    assert_eq!(until(0), 100 + 40 * SECOND, "its hold and the default");
    assert_eq!(
        until(1),
        100 + 15 * SECOND,
        "the longest that a gate allows"
    );
}

#[test]
fn nothing_older_than_the_longest_window_is_kept() {
    let mut guards = Guards::new(&[
        errors_over(60.0, 3),
        rule(Metric::Response(0.99), CompareOp::Greater, 5e5, 2),
    ]);
    for number in 0..1_000 {
        second(&mut guards, number, 10, 0);
        guards.interval(&interval(number, 1, 1, 1));
    }
    let (counts, seconds) = guards.recent.kept();
    assert!(counts <= 32, "{counts}");
    assert!(seconds <= 3, "{seconds}");
}
