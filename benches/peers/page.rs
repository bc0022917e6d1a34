//! Puts what was measured into `docs/performance.md`, between two marks.

use std::path::Path;

use anyhow::{Context, Result};

use crate::chart;
use crate::contest::Exchange;
use crate::table::Table;

const BEGIN: &str = "<!-- peers: written by `cargo bench --bench peers -- --write` -->\n";
const END: &str = "<!-- peers: end -->\n";

/// Replaces the part between the marks, and the chart.
pub(crate) fn write(tables: &[(Exchange, Table)], machine: &str, how: &str) -> Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let file = docs.join("performance.md");
    let page = std::fs::read_to_string(&file)?;
    let (before, rest) = page
        .split_once(BEGIN)
        .context("docs/performance.md has lost its first mark")?;
    let (_, after) = rest
        .split_once(END)
        .context("docs/performance.md has lost its second mark")?;
    let today = jiff::Zoned::now().date();
    let mut part =
        format!("{today}: {machine}\n{how}; the generator on core 0, nginx on core 1.\n\n");
    for (_, table) in tables {
        part += &table.text();
        part += "\n";
    }
    if let Some((_, table)) = tables
        .iter()
        .find(|(exchange, _)| *exchange == Exchange::Plain)
    {
        chart::draw(table, &docs.join("images/peers.svg"))?;
        part += "![Requests per CPU-second, as ratios to wrk](images/peers.svg)\n";
    }
    std::fs::write(&file, format!("{before}{BEGIN}{part}{END}{after}"))?;
    Ok(())
}
