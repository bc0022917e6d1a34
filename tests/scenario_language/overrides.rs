//! What the command line changes.

use std::time::Duration;

use loadtest::scenario::*;

use super::{complaints, parse_with};

const BASE: &str = r#"
seed = 1
[target]
stack = "local"
[[load]]
journey = "buy"
arrivals = [{ from = "0/s", to = "40/s", over = "20s" }, { rate = "40/s", for = "80s" }]
max_users = 400
[[load]]
journey = "buy"
users = [{ count = 3, for = "50s" }]
[[journey]]
name = "buy"
[[journey.step]]
name = "home"
get = "/"
[[fault]]
name = "lose a pod"
kind = "pod-kill"
at = "40s"
[[fault]]
name = "drain"
kind = "zone-drain"
zone = "b"
at = "60s"
for = "20s"
[[gate]]
expect = "availability >= 99%"
[[gate]]
fault = "lose a pod"
recovered_within = "15s"
[[gate]]
during = "fault:drain"
expect = "errors < 5%"
[[gate]]
during = "recovery"
expect = "errors < 5%"
"#;

fn parse(overrides: &Overrides) -> Reading {
    parse_with(BASE, overrides).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn set(assignment: &str) -> Overrides {
    Overrides {
        sets: vec![assignment.into()],
        ..Overrides::default()
    }
}

#[test]
fn a_duration_stretches_schedules_and_fault_times() {
    let overrides = Overrides {
        duration: Some("30s".into()),
        ..Overrides::default()
    };
    let scenario = parse(&overrides).scenario;
    assert_eq!(scenario.load_length(), Duration::from_secs(30));
    assert_eq!(scenario.loads[1].shape.length(), Duration::from_secs(15));
    assert_eq!(
        scenario.faults[0].start,
        FaultStart::At(Duration::from_secs(12))
    );
    assert_eq!(scenario.faults[1].hold, Some(Duration::from_secs(6)));
    assert_eq!(scenario.source.overrides, ["--duration=30s"]);
}

#[test]
fn a_scale_multiplies_rates_and_users() {
    let overrides = Overrides {
        scale: Some(0.1),
        ..Overrides::default()
    };
    let scenario = parse(&overrides).scenario;
    let Shape::Arrivals {
        segments,
        max_users,
        ..
    } = &scenario.loads[0].shape
    else {
        panic!("not arrivals")
    };
    assert!((segments[1].to - 4.0).abs() < 1e-9);
    assert_eq!(*max_users, 40);
    // Whoever came before still comes.
    let Shape::Users { segments, .. } = &scenario.loads[1].shape else {
        panic!("not users")
    };
    assert_eq!(segments[0].to, 1);
}

#[test]
fn without_faults_the_gates_on_them_go_too() {
    let overrides = Overrides {
        no_faults: true,
        target: Some("http://127.0.0.1:9/".into()),
        ..Overrides::default()
    };
    let reading = parse(&overrides);
    assert_eq!(
        reading.scenario.target,
        Target::Url("http://127.0.0.1:9".into())
    );
    assert!(reading.scenario.faults.is_empty());
    let ids: Vec<_> = reading.scenario.gates.iter().map(|gate| &gate.id).collect();
    assert_eq!(ids, ["run/whole/availability"]);
    let note = &reading.warnings.0[0];
    assert_eq!(note.severity, Severity::Note);
    assert_eq!(
        note.message,
        "--no-faults leaves out 2 faults and 3 gates on them"
    );
}

#[test]
fn a_url_as_target_refuses_faults_and_names_the_way_out() {
    let overrides = Overrides {
        target: Some("http://127.0.0.1:9".into()),
        ..Overrides::default()
    };
    let mistakes = parse_with(BASE, &overrides).unwrap_err();
    assert_eq!(mistakes.0.len(), 2);
    assert!(mistakes.0[0].help.as_ref().unwrap().contains("--no-faults"));
}

#[test]
fn values_are_set_by_path() {
    let max_users = |scenario: &Scenario| match scenario.loads[0].shape {
        Shape::Arrivals { max_users, .. } => max_users,
        Shape::Users { .. } => 0,
    };
    assert_eq!(max_users(&parse(&set("load.0.max_users=50")).scenario), 50);
    assert_eq!(parse(&set("seed = 7")).scenario.seed, 7);
    let scenario = parse(&set("journey.buy.think=100ms..1s")).scenario;
    assert!(matches!(scenario.journeys[0].think, Think::Uniform(..)));
    let scenario = parse(&set("fault.\"lose a pod\".at=\"10s\"")).scenario;
    assert_eq!(
        scenario.faults[0].start,
        FaultStart::At(Duration::from_secs(10))
    );
    let scenario = parse(&set("gate.0.expect=p95 < 150ms")).scenario;
    assert_eq!(scenario.gates[0].text, "p95 < 150ms");
    let scenario = parse(&set("guard.healthy_before=2s")).scenario;
    assert_eq!(scenario.guard.healthy_before, Duration::from_secs(2));
    let scenario = parse(&set("target={ stack = \"local\", replicas = 4 }")).scenario;
    assert!(matches!(scenario.target, Target::Stack(stack) if stack.spec.replicas == 4));
    let scenario = parse(&set("journey.buy.step.home.get=/index.html")).scenario;
    assert_eq!(scenario.steps[0].url.source(), "/index.html");
}

#[test]
fn mistakes_in_what_is_set_point_into_the_option() {
    for (assignment, place, message) in [
        (
            "load.0.max_users=-5",
            "--set:1:18",
            "`-5` is negative: a count is not",
        ),
        (
            "load.0.max_user=5",
            "--set:1:1",
            "unknown key `max_user`: did you mean `max_users`?",
        ),
        (
            "load.7.max_users=5",
            "--set:1:1",
            "`load` has no element `7`: give a number from 0 to 1 or a name",
        ),
        (
            "seed.x=5",
            "--set:1:1",
            "`seed` is a number, it has no keys",
        ),
        ("seed", "--set:1:1", "`seed` is not an assignment"),
        (
            "=5",
            "--set:1:1",
            "`` is not a path of keys, such as load.0.max_users",
        ),
        (
            "guard={ healthy_before = 5 }",
            "--set:1:26",
            "`5` has no unit: write \"5ms\" or \"5s\"",
        ),
    ] {
        let mistakes = parse_with(BASE, &set(assignment)).expect_err(assignment);
        let mistake = &mistakes.0[0];
        let told = format!("{}:{}:{}", mistake.file, mistake.line, mistake.column);
        assert_eq!(
            (told.as_str(), mistake.message.as_str()),
            (place, message),
            "{assignment}"
        );
    }
}

#[test]
fn impossible_overrides_are_mistakes() {
    let with = |change: fn(&mut Overrides)| {
        let mut overrides = Overrides::default();
        change(&mut overrides);
        complaints(BASE, &overrides)
    };
    assert_eq!(
        with(|o| o.duration = Some("30".into())),
        ["--duration: `30` has no unit: write 30ms or 30s"]
    );
    assert_eq!(
        with(|o| o.duration = Some("0s".into())),
        ["--duration must be longer than zero"]
    );
    assert_eq!(
        with(|o| o.scale = Some(-1.0)),
        ["--scale -1 is not a factor to multiply a load with"]
    );
    assert_eq!(
        with(|o| o.target = Some("shop".into())),
        ["--target: `shop` is not a URL: write http://…, https://… or unix:/path/to/socket"]
    );
}

#[test]
fn the_hash_tells_scenarios_apart_but_not_seeds() {
    let hash = |overrides: &Overrides| parse(overrides).scenario.source.hash;
    let base = hash(&Overrides::default());
    assert_eq!(base.len(), 16);
    assert_eq!(base, hash(&Overrides::default()));
    let seeded = Overrides {
        seed: Some(5),
        ..Overrides::default()
    };
    assert_eq!(base, hash(&seeded));
    assert_eq!(parse(&seeded).scenario.source.overrides, ["--seed=5"]);
    assert_ne!(base, hash(&set("load.0.max_users=50")));
    let other = format!("{BASE}\n# a comment\n");
    let other = parse_with(&other, &Overrides::default()).unwrap();
    assert_ne!(base, other.scenario.source.hash);
}

#[test]
fn a_provider_that_is_not_built_in_is_told_with_the_command_that_builds_it() {
    for (provider, built_in) in [
        ("kubernetes", cfg!(feature = "kubernetes")),
        ("aws", cfg!(feature = "aws")),
    ] {
        let overrides = set(&format!("fault.0.provider={provider}"));
        if built_in {
            assert!(parse_with(BASE, &overrides).is_ok());
        } else {
            let mistakes = parse_with(BASE, &overrides).unwrap_err();
            let help = mistakes.0[0].help.clone().unwrap();
            assert!(
                help.contains(&format!("cargo build --release --features {provider}")),
                "{help}"
            );
        }
        // Without faults nobody needs the provider.
        let overrides = Overrides {
            no_faults: true,
            ..overrides
        };
        assert!(parse_with(BASE, &overrides).is_ok());
    }
}
