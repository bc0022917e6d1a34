//! A made-up run, recorded through the real pipeline: intervals, `run.hlog`, aggregation, gates,
//! summary. It exists so that reports can be looked at and compared; no command can produce it.
#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses its own part"
)]

mod faults;
mod long;
mod scenario;
mod traffic;

use std::path::Path;

use faults::{faults, samples, slowest, windows};
use loadtest::gate::Ending;
use loadtest::measure::aggregate::aggregate;
use loadtest::measure::recording::{Reader, StepNames, Writer};
use loadtest::report::summary::{
    Books, Canary, CanaryWriter, Compression, Connections, Generator, GeneratorVerdict, Invariant,
    Lanes, Latency, Ledger, Observed, ObservedPoint, ObservedSeries, RoleLane, Run, Segment,
    ServingKind, ServingLane, Span,
};
use loadtest::report::{Summary, SummaryInput, plan, summarise};
use loadtest::scenario::Scenario;
pub(crate) use long::ten_minutes;
pub(crate) use scenario::scenario;
use traffic::interval;

const SECONDS: u64 = 110;

const STARTED_UNIX_US: u64 = 1_795_698_000_000_000;

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
        drill: None,
        events: None,
        ledger: Some(Ledger {
            acknowledged: 3_402,
            unknown: 61,
            ..Ledger::default()
        }),
        books: Some(books()),
        canary: Some(canary()),
        samples: &samples(),
        slowest: &slowest(),
        generator: generator(),
        connections: Some(connections()),
        invalid_causes: Vec::new(),
        lanes: lanes(),
        observed: Some(observed()),
        tracks: &[],
        ending: Ending::Completed,
        ending_reason: None,
        strict: false,
        configuration: scenario.source.text.clone(),
    })
}

fn seconds(at: f64) -> u64 {
    (at * 1e6).round() as u64
}

fn books() -> Books {
    let rule = |name: &str, rule: &str| Invariant {
        name: name.into(),
        rule: rule.into(),
        checked: 3_402,
        violations: 0,
    };
    Books {
        invariants: vec![
            rule("one-payment-per-order", "every order is paid exactly once"),
            rule("stock-adds-up", "stock before minus sold is stock after"),
        ],
        ..Books::default()
    }
}

fn canary() -> Canary {
    let writer = |zone: &str| CanaryWriter {
        name: format!("canary {zone}"),
        zone: Some(zone.into()),
        requests: 2_200,
        failed: 31,
    };
    Canary {
        rate_per_writer: 20.0,
        writers: ["a", "b", "c"].map(writer).into(),
        ledger: Some(Ledger {
            acknowledged: 6_507,
            unknown: 93,
            ..Ledger::default()
        }),
        warnings: Vec::new(),
    }
}

fn connections() -> Connections {
    let times = |count, p50| Latency {
        count,
        p50,
        p90: p50 * 2,
        p95: p50 * 3,
        p99: p50 * 5,
        p99_9: p50 * 8,
        max: p50 * 9,
        mean: p50 as f64,
    };
    Connections {
        opened: 431,
        resent: 2,
        handshakes_full: 12,
        handshakes_resumed: 419,
        resolve_us: None,
        connect_us: Some(times(431, 210)),
        tls_us: Some(times(431, 640)),
        first_byte_us: Some(times(20_311, 5_120)),
        compression: Some(Compression {
            answers: 20_000,
            bytes_received: 4_000_000,
            bytes_decoded: 31_000_000,
        }),
    }
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

/// A database's load, told every ten seconds, and a queue that could not be asked.
fn observed() -> Observed {
    let point = |n: u64, value| ObservedPoint {
        at_us: n * 10_000_000 + 5_000_000,
        value,
    };
    let values = [12.0, 31.5, 74.0, 28.0, 25.0, 24.5, 24.0, 23.0, 22.5, 22.0];
    Observed {
        series: vec![ObservedSeries {
            name: "CPUUtilization of shop".into(),
            unit: "%".into(),
            source: "Prometheus".into(),
            resolution_us: 10_000_000,
            points: (0..)
                .zip(values)
                .map(|(at, value)| point(at, value))
                .collect(),
        }],
        not_read: vec!["the queue’s metrics: AccessDenied".into()],
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
