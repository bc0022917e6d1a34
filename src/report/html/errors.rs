//! 8. Errors: each kind with one sample.

use super::cells::{Cell, Table};
use super::escape;
use crate::report::Summary;

pub(super) fn render(summary: &Summary) -> String {
    if summary.errors.is_empty() {
        return format!("<p>No request failed.</p>{}", statuses(summary));
    }
    let headers = [
        ("Kind", false),
        ("Step", false),
        ("Count", true),
        ("First", true),
        ("Last", true),
        ("One of them", false),
    ];
    let mut table = Table::new("Failures by kind and step, most frequent first", &headers);
    for error in &summary.errors {
        let request = error.request.as_deref().map_or(String::new(), |request| {
            let pod = error
                .pod
                .as_deref()
                .map_or(String::new(), |pod| format!(" → {pod}"));
            let trace =
                (error.trace.as_deref()).map_or(String::new(), |trace| format!(", trace {trace}"));
            format!(
                "<small>{}</small>",
                escape(&format!("{request}{pod}{trace}"))
            )
        });
        let sample = match &error.sample {
            Some(sample) => format!("<span class=\"sample\">{}</span>{request}", escape(sample)),
            None => "<span class=\"none\">no sample was kept</span>".into(),
        };
        table.row([
            Cell::head(error.kind.name()),
            Cell::text(&format!("{} / {}", error.journey, error.step)),
            Cell::bad_count(error.count),
            Cell::instant(Some(error.first_us)),
            Cell::instant(Some(error.last_us)),
            Cell::markup(&sample),
        ]);
    }
    table.finish() + &statuses(summary)
}

/// Answers by status and step.
fn statuses(summary: &Summary) -> String {
    let mut all: Vec<u16> = summary
        .steps
        .iter()
        .flat_map(|step| step.statuses.keys().copied())
        .collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return String::new();
    }
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    let mut headers = vec![("Step", false)];
    headers.extend(names.iter().map(|name| (name.as_str(), true)));
    headers.push(("no answer", true));
    let mut table = Table::new("Answers by status", &headers);
    for step in &summary.steps {
        let answered: u64 = step.statuses.values().sum();
        let mut row = vec![Cell::head(&format!("{} / {}", step.journey, step.step))];
        row.extend(
            all.iter()
                .map(|status| Cell::count(step.statuses.get(status).copied().unwrap_or(0))),
        );
        row.push(Cell::bad_count(step.count.saturating_sub(answered)));
        table.row(row);
    }
    table.finish()
}
