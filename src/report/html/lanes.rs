//! The lanes as tables: who served and failed how much, and which part each database server had.

use super::cells::{Cell, Table};
use crate::report::Summary;
use crate::report::summary::{RoleLane, ServingKind, ServingLane};

/// One table for each kind of lane that there is; faults have one of their own.
pub(super) fn tables(summary: &Summary) -> String {
    let lanes = &summary.lanes;
    let mut markup = String::new();
    if !lanes.serving.is_empty() {
        markup += &serving(&lanes.serving, summary.timeline.bucket_seconds);
    }
    if !lanes.roles.is_empty() {
        markup += &roles(&lanes.roles);
    }
    markup
}

fn serving(lanes: &[ServingLane], bucket_seconds: u64) -> String {
    let headers = [
        ("Who", false),
        ("What", false),
        ("Served", true),
        ("Failed", true),
        ("Errors", true),
        ("First failure in", true),
        ("Last failure in", true),
        ("Seconds without a success", true),
    ];
    let mut table = Table::new("Zones, pods and canaries: served and failed", &headers);
    for lane in lanes {
        let (served, failed): (u64, u64) = (lane.ok.iter().sum(), lane.failed.iter().sum());
        let (name, kind) = match lane.kind {
            ServingKind::Zone => (format!("zone {}", lane.name), "zone"),
            ServingKind::Pod => (lane.name.clone(), "pod"),
            ServingKind::Nobody => ("nobody answered".to_owned(), "no answer"),
            ServingKind::Canary => (lane.name.clone(), "canary"),
        };
        let second = |bucket: Option<usize>| {
            Cell::instant(bucket.map(|bucket| bucket as u64 * bucket_seconds * 1_000_000))
        };
        let silent = lane.ok.iter().filter(|count| **count == 0).count() as u64 * bucket_seconds;
        table.row([
            Cell::head(&name),
            Cell::text(kind),
            Cell::count(served),
            Cell::bad_count(failed),
            Cell::error_share(failed, served + failed),
            second(lane.failed.iter().position(|count| *count > 0)),
            second(lane.failed.iter().rposition(|count| *count > 0)),
            match lane.kind {
                ServingKind::Nobody => Cell::absent(),
                _ => Cell::count(silent),
            },
        ]);
    }
    table.finish()
}

fn roles(lanes: &[RoleLane]) -> String {
    let headers = [
        ("Server", false),
        ("Part", false),
        ("From", true),
        ("To", true),
    ];
    let mut table = Table::new("Database servers: who had which part", &headers);
    for lane in lanes {
        for segment in &lane.segments {
            table.row([
                Cell::head(&lane.name),
                Cell::text(&segment.state),
                Cell::instant(Some(segment.span.from_us)),
                Cell::instant(Some(segment.span.to_us)),
            ]);
        }
    }
    table.finish()
}
