//! Small scenarios and snapshots for tests.

use std::path::PathBuf;
use std::time::Duration;

use crate::provider::Snapshot;
use crate::provider::local::double::Double;
use crate::scenario::*;

/// A scenario of these faults, without load, without waiting for health.
pub(crate) fn scenario(faults: Vec<Fault>) -> Scenario {
    Scenario {
        name: "test".into(),
        description: String::new(),
        seed: 42,
        source: Source {
            path: PathBuf::new(),
            text: String::new(),
            hash: String::new(),
            overrides: Vec::new(),
        },
        target: Target::Url("http://127.0.0.1:1".into()),
        http: HttpDefaults {
            timeout: Duration::from_secs(1),
            redirects: false,
            cookies: false,
            ..HttpDefaults::default()
        },
        data: Vec::new(),
        loads: Vec::new(),
        journeys: Vec::new(),
        steps: Vec::new(),
        slots: 0,
        kubernetes: KubernetesSpec::default(),
        faults,
        aws: AwsSpec::default(),
        prometheus: None,
        metrics: Vec::new(),
        scrape: Vec::new(),
        runbook: Vec::new(),
        canary: None,
        guard: Guard {
            healthy_before: Duration::ZERO,
            wait_at_most: Duration::from_secs(60),
            abort_when: Vec::new(),
        },
        slo: Slo {
            availability: 0.99,
            p99: None,
            held_for: Duration::from_secs(30),
        },
        gates: Vec::new(),
    }
}

/// A fault that starts at once and, if it has to be undone, is undone at once.
pub(crate) fn fault(name: &str, kind: FaultKind) -> Fault {
    let hold = match super::catalogue::healing(&kind) {
        super::catalogue::Healing::ByItself => None,
        super::catalogue::Healing::ByUndo => Some(Duration::ZERO),
    };
    Fault {
        name: name.into(),
        hypothesis: None,
        kind,
        start: FaultStart::At(Duration::ZERO),
        hold,
        provider: ProviderKind::Local,
        force: Force::No,
    }
}

/// Pods of this app, this many.
pub(crate) fn pods(app: &str, pick: PickCount) -> PodSelector {
    PodSelector {
        app: Some(app.into()),
        pick,
        ..PodSelector::default()
    }
}

/// One fault of each kind that the healthy double accepts.
pub(crate) fn every_kind() -> Vec<FaultKind> {
    vec![
        FaultKind::PodKill {
            pods: pods("shop", PickCount::Count(1)),
            grace: Duration::ZERO,
        },
        FaultKind::PodHang {
            pods: pods("shop", PickCount::Percent(50)),
        },
        FaultKind::DbFailover {
            profile: None,
            shard: 1,
        },
        FaultKind::DbCrash {
            profile: None,
            shard: 1,
        },
        FaultKind::ZoneDrain { zone: "b".into() },
        FaultKind::ZoneOutage { zone: "a".into() },
        FaultKind::LinkDelay {
            links: LinkSelector {
                name: Some("edge->*".into()),
                from: None,
                to: None,
            },
            delay: Duration::from_millis(50),
            jitter: Duration::from_millis(5),
        },
        FaultKind::PodEvict {
            pods: pods("shop", PickCount::Count(2)),
            timeout: Duration::from_secs(60),
        },
        FaultKind::RolloutRestart {
            workload: WorkloadSelector {
                name: "deployment/shop".into(),
                namespace: None,
            },
        },
        FaultKind::Deploy {
            deploy: Deploy {
                version: "2".into(),
                strategy: DeployStrategy::Rolling {
                    max_surge: Extent::Percent(25),
                    max_unavailable: Extent::Percent(25),
                },
                bad: target_app::api::Mischief::default(),
                rollback_when: None,
            },
        },
    ]
}

/// What a provider of this double sees.
pub(crate) async fn seen(double: &Double) -> Snapshot {
    double
        .provider()
        .snapshot()
        .await
        .expect("a double answers")
}

/// Runs a test's future.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}
