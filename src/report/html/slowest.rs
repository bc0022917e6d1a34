//! The slowest requests, each with what its log lines are found by.

use super::cells::{Cell, Table};
use super::escape;
use crate::report::Summary;

pub(super) fn render(summary: &Summary) -> String {
    if summary.slowest.is_empty() {
        return String::new();
    }
    let headers = [
        ("Step", false),
        ("Response time", true),
        ("Service time", true),
        ("Ended", true),
        ("Answer", false),
        ("Request", false),
        ("Trace", false),
    ];
    let mut table = Table::new("The slowest requests", &headers);
    for slow in &summary.slowest {
        let answer = match (slow.status, slow.failed) {
            (Some(status), false) => status.to_string(),
            (Some(status), true) => format!("{status}, failed"),
            (None, _) => "none".to_owned(),
        };
        let pod = (slow.pod.as_deref()).map_or(String::new(), |pod| format!(" → {pod}"));
        table.row([
            Cell::head(&format!("{} / {}", slow.journey, slow.step)),
            Cell::micros(Some(slow.response_us)),
            Cell::micros(Some(slow.service_us)),
            Cell::instant(Some(slow.at_us)),
            Cell::text(&answer),
            Cell::text(&format!("{}{pod}", slow.request)),
            match &slow.trace {
                Some(trace) => Cell::markup(&format!("<code>{}</code>", escape(trace))),
                None => Cell::text("–"),
            },
        ]);
    }
    table.finish()
}
