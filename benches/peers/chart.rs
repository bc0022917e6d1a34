//! The first table as bars.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::table::Table;

const ROW: u32 = 34;
const WIDTH: u32 = 760;
const LABELS: i32 = 190;

/// One bar per generator: its ratio to the reference.
pub(crate) fn draw(table: &Table, file: &Path) -> Result<()> {
    let rows = table.rows();
    let count = u32::try_from(rows.len())?;
    let area = SVGBackend::new(file, (WIDTH, ROW * count + 50)).into_drawing_area();
    let fail = |error: DrawingAreaErrorKind<std::io::Error>| anyhow!("cannot draw: {error}");
    area.fill(&WHITE).map_err(fail)?;
    let text = |size: i32| {
        ("sans-serif", size)
            .into_font()
            .color(&RGBColor(60, 60, 60))
    };
    let title = format!("Requests per CPU-second ÷ those of {}", table.reference());
    area.draw_text(&title, &text(16), (10, 12)).map_err(fail)?;
    let most = rows.iter().map(|row| row.ratio[1]).fold(1.0, f64::max);
    let scale = f64::from(WIDTH as i32 - LABELS - 80) / most;
    for (at, row) in rows.iter().enumerate() {
        let top = 42 + i32::try_from(at)? * ROW as i32;
        let end = LABELS + (row.ratio[1] * scale) as i32;
        let colour = if row.name == "loadtest" {
            RGBColor(31, 119, 180)
        } else {
            RGBColor(190, 190, 190)
        };
        let bar = Rectangle::new(
            [(LABELS, top), (end.max(LABELS + 1), top + 22)],
            colour.filled(),
        );
        area.draw(&bar).map_err(fail)?;
        area.draw_text(row.name, &text(14), (10, top + 4))
            .map_err(fail)?;
        let ratio = format!("{:.2}", row.ratio[1]);
        area.draw_text(&ratio, &text(14), (end + 8, top + 4))
            .map_err(fail)?;
    }
    area.present().map_err(fail)?;
    Ok(())
}
