//! Alerts of Prometheus: they notice faults, and end a run that no fault explains.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::Bench;
use crate::support::plane::Plane;
use crate::support::target::{Reply, Target};

/// A Prometheus server that has one alert, which fires when the test says so.
fn prometheus(fires: &Arc<AtomicBool>) -> Target {
    let fires = Arc::clone(fires);
    Target::serve(move |asked| match asked.what.as_str() {
        "GET /api/v1/alerts" => {
            let state = match fires.load(Ordering::Relaxed) {
                true => "firing",
                false => "pending",
            };
            let alert = serde_json::json!({
                "labels": { "alertname": "ShopErrors", "severity": "page" },
                "annotations": { "summary": "said by the test" },
                "state": state,
            });
            let answer = serde_json::json!({ "status": "success", "data": { "alerts": [alert] } });
            Reply::Ok(answer.to_string())
        }
        _ => Reply::Status(404),
    })
}

fn scenario(prometheus: &Target, named: &str, fault: &str, seconds: u32) -> String {
    format!(
        r#"name = "alerts"
[target]
stack = "local"
[prometheus]
url = "{}"
alerts = [{named}]
[[load]]
journey = "look"
users = [{{ count = 1, for = "{seconds}s" }}]
[[journey]]
name = "look"
think = "20ms"
steps = [{{ name = "page", get = "/" }}]
[guard]
healthy_before = "100ms"
[slo]
held_for = "200ms"
{fault}
"#,
        prometheus.url
    )
}

#[test]
fn an_alert_that_is_named_and_that_no_fault_explains_ends_the_run() {
    let fires = Arc::new(AtomicBool::new(true));
    let prometheus = prometheus(&fires);
    let shop = Target::serve(|_| Reply::Ok("ok".into()));
    let bench = Bench::new();
    let text = scenario(&prometheus, "\"ShopErrors\"", "", 30)
        .replace("stack = \"local\"", &format!("base_url = \"{}\"", shop.url));
    bench.file("it.toml", &text);
    let said = bench.loadtest(["run", "it.toml"]).exits(3);
    let all = said.out() + &said.err();
    assert!(all.contains("`ShopErrors` rings"), "{all}");
}

#[test]
fn an_alert_that_is_not_named_only_notices() {
    let fires = Arc::new(AtomicBool::new(false));
    let prometheus = prometheus(&fires);
    let shop = Target::in_order();
    let bench = Bench::new();
    let _plane = Plane::that_does_nothing(&bench, &shop);
    let fault = "[[fault]]\nname = \"it\"\nkind = \"pod-hang\"\nat = \"500ms\"\nfor = \"4s\"\n\
                 pods = { app = \"shop\", pick = 1 }\n";
    bench.file("it.toml", &scenario(&prometheus, "", fault, 7));
    let mut run = bench
        .loadtest(["run", "it.toml", "--stack", "default", "--quiet"])
        .spawn();
    bench.wait_for_event(&mut run, "\"event\":\"accepted\"");
    fires.store(true, Ordering::Relaxed);
    bench.wait_for_event(&mut run, "alert-fired");
    run.wait().expect("it ends");
    let detected = bench.summary()["faults"][0]["detected"].to_string();
    assert!(detected.contains("Prometheus alert"), "{detected}");
}

#[test]
fn a_server_that_does_not_answer_is_told_and_changes_no_verdict() {
    let nobody = Target::serve(|_| Reply::Status(503));
    let shop = Target::serve(|_| Reply::Ok("ok".into()));
    let bench = Bench::new();
    let text = scenario(&nobody, "", "", 2)
        .replace("stack = \"local\"", &format!("base_url = \"{}\"", shop.url));
    bench.file("it.toml", &text);
    let said = bench.loadtest(["run", "it.toml"]).exits(0);
    let all = said.out() + &said.err();
    assert!(all.contains("its alerts are not seen"), "{all}");
}
