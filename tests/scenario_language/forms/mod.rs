//! Every form of the language ends as the right part of the model.

mod canary;
mod faults;
mod load;
mod steps;

use std::time::Duration;

use loadtest::scenario::template::{Context, Template, Value};
use loadtest::scenario::*;

use super::{parse_with, sound};

const SHORTEST: &str = r#"
target = "http://127.0.0.1:8080/"
load = { users = { count = 2, for = "10s" } }
journey = { name = "a", steps = { get = "/" } }
"#;

/// The shortest scenario with more below it.
fn with(more: &str) -> Scenario {
    sound(&format!("{SHORTEST}\n{more}"))
}

/// A journey of these steps, with data and an environment variable.
fn steps(steps: &str) -> Scenario {
    sound(&format!(
        "target = \"http://127.0.0.1:8080\"\n\
         load = {{ users = {{ count = 2, for = \"10s\" }} }}\n\
         [data.customers]\ncsv = \"data/customers.csv\"\n\
         [[journey]]\nname = \"buy\"\n{steps}"
    ))
}

fn stack(more: &str) -> Scenario {
    sound(&stack_text(more))
}

fn stack_text(more: &str) -> String {
    let stack = SHORTEST
        .replace("http://127.0.0.1:8080/", "local")
        .replace("10s", "100s");
    format!("{stack}\n{more}")
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn render(template: &Template) -> String {
    let rows = [vec!["ada@x.test".to_owned(), "o\"ne".to_owned()]];
    let mut slots = vec![Value::Text("a b".into()); 8];
    let mut out = Vec::new();
    let mut context = Context {
        slots: &mut slots,
        rows: &[&rows[0]],
        random: &mut fastrand::Rng::with_seed(1),
        iteration: 4,
        user: 2,
        run: 0,
    };
    template.render(&mut context, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_left_out_has_a_default() {
    let scenario = sound(SHORTEST);
    assert_eq!(scenario.name, "test");
    assert_eq!(scenario.seed, 99);
    assert_eq!(scenario.target, Target::Url("http://127.0.0.1:8080".into()));
    assert_eq!(scenario.http.timeout, Duration::from_secs(30));
    assert!(scenario.http.redirects && scenario.http.cookies && !scenario.http.insecure);
    assert_eq!(scenario.loads[0].name, "a");
    assert_eq!(scenario.steps[0].name, "GET /");
    assert_eq!(scenario.steps[0].timeout, Duration::from_secs(30));
    assert_eq!(scenario.journeys[0].think, Think::None);
    assert_eq!(scenario.journeys[0].on_failure, OnFailure::Stop);
    assert_eq!(scenario.slo.held_for, Duration::from_secs(3));
    assert!((scenario.slo.availability - 0.99).abs() < 1e-12);
    assert_eq!(scenario.guard.healthy_before, Duration::from_secs(3));
    assert_eq!(scenario.load_length(), Duration::from_secs(10));
    assert!(scenario.gates.is_empty() && scenario.faults.is_empty());
}

#[test]
fn warnings_do_not_stop_a_run() {
    let text = r#"
target = "http://127.0.0.1:8080"
load = { journey = "a", arrivals = { rate = "1/s", for = "10s" } }
[[journey]]
name = "a"
pacing = "1s"
steps = { get = "/", capture = { unused = "$.x" } }
[[journey]]
name = "b"
steps = { get = "/" }
"#;
    let reading = parse_with(text, &Overrides::default()).unwrap();
    let told: Vec<&str> = reading
        .warnings
        .0
        .iter()
        .map(|warning| warning.message.as_str())
        .collect();
    let expected = [
        "the pacing of journey \"a\" has no effect",
        "`unused` is never used",
        "journey \"b\" is in no load: it never runs",
    ];
    assert_eq!(told, expected);
}
