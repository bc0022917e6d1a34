//! The scenario that the run claims to come from.

use std::path::PathBuf;
use std::time::Duration;

use loadtest::scenario::{
    Body, Check, CompareOp, Expect, Fault as PlannedFault, FaultKind, FaultStart, Force, Gate,
    GateSubject, Guard, HttpDefaults, Journey, Load, Metric, OnFailure, PhaseSelector, PickCount,
    PodSelector, ProviderKind, RateSegment, RecoveryCheck, Scenario, Scope, Shape, Slo, Source,
    Spread, Step, Target, Think, UserSegment, template::Template,
};

/// (journey, name, method, path, typical microseconds)
pub(super) const STEPS: [(usize, &str, &str, &str, f64); 5] = [
    (0, "log in", "POST", "/api/sessions", 14_000.0),
    (0, "list products", "GET", "/api/products", 6_000.0),
    (0, "place order", "POST", "/api/orders", 17_000.0),
    (1, "front page", "GET", "/", 2_400.0),
    (1, "search", "GET", "/api/products", 8_000.0),
];

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
        hypothesis: None,
        kind,
        start,
        hold: hold.map(Duration::from_secs),
        provider: ProviderKind::Local,
        force: Force::No,
    };
    let pods = PodSelector {
        app: Some("shop".into()),
        pick: PickCount::Count(1),
        ..PodSelector::default()
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
            FaultKind::DbFailover {
                profile: None,
                shard: 1,
            },
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
                at_once: false,
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
            ..HttpDefaults::default()
        },
        data: Vec::new(),
        loads: loads(),
        journeys: journeys(),
        steps: steps(),
        slots: 0,
        faults: planned_faults(),
        prometheus: None,
        metrics: Vec::new(),
        scrape: Vec::new(),
        aws: Default::default(),
        kubernetes: loadtest::scenario::KubernetesSpec::default(),
        runbook: Vec::new(),
        canary: None,
        guard: Guard {
            healthy_before: Duration::from_secs(5),
            wait_at_most: Duration::from_secs(60),
            abort_when: Vec::new(),
        },
        slo: Slo { availability: 0.99, p99: Some(Duration::from_millis(400)), held_for: Duration::from_secs(1) },
        gates: gates(p95_limit_us),
    }
}
