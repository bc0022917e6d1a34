//! Faults, guards, gates.

use super::*;

#[test]
fn faults() {
    let scenario = stack(
        r#"
[[fault]]
kind = "pod-kill"
at = "10s"
grace = "2s"
pods = { app = "shop", zone = "b", labels = { tier = "web" }, pick = "50%" }
[[fault]]
name = "hang"
kind = "pod-hang"
after = "pod-kill"
pods = "shop-1"
for = "5s"
[[fault]]
kind = "db-failover"
after = { fault = "hang", recovered_for = "1s" }
[[fault]]
kind = "db-crash"
at = "40s"
profile = "rds"
[[fault]]
kind = "zone-outage"
at = "50s"
zone = "c"
for = "5s"
[[fault]]
kind = "link-delay"
at = "70s"
links = { from = "edge", to = "a" }
delay = "100ms"
jitter = "20ms"
for = "5s"
[[fault]]
name = "by name"
kind = "link-delay"
at = "80s"
links = "edge->shop-*"
delay = "1ms"
for = "5s"
"#,
    );
    let faults = &scenario.faults;
    let FaultKind::PodKill { pods, grace } = &faults[0].kind else {
        panic!("not a pod-kill")
    };
    assert_eq!(*grace, ms(2_000));
    assert_eq!(
        (pods.app.as_deref(), pods.zone.as_deref()),
        (Some("shop"), Some("b"))
    );
    assert_eq!(pods.labels["tier"], "web");
    assert_eq!(pods.pick, PickCount::Percent(50));
    assert_eq!(faults[0].name, "pod-kill");
    assert_eq!(faults[0].hold, None);
    let FaultKind::PodHang { pods } = &faults[1].kind else {
        panic!("not a pod-hang")
    };
    assert_eq!(
        (pods.name.as_deref(), pods.app.as_deref(), pods.pick),
        (Some("shop-1"), None, PickCount::All)
    );
    let after = |fault, ms_| FaultStart::After {
        fault,
        recovered_for: ms(ms_),
    };
    assert_eq!(faults[1].start, after(0, 5_000));
    assert_eq!(faults[2].start, after(1, 1_000));
    let rds = Some(target_app::api::FailoverProfile::Rds);
    assert_eq!(
        faults[3].kind,
        FaultKind::DbCrash {
            profile: rds,
            shard: 1
        }
    );
    assert_eq!(faults[4].kind, FaultKind::ZoneOutage { zone: "c".into() });
    assert_eq!(faults[4].hold, Some(ms(5_000)));
    let FaultKind::LinkDelay {
        links,
        delay,
        jitter,
    } = &faults[5].kind
    else {
        panic!("not a link-delay")
    };
    assert_eq!(
        (links.from.as_deref(), links.to.as_deref()),
        (Some("edge"), Some("a"))
    );
    assert_eq!((*delay, *jitter), (ms(100), ms(20)));
    assert!(
        matches!(&faults[6].kind, FaultKind::LinkDelay { links, .. } if links.name.as_deref() == Some("edge->shop-*"))
    );
}

#[test]
fn guard_and_slo() {
    let scenario = with(
        "[guard]\nhealthy_before = \"5s\"\nabort_when = [\"errors > 60% for 10s\", \"p99 > 5s\"]\n[slo]\navailability = 0.995\np99 = \"1s\"\nheld_for = \"2s\"",
    );
    assert_eq!(scenario.guard.healthy_before, ms(5_000));
    assert_eq!(scenario.guard.wait_at_most, ms(30_000));
    let rule = &scenario.guard.abort_when[0];
    assert_eq!(
        (rule.metric, rule.op, rule.window),
        (Metric::Errors, CompareOp::Greater, ms(10_000))
    );
    assert_eq!(scenario.guard.abort_when[1].window, ms(10_000));
    assert_eq!(
        scenario.slo,
        Slo {
            availability: 0.995,
            p99: Some(ms(1_000)),
            held_for: ms(2_000)
        }
    );
}

#[test]
fn gates_have_stable_ids_without_values() {
    let scenario = stack(
        r#"
[[fault]]
name = "lose / a pod"
kind = "pod-kill"
at = "20s"
[[gate]]
expect = "availability >= 99%"
[[gate]]
on = "journey:a"
during = "steady"
expect = ["p95 < 200ms", "service p99.9 < 1s", "p95 > 1ms", "p95 > 2ms"]
[[gate]]
on = "step:a/GET /"
during = "fault:lose / a pod"
expect = "errors < 5%"
[[gate]]
fault = "lose / a pod"
recovered_within = "15s"
unavailable = "1500ms"
failed_requests = 100
undone = true
"#,
    );
    let ids: Vec<&str> = scenario.gates.iter().map(|gate| gate.id.as_str()).collect();
    let expected = [
        "run/whole/availability",
        "journey:a/steady/p95",
        "journey:a/steady/service_p99.9",
        "journey:a/steady/p95#2",
        "journey:a/steady/p95#3",
        "step:a/GET //fault:lose / a pod/errors",
        "fault:lose / a pod/recovered_within",
        "fault:lose / a pod/unavailable",
        "fault:lose / a pod/failed_requests",
        "fault:lose / a pod/undone",
    ];
    assert_eq!(ids, expected);
    let lines: Vec<usize> = scenario.gates.iter().map(|gate| gate.line).collect();
    assert_eq!(lines, [12, 16, 16, 16, 16, 20, 23, 24, 25, 26]);
    let texts: Vec<&str> = scenario
        .gates
        .iter()
        .map(|gate| gate.text.as_str())
        .collect();
    assert_eq!(texts[0], "availability >= 99%");
    assert_eq!(
        &texts[6..],
        [
            "recovered within 15s",
            "unavailable <= 1.5s",
            "failed requests <= 100",
            "undone"
        ]
    );
    assert_eq!(
        scenario.gates[5].subject,
        GateSubject::Measured {
            scope: Scope::Step(0),
            during: PhaseSelector::Fault(0),
            check: Check {
                metric: Metric::Errors,
                op: CompareOp::Less,
                limit: 0.05
            },
        }
    );
}

const DRILL: &str = r#"
[[fault]]
name = "lose a pod"
kind = "pod-kill"
at = "10s"
hypothesis = """
  nobody notices,
  since two pods stay"""
[[runbook]]
step = "say in the channel that it begins"
owner = "driver"
[[runbook]]
step = "inject it"
fault = "lose a pod"
"#;

#[test]
fn a_drill_has_hypotheses_and_a_runbook() {
    let scenario = stack(DRILL);
    assert_eq!(
        scenario.faults[0].hypothesis.as_deref(),
        Some("nobody notices, since two pods stay")
    );
    let step = |step: &str, fault, owner: Option<&str>| RunbookStep {
        step: step.into(),
        fault,
        owner: owner.map(str::to_owned),
    };
    assert_eq!(
        scenario.runbook,
        [
            step("say in the channel that it begins", None, Some("driver")),
            step("inject it", Some(0), None),
        ]
    );
}

#[test]
fn without_faults_a_runbook_is_about_none() {
    let overrides = Overrides {
        no_faults: true,
        ..Overrides::default()
    };
    let text = stack_text(DRILL);
    let scenario = parse_with(&text, &overrides).expect("sound").scenario;
    assert_eq!(scenario.runbook.len(), 2);
    assert!(scenario.runbook.iter().all(|step| step.fault.is_none()));
}
