//! The table for programs, and for reports of defects.

use serde::Serialize;

use super::result::PartResult;

/// Version of the format.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: String,
    ok: bool,
    rows: Vec<Line<'a>>,
    machine: Vec<Busy<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    part: &'a str,
    what: &'a str,
    unit: &'a str,
    injected: u64,
    reported: Option<u64>,
    tolerance_below: u64,
    tolerance_above: u64,
    ok: bool,
    attempts: u32,
}

#[derive(Serialize)]
struct Busy<'a> {
    part: &'a str,
    start_lag_p99_us: Option<u64>,
    cpu_share_max: Option<f64>,
    load_average: Option<f64>,
    cores: u64,
}

/// All rows, pretty-printed.
pub(super) fn render(results: &[PartResult]) -> String {
    let lines = results.iter().flat_map(|result| {
        result.rows.iter().map(|row| Line {
            part: result.part.name(),
            what: row.what,
            unit: row.figure.unit(),
            injected: row.injected,
            reported: row.reported,
            tolerance_below: row.tolerance.below,
            tolerance_above: row.tolerance.above,
            ok: row.holds(),
            attempts: result.attempts,
        })
    });
    let machine = results.iter().map(|result| Busy {
        part: result.part.name(),
        start_lag_p99_us: result.machine.start_lag_p99_us,
        cpu_share_max: result.machine.cpu_share_max,
        load_average: result.machine.load_average,
        cores: result.machine.cores,
    });
    let document = Document {
        schema_version: SCHEMA_VERSION,
        tool: format!("loadtest {}", env!("CARGO_PKG_VERSION")),
        ok: results
            .iter()
            .all(|result| result.misses().next().is_none()),
        rows: lines.collect(),
        machine: machine.collect(),
    };
    serde_json::to_string_pretty(&document).expect("plain data is JSON")
}
