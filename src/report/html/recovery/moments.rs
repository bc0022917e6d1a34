//! The close-up's bars as a table.

use super::super::cells::{Cell, Table};
use super::super::timeline::folded;
use crate::measure::units;
use crate::report::summary::Fault;

/// One row for each bucket in which anything ended; nothing without a close-up.
pub(super) fn table(fault: &Fault) -> String {
    let (Some(moments), Some(accepted)) = (&fault.close_up, fault.accepted_us) else {
        return String::new();
    };
    let canaries = !moments.canary_ok.is_empty();
    let mut headers = vec![("After T0", true), ("Succeeded", true), ("Failed", true)];
    if canaries {
        headers.extend([("Canaries succeeded", true), ("Canaries failed", true)]);
    }
    let length = units::micros(moments.bucket_us);
    let caption = format!("What ended in each {length}; rows without anything are left out");
    let mut table = Table::new(&caption, &headers);
    for bucket in 0..moments.ok.len() {
        let at = |column: &[u64]| column.get(bucket).copied().unwrap_or(0);
        let columns = [
            &moments.ok,
            &moments.failed,
            &moments.canary_ok,
            &moments.canary_failed,
        ]
        .map(|column| at(column));
        if columns == [0; 4] {
            continue;
        }
        let start = moments.from_us + bucket as u64 * moments.bucket_us;
        let after = start as f64 - accepted as f64;
        let mut cells = vec![
            Cell::number(&units::duration(after), after),
            Cell::count(columns[0]),
            Cell::bad_count(columns[1]),
        ];
        if canaries {
            cells.extend([Cell::count(columns[2]), Cell::bad_count(columns[3])]);
        }
        table.row(cells);
    }
    folded("The moments as a table", &table.finish())
}
