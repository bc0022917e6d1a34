//! Puts what was measured into the handbook.

use anyhow::Result;

use crate::chart;
use crate::common::page;
use crate::contest::Exchange;
use crate::table::Table;

/// Replaces the part between the marks, and the chart.
pub(crate) fn write(tables: &[(Exchange, Table)], machine: &str, how: &str) -> Result<()> {
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
        chart::draw(table, &page::docs().join("images/peers.svg"))?;
        part += "![Requests per CPU-second, as ratios to wrk](images/peers.svg)\n";
    }
    page::replace("peers", &part)
}
