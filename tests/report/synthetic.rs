//! A made-up run, recorded through the real pipeline: intervals, `run.hlog`, aggregation, gates,
//! summary. It exists so that reports can be looked at and compared; no command can produce it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loadtest::gate::Ending;
use loadtest::measure::aggregate::aggregate;
use loadtest::measure::interval::{ErrorSample, Interval, StepInterval, histogram};
use loadtest::measure::outcome::ErrorKind;
use loadtest::measure::recording::{Reader, StepNames, Writer};
use loadtest::measure::window::{PhaseKind, PhaseWindow};
use loadtest::report::summary::{
    ControlEvent, Detection, Fault, Generator, GeneratorVerdict, Lanes, Ledger, RoleLane, Run,
    Segment, ServingKind, ServingLane, Span, Undo,
};
use loadtest::report::{Summary, SummaryInput, plan, summarise};
use loadtest::scenario::{
    Body, Check, CompareOp, Expect, Fault as PlannedFault, FaultKind, FaultStart, Gate,
    GateSubject, Guard, HttpDefaults, Journey, Load, Metric, OnFailure, PhaseSelector, PickCount,
    PodSelector, ProviderKind, RateSegment, RecoveryCheck, Scenario, Scope, Shape, Slo, Source,
    Spread, Step, Target, Think, UserSegment, template::Template,
};

const SECONDS: u64 = 110;
const STARTED_UNIX_US: u64 = 1_795_698_000_000_000;

/// (journey, name, method, path, typical microseconds)
const STEPS: [(usize, &str, &str, &str, f64); 5] = [
    (0, "log in", "POST", "/api/sessions", 14_000.0),
    (0, "list products", "GET", "/api/products", 6_000.0),
    (0, "place order", "POST", "/api/orders", 17_000.0),
    (1, "front page", "GET", "/", 2_400.0),
    (1, "search", "GET", "/api/products", 8_000.0),
];

/// What the p95 of buying may be, microseconds: what makes the run pass or fail.
pub(crate) const GENEROUS_P95: f64 = 200_000.0;

/// Records the run into a folder and makes its summary.
pub(crate) fn run(folder: &Path, p95_limit_us: f64) -> Summary {
    let scenario = scenario(p95_limit_us);
    let names = StepNames::of(&scenario);
    let mut writer =
        Writer::create(folder, names.clone(), STARTED_UNIX_US).expect("a writable folder");
    let mut random = fastrand::Rng::with_seed(scenario.seed);
    for second in 0..SECONDS {
        writer
            .append(&interval(second, &mut random))
            .expect("a writable folder");
    }
    writer.finish().expect("a writable folder");

    let reader = Reader::open(folder, names).expect("just written");
    let measured = aggregate(reader, &plan(&scenario, windows())).expect("just written");
    summarise(SummaryInput {
        scenario: &scenario,
        run: about(&scenario),
        measured: &measured,
        faults: faults(),
        ledger: Some(Ledger {
            acknowledged: 3_402,
            unknown: 61,
            ..Ledger::default()
        }),
        samples: &samples(),
        generator: generator(),
        invalid_causes: Vec::new(),
        lanes: lanes(),
        ending: Ending::Completed,
        ending_reason: None,
        strict: false,
        configuration: scenario.source.text.clone(),
    })
}

fn log_normal(random: &mut fastrand::Rng, median: f64, sigma: f64) -> f64 {
    let (u, v) = (random.f64().max(1e-12), random.f64());
    let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    median * (sigma * normal).exp()
}

fn interval(second: u64, random: &mut fastrand::Rng) -> Interval {
    let ramp = ((second as f64 + 0.5) / 10.0).min(1.0);
    let arrivals = 5.0 + 35.0 * ramp;
    let browsers = 25.0 * ramp;
    let mut start_lag_us = histogram();
    let scheduled = (arrivals + random.f64() * 8.0 - 4.0).round() as u64;
    for _ in 0..scheduled {
        start_lag_us
            .record(log_normal(random, 110.0, 0.25) as u64)
            .expect("in range");
    }
    let steps = STEPS
        .iter()
        .enumerate()
        .map(|(id, (journey, ..))| {
            let rate = if *journey == 0 {
                arrivals
            } else {
                browsers * 0.85
            };
            step(
                id,
                second,
                (rate + random.f64() * 6.0 - 3.0).max(0.0).round() as u64,
                random,
            )
        })
        .collect();
    Interval {
        second,
        steps,
        start_lag_us,
        scheduled,
        started: scheduled,
        ended: scheduled,
        users: (25.0 * ramp + arrivals * if (42..46).contains(&second) { 2.6 } else { 1.2 }) as u64,
    }
}

fn step(id: usize, second: u64, count: u64, random: &mut fastrand::Rng) -> StepInterval {
    let (_, _, method, _, typical) = STEPS[id];
    let write = method == "POST";
    let mut of = StepInterval {
        step: id,
        ok_response_us: histogram(),
        ok_service_us: histogram(),
        failed_response_us: histogram(),
        failed_service_us: histogram(),
        errors: BTreeMap::new(),
        statuses: BTreeMap::new(),
        bytes_sent: count * if write { 180 } else { 0 },
        bytes_received: count * if write { 420 } else { 2_600 },
    };
    for _ in 0..count {
        let disturbance = if (70..86).contains(&second) { 1.9 } else { 1.0 };
        let mut service = log_normal(random, typical * disturbance, 0.28);
        if random.f64() < 0.012 {
            service *= 2.0 + 3.0 * random.f64();
        }
        let mut waited = 0.0;
        let failure = match (second, write) {
            (25, _) if random.f64() < 0.14 => Some((ErrorKind::Reset, None)),
            (26, _) if random.f64() < 0.04 => Some((ErrorKind::Connect, None)),
            (42 | 43, true) if random.f64() < 0.48 => Some((ErrorKind::Status, Some(503))),
            (44, true) if random.f64() < 0.25 => Some((ErrorKind::Timeout, None)),
            (71, _) if random.f64() < 0.02 => Some((ErrorKind::Status, Some(502))),
            _ => None,
        };
        if write && (42..46).contains(&second) {
            waited = random.f64() * (46 - second) as f64 * 620_000.0;
        }
        if failure == Some((ErrorKind::Timeout, None)) {
            service = 2_000_000.0 + random.f64() * 3_000.0;
        }
        let (response_us, service_us) = ((service + waited) as u64, service as u64);
        if let Some((kind, status)) = failure {
            of.failed_response_us.record(response_us).expect("in range");
            of.failed_service_us.record(service_us).expect("in range");
            *of.errors.entry(kind).or_default() += 1;
            if let Some(status) = status {
                *of.statuses.entry(status).or_default() += 1;
            }
        } else {
            of.ok_response_us.record(response_us).expect("in range");
            of.ok_service_us.record(service_us).expect("in range");
            *of.statuses
                .entry(if id == 2 { 201 } else { 200 })
                .or_default() += 1;
        }
    }
    of
}

fn seconds(at: f64) -> u64 {
    (at * 1e6).round() as u64
}

fn windows() -> Vec<PhaseWindow> {
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

fn faults() -> Vec<Fault> {
    let at = |at: f64| Some(seconds(at));
    vec![
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
        },
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
            rto_seconds: Some(4.22),
            dead_window_seconds: Some(1.87),
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
        },
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
        },
    ]
}

fn samples() -> Vec<ErrorSample> {
    let sample =
        |at, step, kind, status, message: &str, request: &str, pod: Option<&str>| ErrorSample {
            at: seconds(at),
            step,
            kind,
            status,
            message: message.into(),
            request: request.into(),
            pod: pod.map(Into::into),
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

fn generator() -> Generator {
    Generator {
        verdict: GeneratorVerdict::Healthy,
        cpu_share: Some(0.084),
        cpu_share_max: Some(0.131),
        cores: Some(2),
        late: Some(0),
        dropped: Some(0),
        descriptors: Some(118),
        descriptor_limit: Some(1_024),
        memory_bytes: Some(31_400_000),
        ..Generator::default()
    }
}

fn lanes() -> Lanes {
    let serving = |kind, name: &str, dead: std::ops::Range<usize>, hurt: &[usize]| ServingLane {
        kind,
        name: name.into(),
        ok: (0..SECONDS as usize)
            .map(|second| if dead.contains(&second) { 0 } else { 48 })
            .collect(),
        failed: (0..SECONDS as usize)
            .map(|second| if hurt.contains(&second) { 21 } else { 0 })
            .collect(),
    };
    let segment = |from, to, state: &str| Segment {
        span: Span {
            from_us: seconds(from),
            to_us: seconds(to),
        },
        state: state.into(),
    };
    let role = |name: &str, segments| RoleLane {
        name: name.into(),
        segments,
    };
    Lanes {
        faults: Vec::new(),
        serving: vec![
            serving(ServingKind::Zone, "a", 0..0, &[42, 43, 44]),
            serving(ServingKind::Zone, "b", 71..86, &[25, 26, 42, 43, 44]),
            serving(ServingKind::Zone, "c", 0..0, &[42, 43, 44]),
        ],
        roles: vec![
            role(
                "db-1 · zone a",
                vec![
                    segment(0.0, 42.03, "primary"),
                    segment(42.03, 110.0, "down"),
                ],
            ),
            role(
                "db-2 · zone b",
                vec![
                    segment(0.0, 43.4, "standby"),
                    segment(43.4, 70.9, "primary"),
                    segment(70.9, 86.0, "down"),
                    segment(86.0, 110.0, "standby"),
                ],
            ),
            role(
                "db-3 · zone c",
                vec![
                    segment(44.1, 51.2, "rebuilding"),
                    segment(51.2, 70.9, "standby"),
                    segment(70.9, 110.0, "primary"),
                ],
            ),
        ],
    }
}

fn about(scenario: &Scenario) -> Run {
    Run {
        id: "checkout-20261126T130000Z".into(),
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        hash: scenario.source.hash.clone(),
        seed: scenario.seed,
        started: "2026-11-26T13:00:00Z".into(),
        ended: "2026-11-26T13:01:50Z".into(),
        started_unix_us: STARTED_UNIX_US,
        duration_us: SECONDS * 1_000_000,
        tool: "loadtest 0.1.0".into(),
        revision: Some("4f2c9e1".into()),
        target: "stack \"default\"".into(),
        topology: Some("3 shop pods in zones a, b, c · PostgreSQL pair, synchronous".into()),
        machine: Some("linux, 2 cores".into()),
        command: "loadtest run scenarios/checkout.toml --seed 42".into(),
        overrides: Vec::new(),
        slo: None,
    }
}

fn gate(line: usize, id: &str, text: &str, subject: GateSubject) -> Gate {
    Gate {
        id: id.into(),
        subject,
        text: text.into(),
        line,
    }
}

fn gates(p95_limit_us: f64) -> Vec<Gate> {
    let measured = |scope, during, metric, op, limit| GateSubject::Measured {
        scope,
        during,
        check: Check { metric, op, limit },
    };
    let steady = |metric, limit| {
        measured(
            Scope::Journey(0),
            PhaseSelector::Steady,
            metric,
            CompareOp::Less,
            limit,
        )
    };
    let recovery = |fault, check| GateSubject::Recovery { fault, check };
    let whole = |metric| {
        measured(
            Scope::Run,
            PhaseSelector::Whole,
            metric,
            CompareOp::AtLeast,
            0.99,
        )
    };
    let p95 = format!("p95 < {}ms", p95_limit_us / 1e3);
    vec![
        gate(
            74,
            "journey:buy/steady/p95",
            &p95,
            steady(Metric::Response(0.95), p95_limit_us),
        ),
        gate(
            74,
            "journey:buy/steady/p99",
            "p99 < 400ms",
            steady(Metric::Response(0.99), 400_000.0),
        ),
        gate(
            74,
            "journey:buy/steady/errors",
            "errors < 0.1%",
            steady(Metric::Errors, 0.001),
        ),
        gate(
            79,
            "fault:database fails over/recovered_within",
            "recovered_within = 15s",
            recovery(1, RecoveryCheck::RecoveredWithin(Duration::from_secs(15))),
        ),
        gate(
            80,
            "fault:database fails over/lost_writes",
            "lost_writes = 0",
            recovery(1, RecoveryCheck::LostWrites(0)),
        ),
        gate(
            84,
            "run/whole/availability",
            "availability >= 99%",
            whole(Metric::Availability),
        ),
        gate(
            84,
            "run/whole/offered_rate_met",
            "offered_rate_met >= 99%",
            whole(Metric::OfferedRateMet),
        ),
    ]
}

fn planned_faults() -> Vec<PlannedFault> {
    let fault = |name: &str, kind, start, hold: Option<u64>| PlannedFault {
        name: name.into(),
        kind,
        start,
        hold: hold.map(Duration::from_secs),
        provider: ProviderKind::Local,
    };
    let pods = PodSelector {
        name: None,
        app: Some("shop".into()),
        zone: None,
        labels: BTreeMap::new(),
        pick: PickCount::Count(1),
    };
    let after = FaultStart::After {
        fault: 0,
        recovered_for: Duration::from_secs(5),
    };
    let at = |seconds| FaultStart::At(Duration::from_secs(seconds));
    vec![
        fault(
            "lose a pod",
            FaultKind::PodKill {
                pods,
                grace: Duration::ZERO,
            },
            at(25),
            None,
        ),
        fault(
            "database fails over",
            FaultKind::DbFailover { profile: None },
            after,
            None,
        ),
        fault(
            "drain zone b",
            FaultKind::ZoneDrain { zone: "b".into() },
            at(70),
            Some(15),
        ),
    ]
}

fn journeys() -> Vec<Journey> {
    let journey = |name: &str, steps| Journey {
        name: name.into(),
        steps,
        think: Think::None,
        pacing: None,
        on_failure: OnFailure::Stop,
    };
    vec![journey("buy", 0..3), journey("browse", 3..5)]
}

fn steps() -> Vec<Step> {
    STEPS
        .iter()
        .map(|(journey, name, method, path, _)| Step {
            name: (*name).into(),
            journey: *journey,
            method: (*method).into(),
            url: Template::literal(*path),
            headers: Vec::new(),
            body: Body::None,
            expect: Expect::default(),
            captures: Vec::new(),
            timeout: Duration::from_secs(2),
            redirects: true,
            think: None,
            ledger: None,
        })
        .collect()
}

fn loads() -> Vec<Load> {
    let rate = |from, to, over| RateSegment {
        from,
        to,
        over: Duration::from_secs(over),
    };
    let users = |from, to, over| UserSegment {
        from,
        to,
        over: Duration::from_secs(over),
    };
    vec![
        Load {
            name: "buy".into(),
            journeys: vec![(0, 1)],
            shape: Shape::Arrivals {
                segments: vec![rate(5.0, 40.0, 10), rate(40.0, 40.0, 100)],
                spread: Spread::Poisson,
                max_users: 400,
            },
        },
        Load {
            name: "browse".into(),
            journeys: vec![(1, 1)],
            shape: Shape::Users {
                segments: vec![users(0, 25, 10), users(25, 25, 100)],
            },
        },
    ]
}

/// What the run is made from.
pub(crate) fn scenario(p95_limit_us: f64) -> Scenario {
    Scenario {
        name: "checkout".into(),
        description: "Shoppers browse and buy while a pod dies, the database fails over and a zone drains".into(),
        seed: 42,
        source: Source {
            path: PathBuf::from("scenarios/checkout.toml"),
            text: "name = \"checkout\"\nseed = 42\n\n[target]\nstack = \"local\"\n\n[[load]]\njourney = \"buy\"\narrivals = [\n  { from = \"5/s\", to = \"40/s\", over = \"10s\" },\n  { rate = \"40/s\", for = \"100s\" },\n]\n".into(),
            hash: "9b1f6c0d2a7e44c8".into(),
            overrides: Vec::new(),
        },
        target: Target::Url("http://127.0.0.1:18080".into()),
        http: HttpDefaults {
            timeout: Duration::from_secs(2),
            redirects: true,
            headers: Vec::new(),
            cookies: true,
            insecure: false,
        },
        data: Vec::new(),
        loads: loads(),
        journeys: journeys(),
        steps: steps(),
        slots: 0,
        faults: planned_faults(),
        guard: Guard {
            healthy_before: Duration::from_secs(5),
            wait_at_most: Duration::from_secs(60),
            abort_when: Vec::new(),
        },
        slo: Slo { availability: 0.99, p99: Some(Duration::from_millis(400)), held_for: Duration::from_secs(1) },
        gates: gates(p95_limit_us),
    }
}
