//! What the canaries add: per fault for how long nobody could write, and how far to believe it.

use super::super::cells::{Cell, Table};
use super::super::escape;
use crate::report::Summary;
use crate::report::summary::{CanaryImpact, Fault};

/// One row for all canaries together, one for each; nothing without any.
pub(super) fn impacts(fault: &Fault) -> String {
    if fault.canary.is_empty() {
        return String::new();
    }
    let headers = [
        ("Canary", false),
        ("No write for", true),
        ("In all", true),
        ("First failure", true),
        ("First success", true),
        ("RTO", true),
        ("Writes", true),
        ("Failed", true),
    ];
    let mut table = Table::new("Canaries: for how long nobody could write", &headers);
    // A single writer is all of them.
    let shown = if fault.canary.len() == 2 {
        &fault.canary[1..]
    } else {
        &fault.canary[..]
    };
    for impact in shown {
        table.row(row(impact));
    }
    table.finish()
}

fn row(impact: &CanaryImpact) -> [Cell; 8] {
    [
        Cell::head(&impact.writer),
        Cell::seconds(Some(impact.dead_window_seconds)),
        Cell::seconds(Some(impact.unavailable_seconds)),
        Cell::instant(impact.first_error_us),
        Cell::instant(impact.first_success_us),
        Cell::seconds(impact.rto_seconds),
        Cell::count(impact.requests),
        Cell::bad_count(impact.failed),
    ]
}

/// What makes their figures less exact.
pub(in crate::report::html) fn warnings(summary: &Summary) -> String {
    let warnings = summary.canary.iter().flat_map(|canary| &canary.warnings);
    let items: String = warnings
        .map(|warning| format!("<li>{}</li>", escape(warning)))
        .collect();
    if items.is_empty() {
        items
    } else {
        format!("<ul>{items}</ul>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(writers: &[&str]) -> Fault {
        let impact = |writer: &&str| CanaryImpact {
            writer: (*writer).to_owned(),
            requests: 240,
            ..CanaryImpact::default()
        };
        Fault {
            canary: writers.iter().map(impact).collect(),
            ..Fault::default()
        }
    }

    #[test]
    fn each_writer_has_a_row_and_a_single_one_is_not_told_twice() {
        let rows = |writers: &[&str]| {
            impacts(&fault(writers))
                .matches("<tr><th scope=\"row\"")
                .count()
        };
        assert_eq!(rows(&[]), 0);
        assert_eq!(rows(&["all", "canary"]), 1);
        assert_eq!(rows(&["all", "canary a", "canary <b>"]), 3);
        assert!(impacts(&fault(&["all", "a", "canary <b>"])).contains("canary &lt;b&gt;"));
    }
}
