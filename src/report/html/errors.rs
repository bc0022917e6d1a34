//! 8. Errors: each kind with one sample.

use super::cells::{Cell, Table};
use super::escape;
use crate::report::Summary;

pub(super) fn render(summary: &Summary) -> String {
    if summary.errors.is_empty() {
        return "<p>No request failed.</p>".into();
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
            format!("<small>{}</small>", escape(&format!("{request}{pod}")))
        });
        let sample = match &error.sample {
            Some(sample) => format!("<span class=\"sample\">{}</span>{request}", escape(sample)),
            None => "<span class=\"none\">no sample was kept</span>".into(),
        };
        let status = error
            .status
            .map_or(String::new(), |status| format!(" {status}"));
        table.row([
            Cell::head(&format!("{}{status}", error.kind.name())),
            Cell::text(&format!("{} / {}", error.journey, error.step)),
            Cell::bad_count(error.count),
            Cell::instant(Some(error.first_us)),
            Cell::instant(Some(error.last_us)),
            Cell::markup(&sample),
        ]);
    }
    table.finish()
}
