//! 9. Data quality: whether the figures tell of the target or of the tool.

use super::cells::{self, Cell, Table, badge};
use super::{escape, recovery};
use crate::gate::sufficiency::{FOR_AN_INTERVAL, beyond};
use crate::measure::units;
use crate::report::Summary;
use crate::report::summary::{Generator, GeneratorVerdict};

pub(super) fn render(summary: &Summary) -> String {
    let generator = &summary.generator;
    let (icon, class, words) = match generator.verdict {
        GeneratorVerdict::Healthy => ("✓", "pass", "The generator kept up"),
        GeneratorVerdict::Strained => ("!", "maybe", "The generator was near its limits"),
        GeneratorVerdict::Saturated => ("✗", "fail", "The generator was the bottleneck"),
    };
    let mut markup = format!("<p>{}</p>", badge(icon, class, words));
    if !generator.causes.is_empty() {
        markup += "<ul>";
        for cause in &generator.causes {
            markup += &format!("<li>{}</li>", escape(&cause.words));
        }
        markup += "</ul>";
    }
    markup += &recovery::canary_warnings(summary);
    markup += &facts(summary, generator);
    markup += &sufficiency(summary);
    markup
}

fn facts(summary: &Summary, generator: &Generator) -> String {
    let of = |part: Option<u64>, whole: Option<u64>| match (part, whole) {
        (Some(part), Some(whole)) => {
            Some(format!("{} of {}", units::count(part), units::count(whole)))
        }
        (Some(part), None) => Some(units::count(part)),
        _ => None,
    };
    let cpu = generator.cpu_share.map(|mean| {
        let most = generator.cpu_share_max.map_or(String::new(), |most| {
            format!(", the busiest thread at most {}", units::percent(most))
        });
        let cores = generator
            .cores
            .map_or(String::new(), |cores| format!(" of one of {cores} cores"));
        format!("{}{cores}{most}", units::percent(mean))
    });
    let lag = generator.start_lag_us.map(|lag| {
        format!(
            "p50 {} · p99 {} · most {}",
            units::micros(lag.p50),
            units::micros(lag.p99),
            units::micros(lag.max)
        )
    });
    let facts = [
        ("CPU", cpu),
        ("Start lag", lag),
        (
            "Started late",
            of(
                generator.late,
                summary
                    .requests
                    .offered_rate
                    .map(|_| summary.requests.scheduled),
            ),
        ),
        (
            "Never started",
            of(
                generator.dropped,
                summary
                    .requests
                    .offered_rate
                    .map(|_| summary.requests.scheduled),
            ),
        ),
        (
            "Open descriptors",
            of(generator.descriptors, generator.descriptor_limit),
        ),
        ("Memory", generator.memory_bytes.map(units::bytes)),
        ("Machine", summary.run.machine.clone()),
    ];
    cells::facts(facts)
}

/// How many requests lie beyond each quantile: a p99.9 that rests on two requests is an anecdote.
fn sufficiency(summary: &Summary) -> String {
    let quantiles = [0.5, 0.9, 0.95, 0.99, 0.999];
    let headers = [
        ("Step", false),
        ("Requests", true),
        ("p50", true),
        ("p90", true),
        ("p95", true),
        ("p99", true),
        ("p99.9", true),
    ];
    let caption =
        format!("Requests beyond each quantile; below {FOR_AN_INTERVAL} they are insufficient");
    let mut table = Table::new(&caption, &headers);
    for step in &summary.steps {
        let cell = |q: f64| {
            let beyond = beyond(q, step.count);
            let note = if beyond < FOR_AN_INTERVAL {
                "insufficient: "
            } else {
                ""
            };
            Cell::number(&format!("{note}{}", units::count(beyond)), beyond as f64)
        };
        let head = [
            Cell::head(&format!("{} / {}", step.journey, step.step)),
            Cell::count(step.count),
        ];
        table.row(head.into_iter().chain(quantiles.map(cell)));
    }
    table.finish()
}
