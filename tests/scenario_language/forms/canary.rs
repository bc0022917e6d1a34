//! Writers beside the load.

use super::*;

fn canary(more: &str) -> Canary {
    with(more).canary.expect("a canary")
}

fn headers(step: &Step) -> Vec<(&str, String)> {
    step.headers
        .iter()
        .map(|(name, value)| (name.as_str(), render(value)))
        .collect()
}

#[test]
fn the_bundled_shop_has_its_own() {
    let scenario = stack(
        "canary = { rate = \"300/min\", zones = [\"b\"], timeout = \"500ms\" }\n\
         fault = { kind = \"db-failover\", at = \"9s\" }",
    );
    let canary = scenario.canary.expect("a canary");
    assert!((canary.rate - 5.0).abs() < 1e-9);
    let [writer] = canary.writers.as_slice() else {
        panic!("one writer")
    };
    assert_eq!(writer.zone.as_deref(), Some("b"));
    let step = &writer.step;
    assert_eq!(
        (step.name.as_str(), step.method.as_str()),
        ("canary b", "PUT")
    );
    assert!(render(&step.url).starts_with("/api/canary/"));
    assert_eq!(headers(step), [("x-prefer-zone", "b".to_owned())]);
    assert_eq!(step.timeout, ms(500));
    let ledger = step.ledger.as_ref().expect("a rule");
    assert!(render(&ledger.read_back).starts_with("/api/canary/"));
    assert!(ledger.copies.is_some());
}

#[test]
fn any_system_has_what_the_scenario_says() {
    let canary = canary(
        r#"
[canary]
zones = ["eu-1a", "eu 1b"]
post = "/${zone}/orders/${key = uuid()}"
headers = { X-Zone = "${zone}" }
json = { zone = "${zone}", key = "${key}" }
expect = { status = 201, json = { "$.zone" = "${zone}" } }
ledger = { key = "${key}", read_back = "/orders/${key}" }
"#,
    );
    assert!((canary.rate - 20.0).abs() < 1e-9);
    let names: Vec<&str> = canary
        .writers
        .iter()
        .map(|writer| writer.step.name.as_str())
        .collect();
    assert_eq!(names, ["canary eu-1a", "canary eu 1b"]);
    let step = &canary.writers[1].step;
    assert!(render(&step.url).starts_with("/eu%201b/orders/"));
    assert_eq!(headers(step), [("X-Zone", "eu 1b".to_owned())]);
    let Body::Json(body) = &step.body else {
        panic!("JSON")
    };
    assert!(render(body).starts_with(r#"{"zone":"eu 1b","key":""#));
    assert_eq!(step.expect.status, [StatusRule::Exactly(201)]);
    assert_eq!(step.timeout, ms(1_000));
}

#[test]
fn a_step_that_stands_on_its_own_is_repeated() {
    let scenario = steps(
        r#"
steps = [
  { get = "/", capture = { other = "$.x" } },
  { name = "put", put = "/${other}/x" },
  { name = "note", post = "/notes", headers = { Key = "${key = uuid()}" }, json = { by = "${customers.email}" }, ledger = { key = "${key}", read_back = "/notes/${key}" } },
]
[canary]
step = "buy/note"
"#,
    );
    let canary = scenario.canary.as_ref().expect("a canary");
    let [writer] = canary.writers.as_slice() else {
        panic!("one writer")
    };
    assert_eq!((writer.step.name.as_str(), &writer.zone), ("canary", &None));
    assert_eq!(writer.step.url.source(), "/notes");
    let canaries = scenario.of_canaries().expect("their scenario");
    assert_eq!(canaries.data.len(), 1, "its body looks into the data");
}

#[test]
fn what_is_doubtful_is_told_and_what_another_target_lacks_is_left_out() {
    let told = |text: &str, overrides: &Overrides| -> Vec<String> {
        let reading = parse_with(text, overrides).unwrap();
        let warnings = reading.warnings.0.into_iter();
        warnings.map(|warning| warning.message).collect()
    };
    let alike = format!("{SHORTEST}canary = {{ zones = [\"a\"], put = \"/${{uuid()}}\" }}");
    assert_eq!(
        told(&alike, &Overrides::default()),
        [
            "this canary has no ledger: nobody will know whether its writes last",
            "`${zone}` is never used: the canaries of all zones do the same",
        ]
    );
    let elsewhere = Overrides {
        target: Some("http://127.0.0.1:1".into()),
        no_faults: true,
        ..Overrides::default()
    };
    let shop = SHORTEST.replace("http://127.0.0.1:8080/", "local");
    let slower = format!("{shop}canary = {{ rate = \"5/s\" }}");
    assert_eq!(
        told(&slower, &elsewhere),
        ["canary does not say what it writes: there is none, for --target is not the bundled shop"]
    );
}
