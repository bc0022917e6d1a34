//! Reads and writes apart, journey by journey.

use super::super::cells::{Cell, Table};
use crate::report::summary::Fault;

/// One row per class of requests; nothing where there is only one.
pub(super) fn table(fault: &Fault) -> String {
    if fault.classes.len() < 2 {
        return String::new();
    }
    let headers = [
        ("Requests", false),
        ("RTO", true),
        ("Nobody served", true),
        ("Brown-out", true),
        ("First failure", true),
        ("First success", true),
        ("Ended", true),
        ("Failed", true),
    ];
    let mut table = Table::new("Reads and writes apart", &headers);
    for class in &fault.classes {
        table.row([
            Cell::head(&class.class),
            Cell::seconds(class.rto_seconds),
            Cell::seconds(Some(class.dead_window_seconds)),
            Cell::seconds(Some(class.brown_out_seconds)),
            Cell::instant(class.first_error_us),
            Cell::instant(class.first_success_us),
            Cell::count(class.requests),
            Cell::bad_count(class.failed),
        ]);
    }
    table.finish()
}
