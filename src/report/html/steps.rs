//! 7. Steps: all answers beside successes only, because successes alone hide a failover.

use super::cells::{Cell, Table};
use super::escape;
use crate::gate::sufficiency::FOR_AN_INTERVAL;
use crate::report::Summary;
use crate::report::summary::Latency;

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
            quantile(all, 0.5, |time| time.p50),
            quantile(all, 0.9, |time| time.p90),
            quantile(all, 0.95, |time| time.p95),
            quantile(all, 0.99, |time| time.p99),
            quantile(all, 0.999, |time| time.p99_9),
            Cell::micros(all.map(|all| all.max)),
            quantile(ok, 0.5, |time| time.p50),
            quantile(ok, 0.99, |time| time.p99),
            Cell::micros(ok.map(|ok| ok.max)),
            quantile(service, 0.5, |time| time.p50),
            quantile(service, 0.99, |time| time.p99),
        ]);
    }
    format!(
        "<p class=\"hint\">Response time runs from the intended start to the last byte, service time from the send. \
         Successes only hide a failover; both stand side by side. * Insufficient: fewer than {FOR_AN_INTERVAL} \
         requests lie beyond, so the next run may well say something else.</p>{}{}",
        table.finish(),
        journeys(summary)
    )
}

/// A quantile of times that may not have been measured.
fn quantile(times: Option<Latency>, q: f64, of: fn(&Latency) -> u64) -> Cell {
    let count = times.map_or(0, |times| times.count);
    Cell::quantile(times.as_ref().map(of), q, count)
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
            quantile(times, 0.5, |time| time.p50),
            quantile(times, 0.95, |time| time.p95),
            quantile(times, 0.99, |time| time.p99),
            Cell::micros(times.map(|times| times.max)),
        ]);
    }
    table.finish()
}
