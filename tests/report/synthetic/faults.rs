//! What broke when, and what it did.

use loadtest::measure::interval::{ErrorSample, SlowRequest};
use loadtest::measure::outcome::ErrorKind;
use loadtest::measure::window::{PhaseKind, PhaseWindow};
use loadtest::report::summary::{
    CanaryImpact, ClassImpact, CloseUp, ControlEvent, Detection, Fault, Ledger, Stage, Towards,
    Undo,
};

use super::seconds;

pub(super) fn windows() -> Vec<PhaseWindow> {
    let window = |name: &str, kind, fault, from, to| PhaseWindow {
        name: name.into(),
        kind,
        fault,
        from: seconds(from),
        to: seconds(to),
    };
    vec![
        window("ramp", PhaseKind::Ramp, None, 0.0, 10.0),
        window("steady", PhaseKind::Steady, None, 10.0, 25.0),
        window("lose a pod", PhaseKind::Fault, Some(0), 25.012, 27.31),
        window("recovery", PhaseKind::Recovery, None, 27.31, 32.0),
        window("steady", PhaseKind::Steady, None, 32.0, 42.0),
        window(
            "database fails over",
            PhaseKind::Fault,
            Some(1),
            42.02,
            46.24,
        ),
        window("recovery", PhaseKind::Recovery, None, 46.24, 52.0),
        window("steady", PhaseKind::Steady, None, 52.0, 70.0),
        window("drain zone b", PhaseKind::Fault, Some(2), 70.004, 86.4),
        window("recovery", PhaseKind::Recovery, None, 86.4, 90.0),
        window("steady", PhaseKind::Steady, None, 90.0, 110.0),
    ]
}

fn event(at: f64, kind: &str, subject: &str, detail: &str) -> ControlEvent {
    ControlEvent {
        at_us: seconds(at),
        kind: kind.into(),
        subject: subject.into(),
        detail: detail.into(),
    }
}

fn detected(by: &str, at: f64) -> Detection {
    Detection {
        by: by.into(),
        at_us: seconds(at),
    }
}

fn undo(how: &str, at: f64) -> Option<Undo> {
    Some(Undo {
        done: true,
        how: how.into(),
        at_us: Some(seconds(at)),
    })
}

pub(super) fn faults() -> Vec<Fault> {
    vec![lose_a_pod(), database_fails_over(), drain_zone_b()]
}

fn at(at: f64) -> Option<u64> {
    Some(seconds(at))
}

fn stage(towards: Towards, name: &str, from: f64, to: f64) -> Stage {
    Stage {
        towards,
        name: name.into(),
        from_us: seconds(from),
        to_us: seconds(to),
    }
}

fn class(name: &str, writes: Option<bool>, failed: u64) -> ClassImpact {
    ClassImpact {
        class: name.into(),
        writes,
        requests: 640,
        failed,
        first_error_us: at(42.028),
        first_success_us: at(44.02),
        recovered_us: at(46.24),
        rto_seconds: Some(4.22),
        dead_window_seconds: 1.87,
        brown_out_seconds: 1.4,
        ..ClassImpact::default()
    }
}

fn canary(writer: &str, failed: u64) -> CanaryImpact {
    CanaryImpact {
        writer: writer.into(),
        zone: writer.strip_prefix("canary ").map(Into::into),
        requests: failed * 4,
        failed,
        first_error_us: at(42.05),
        last_error_us: at(43.9),
        first_success_us: at(43.95),
        recovered_us: at(43.95),
        rto_seconds: Some(1.93),
        dead_window_seconds: 1.9,
        unavailable_seconds: 1.9,
    }
}

/// Half a second before to a second after the outage, in tenths.
fn close_up() -> CloseUp {
    let dead = 5..24;
    let count = |served: u64, failed: u64| -> (Vec<u64>, Vec<u64>) {
        let of = |n| {
            if dead.contains(&n) {
                (0, failed)
            } else {
                (served, 0)
            }
        };
        (0..57).map(of).unzip()
    };
    let ((ok, failed), (canary_ok, canary_failed)) = (count(14, 7), count(6, 6));
    CloseUp {
        from_us: seconds(41.5),
        bucket_us: 100_000,
        ok,
        failed,
        canary_ok,
        canary_failed,
    }
}

fn lose_a_pod() -> Fault {
    Fault {
        name: "lose a pod".into(),
        kind: "pod-kill".into(),
        provider: "local".into(),
        target: vec!["pod shop-2 in zone b".into()],
        planned_us: at(25.0),
        accepted_us: at(25.012),
        first_error_us: at(25.019),
        detected: vec![
            detected("control plane", 25.021),
            detected("edge health check", 25.240),
        ],
        mitigated_us: at(25.246),
        first_success_us: at(25.022),
        last_error_us: at(26.402),
        recovered_us: at(26.41),
        latency_recovered_us: at(27.0),
        redundancy_restored_us: at(27.31),
        rto_seconds: Some(1.398),
        dead_window_seconds: Some(0.0),
        below_slo_seconds: Some(1.2),
        ledger: Some(Ledger {
            acknowledged: 81,
            unknown: 12,
            ..Ledger::default()
        }),
        undo: undo("the control plane started shop-4 in its place", 27.31),
        events: vec![
            event(25.021, "pod-exited", "shop-2", "killed by SIGKILL"),
            event(25.240, "edge-target-down", "shop-2", "connection refused"),
            event(27.31, "pod-ready", "shop-4", "zone b"),
        ],
        ..Fault::default()
    }
}

fn database_fails_over() -> Fault {
    Fault {
        name: "database fails over".into(),
        kind: "db-failover".into(),
        provider: "local".into(),
        target: vec!["db-1 in zone a, to db-2 in zone b".into()],
        accepted_us: at(42.02),
        first_error_us: at(42.028),
        detected: vec![
            detected("control plane", 42.03),
            detected("readiness", 42.51),
        ],
        mitigated_us: at(43.9),
        first_success_us: at(44.02),
        last_error_us: at(44.98),
        recovered_us: at(46.24),
        latency_recovered_us: at(47.1),
        redundancy_restored_us: at(51.2),
        first_failed_sent_us: at(42.021),
        p99_before_us: Some(61_000),
        rto_seconds: Some(4.22),
        time_to_detect_seconds: Some(0.009),
        dead_window_seconds: Some(1.87),
        dead_seconds: Some(1.9),
        brown_out_seconds: Some(1.4),
        relapses: Some(1),
        rpo_seconds: Some(0.0),
        stages: vec![
            stage(Towards::Users, "detection", 42.02, 42.03),
            stage(Towards::Users, "fencing", 42.03, 42.031),
            stage(Towards::Users, "promotion", 42.031, 43.4),
            stage(Towards::Users, "endpoint", 43.4, 43.9),
            stage(Towards::Users, "pools reconnect", 43.9, 46.24),
            stage(Towards::Redundancy, "promotion", 42.02, 43.4),
            stage(Towards::Redundancy, "standby rebuilt", 43.4, 51.2),
        ],
        classes: vec![
            class("all", None, 145),
            class("reads", Some(false), 3),
            class("writes", Some(true), 142),
        ],
        close_up: Some(close_up()),
        canary: vec![
            canary("all", 93),
            canary("canary a", 31),
            canary("canary b", 31),
            canary("canary c", 31),
        ],
        below_slo_seconds: Some(3.4),
        ledger: Some(Ledger {
            acknowledged: 96,
            unknown: 49,
            ..Ledger::default()
        }),
        undo: undo("a new standby was copied and has caught up", 51.2),
        events: vec![
            event(
                42.031,
                "database-fenced",
                "db-1",
                "no write is accepted any more",
            ),
            event(43.4, "database-promoted", "db-2", "accepts writes"),
            event(
                43.9,
                "database-endpoint-moved",
                "db-2",
                "the endpoint leads to zone b",
            ),
            event(
                51.2,
                "database-standby-caught-up",
                "db-3",
                "streams from db-2",
            ),
        ],
        ..Fault::default()
    }
}

fn drain_zone_b() -> Fault {
    Fault {
        name: "drain zone b".into(),
        kind: "zone-drain".into(),
        provider: "local".into(),
        target: vec!["zone b: shop-4, db-2".into()],
        planned_us: at(70.0),
        accepted_us: at(70.004),
        first_error_us: at(71.3),
        detected: vec![detected("control plane", 70.006)],
        mitigated_us: at(70.4),
        first_success_us: at(71.302),
        last_error_us: at(71.9),
        recovered_us: at(72.3),
        redundancy_restored_us: at(86.4),
        rto_seconds: Some(2.296),
        dead_window_seconds: Some(0.0),
        below_slo_seconds: Some(0.4),
        ledger: Some(Ledger {
            acknowledged: 640,
            ..Ledger::default()
        }),
        undo: undo("zone b takes pods again", 86.4),
        ..Fault::default()
    }
}

pub(super) fn slowest() -> Vec<SlowRequest> {
    let slow = |at, step, response_us, request: &str, failed: bool| SlowRequest {
        at: seconds(at),
        step,
        response_us,
        service_us: response_us - 1_200,
        status: (!failed).then_some(200),
        failed,
        request: request.into(),
        pod: (!failed).then(|| "shop-2".into()),
        trace: Some(format!("4bf92f3577b34da6a3ce929d0e0e47{step:02x}")),
    };
    vec![
        slow(42.9, 2, 5_003_000, "POST /api/orders", true),
        slow(43.1, 1, 1_204_000, "GET /api/products?page", false),
    ]
}

pub(super) fn samples() -> Vec<ErrorSample> {
    let sample =
        |at, step, kind, status, message: &str, request: &str, pod: Option<&str>| ErrorSample {
            at: seconds(at),
            step,
            kind,
            status,
            message: message.into(),
            request: request.into(),
            pod: pod.map(Into::into),
            trace: None,
        };
    vec![
        sample(
            42.028,
            2,
            ErrorKind::Status,
            Some(503),
            "expected 201, got 503: {\"error\":\"the database is failing over, <try> again\"}",
            "POST /api/orders",
            Some("shop-1"),
        ),
        sample(
            25.02,
            3,
            ErrorKind::Reset,
            None,
            "connection reset by peer while reading the answer",
            "GET /",
            None,
        ),
        sample(
            44.2,
            2,
            ErrorKind::Timeout,
            None,
            "no complete answer within 2 s",
            "POST /api/orders",
            None,
        ),
    ]
}
