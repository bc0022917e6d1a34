//! Game days as people hold them: the real binary, rehearsed without anybody and driven key by key.

#[path = "../support/mod.rs"]
mod support;

mod attended;
mod terminal;
mod unattended;

/// A pod that dies and one that hangs, with what is believed of both, and a runbook.
const SCENARIO: &str = r#"name = "two pods"
seed = 3
canary = false
[target]
stack = "local"
[[load]]
journey = "look"
arrivals = [{ rate = "20/s", for = "LENGTH" }]
[[journey]]
name = "look"
steps = [{ name = "list", get = "/api/products?page=1" }]
[slo]
availability = "80%"
held_for = "300ms"
[guard]
healthy_before = "300ms"
[[fault]]
name = "a pod dies"
kind = "pod-kill"
at = "1s"
hypothesis = "Nobody notices."
[[fault]]
name = "a pod hangs"
kind = "pod-hang"
after = { fault = "a pod dies", recovered_for = "300ms" }
for = "1s"
hypothesis = "Some | wait."
[[runbook]]
step = "Say that it begins"
owner = "driver"
[[runbook]]
step = "Kill it"
fault = "a pod dies"
[[gate]]
fault = "a pod dies"
recovered_within = "20s"
undone = true
"#;

/// With a load of this length.
fn scenario(length: &str) -> String {
    SCENARIO.replace("LENGTH", length)
}
