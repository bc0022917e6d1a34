//! 7. Steps: all answers beside successes only, because successes alone hide a failover.

use super::cells::{Cell, Table};
use super::escape;
use crate::report::Summary;

pub(super) fn render(summary: &Summary) -> String {
    let groups = [
        ("", 3),
        ("Response time, all answers and failures", 6),
        ("Successes only", 3),
        ("Service time", 2),
    ];
    let headers = [
        ("Step", false),
        ("Requests", true),
        ("Errors", true),
        ("p50", true),
        ("p90", true),
        ("p95", true),
        ("p99", true),
        ("p99.9", true),
        ("Slowest", true),
        ("p50", true),
        ("p99", true),
        ("Slowest", true),
        ("p50", true),
        ("p99", true),
    ];
    let mut table = Table::grouped("Steps, in the scenario’s order", &groups, &headers);
    for step in &summary.steps {
        let (all, ok, service) = (
            step.response_time_us,
            step.ok_response_time_us,
            step.service_time_us,
        );
        let write = if step.write { " · write" } else { "" };
        let name = format!(
            "<b>{}</b> <small>{} · {}{write}</small>",
            escape(&step.step),
            escape(&step.journey),
            escape(&step.method)
        );
        table.row([
            Cell::name(&name),
            Cell::count(step.count),
            Cell::error_share(step.failed, step.count),
            Cell::micros(all.map(|all| all.p50)),
            Cell::micros(all.map(|all| all.p90)),
            Cell::micros(all.map(|all| all.p95)),
            Cell::micros(all.map(|all| all.p99)),
            Cell::micros(all.map(|all| all.p99_9)),
            Cell::micros(all.map(|all| all.max)),
            Cell::micros(ok.map(|ok| ok.p50)),
            Cell::micros(ok.map(|ok| ok.p99)),
            Cell::micros(ok.map(|ok| ok.max)),
            Cell::micros(service.map(|service| service.p50)),
            Cell::micros(service.map(|service| service.p99)),
        ]);
    }
    format!(
        "<p class=\"hint\">Response time runs from the intended start to the last byte, service time from the send. \
         Successes only hide a failover; both stand side by side.</p>{}{}",
        table.finish(),
        journeys(summary)
    )
}

fn journeys(summary: &Summary) -> String {
    let headers = [
        ("Journey", false),
        ("Requests", true),
        ("Errors", true),
        ("p50", true),
        ("p95", true),
        ("p99", true),
        ("Slowest", true),
    ];
    let mut table = Table::new("Journeys: all their steps together", &headers);
    for journey in &summary.journeys {
        let times = journey.response_time_us;
        table.row([
            Cell::head(&journey.name),
            Cell::count(journey.count),
            Cell::error_share(journey.failed, journey.count),
            Cell::micros(times.map(|times| times.p50)),
            Cell::micros(times.map(|times| times.p95)),
            Cell::micros(times.map(|times| times.p99)),
            Cell::micros(times.map(|times| times.max)),
        ]);
    }
    table.finish()
}
