//! SLO gates: a truth table over small made-up recordings.

use std::collections::BTreeMap;

use loadtest::gate::{self, GateResult, GateVerdict};
use loadtest::measure::aggregate::{Plan, aggregate};
use loadtest::measure::interval::{Interval, StepInterval, histogram};
use loadtest::measure::outcome::ErrorKind;
use loadtest::measure::window::{PhaseKind, PhaseWindow};
use loadtest::scenario::{Check, CompareOp, Gate, GateSubject, Metric, PhaseSelector, Scope};

/// `seconds` seconds of `buy / log in`: in each, `fast` requests of 10 ms and `slow` of 900 ms, and
/// `failed` that took 1 ms.
struct Load {
    seconds: u64,
    fast: u64,
    slow: u64,
    failed: u64,
}

const EMPTY: Load = Load {
    seconds: 5,
    fast: 0,
    slow: 0,
    failed: 0,
};

fn interval(second: u64, load: &Load) -> Interval {
    let mut ok = histogram();
    ok.record_n(10_000, load.fast).expect("in range");
    ok.record_n(900_000, load.slow).expect("in range");
    let mut failed = histogram();
    failed.record_n(1_000, load.failed).expect("in range");
    let step = StepInterval {
        step: 0,
        ok_response_us: ok.clone(),
        ok_service_us: ok,
        failed_response_us: failed.clone(),
        failed_service_us: failed,
        errors: BTreeMap::from([(ErrorKind::Status, load.failed)]),
        statuses: BTreeMap::new(),
        bytes_sent: 0,
        bytes_received: 0,
    };
    Interval {
        second,
        steps: vec![step],
        start_lag_us: histogram(),
        scheduled: 20 * u64::from(load.fast > 0),
        started: 19 * u64::from(load.fast > 0),
        ended: 0,
        users: 0,
        responders: Vec::new(),
    }
}

fn judge(
    load: &Load,
    scope: Scope,
    during: PhaseSelector,
    metric: Metric,
    op: CompareOp,
    limit: f64,
) -> GateResult {
    let mut scenario = super::synthetic::scenario(1.0);
    scenario.gates = vec![Gate {
        id: "x/y/z".into(),
        subject: GateSubject::Measured {
            scope,
            during,
            check: Check { metric, op, limit },
        },
        text: "as written".into(),
        line: 9,
    }];
    let steady = PhaseWindow {
        name: "steady".into(),
        kind: PhaseKind::Steady,
        fault: None,
        from: 0,
        to: u64::MAX,
    };
    let plan = Plan::new(&scenario, vec![steady], gate::cuts(&scenario.gates));
    let intervals = (0..load.seconds).map(|second| Ok::<_, ()>(interval(second, load)));
    let measured = aggregate(intervals, &plan).expect("no error");
    gate::judge(&scenario, &measured, &[], &[]).remove(0)
}

fn on_run(load: &Load, metric: Metric, op: CompareOp, limit: f64) -> (GateVerdict, String) {
    let result = judge(load, Scope::Run, PhaseSelector::Steady, metric, op, limit);
    (result.verdict, result.explanation)
}

#[test]
fn nothing_measured_is_a_failure() {
    use CompareOp::{AtLeast, Less};
    let p99 = Metric::Response(0.99);
    let (verdict, words) = on_run(&EMPTY, p99, Less, 1e9);
    assert_eq!(verdict, GateVerdict::Fail);
    assert_eq!(
        words,
        "nothing was measured: no request ended in this scope and phase"
    );
    assert_eq!(
        on_run(&EMPTY, Metric::Errors, Less, 1.0).0,
        GateVerdict::Fail
    );
    assert_eq!(
        on_run(&EMPTY, Metric::Count, AtLeast, 0.0).0,
        GateVerdict::Fail
    );
    let (verdict, words) = on_run(&EMPTY, Metric::OfferedRateMet, AtLeast, 0.0);
    assert_eq!(
        (verdict, words.as_str()),
        (
            GateVerdict::Fail,
            "nothing was measured: no open-model load was scheduled"
        )
    );

    let load = Load {
        seconds: 5,
        fast: 100,
        slow: 0,
        failed: 0,
    };
    let other_step = judge(&load, Scope::Step(3), PhaseSelector::Steady, p99, Less, 1e9);
    assert_eq!(
        (other_step.verdict, other_step.samples),
        (GateVerdict::Fail, Some(0))
    );
    let no_recovery = judge(&load, Scope::Run, PhaseSelector::Recovery, p99, Less, 1e9);
    assert_eq!(
        no_recovery.explanation,
        "nothing was measured: the run had no second in phase recovery"
    );
}

#[test]
fn ratios_and_counts_are_compared_as_they_are() {
    use CompareOp::{AtLeast, AtMost, Equal, Less};
    let load = Load {
        seconds: 10,
        fast: 97,
        slow: 1,
        failed: 2,
    };
    let held = |metric, op, limit| on_run(&load, metric, op, limit).0 == GateVerdict::Pass;
    assert!(held(Metric::Errors, AtMost, 0.02) && !held(Metric::Errors, Less, 0.02));
    assert!(
        held(Metric::Availability, AtLeast, 0.98) && !held(Metric::Availability, AtLeast, 0.981)
    );
    assert!(held(Metric::Rate, Equal, 100.0) && held(Metric::Count, Equal, 1_000.0));
    assert!(
        held(Metric::OfferedRateMet, AtLeast, 0.95) && !held(Metric::OfferedRateMet, AtLeast, 0.96)
    );
    assert!(held(Metric::Mean, Less, 20_000.0) && !held(Metric::Mean, Less, 15_000.0));
}

#[test]
fn failures_count_among_response_times() {
    // Answers that fail fast would flatter a median of all; the quantiles must hold them.
    let load = Load {
        seconds: 10,
        fast: 40,
        slow: 0,
        failed: 60,
    };
    let median = judge(
        &load,
        Scope::Run,
        PhaseSelector::Steady,
        Metric::Response(0.5),
        CompareOp::Less,
        2_000.0,
    );
    assert_eq!(
        (median.verdict, median.samples),
        (GateVerdict::Pass, Some(1_000))
    );
}

#[test]
fn enough_requests_give_an_interval() {
    let load = Load {
        seconds: 60,
        fast: 99,
        slow: 1,
        failed: 0,
    };
    let p95 = judge(
        &load,
        Scope::Run,
        PhaseSelector::Steady,
        Metric::Response(0.95),
        CompareOp::Less,
        50_000.0,
    );
    assert_eq!(p95.verdict, GateVerdict::Pass);
    let [low, high] = p95.interval.expect("300 lie beyond");
    let measured = p95.measured.expect("6,000 requests");
    assert!(
        low <= measured && measured <= high,
        "{low} {measured} {high}"
    );
    assert_eq!(p95.margin.map(|margin| margin > 0.79), Some(true));
}

#[test]
fn few_requests_decide_only_what_is_certain() {
    let p99 = Metric::Response(0.99);
    let few = |fast, slow| {
        on_run(
            &Load {
                seconds: 1,
                fast,
                slow,
                failed: 0,
            },
            p99,
            CompareOp::Less,
            500_000.0,
        )
    };
    assert_eq!(
        few(400, 0).0,
        GateVerdict::Pass,
        "none of 400 above is no chance"
    );
    assert_eq!(
        few(95, 5).0,
        GateVerdict::Fail,
        "five of a hundred are too many"
    );
    let (verdict, words) = few(99, 1);
    assert_eq!(verdict, GateVerdict::Inconclusive);
    assert_eq!(
        words,
        "insufficient: only 1 of 100 requests lie beyond p99; run longer, load more, or gate a lower quantile"
    );
    let slowest = on_run(
        &Load {
            seconds: 1,
            fast: 5,
            slow: 0,
            failed: 0,
        },
        Metric::Response(1.0),
        CompareOp::Less,
        500_000.0,
    );
    assert_eq!(
        slowest.0,
        GateVerdict::Pass,
        "the slowest of five is known exactly"
    );
}
