//! Memory over time.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

/// Draws `(seconds, bytes)` as a line.
pub(crate) fn draw(seen: &[(f64, u64)], file: &Path) -> Result<()> {
    let fail = |error: DrawingAreaErrorKind<std::io::Error>| anyhow!("cannot draw: {error}");
    let area = SVGBackend::new(file, (760, 260)).into_drawing_area();
    area.fill(&WHITE).map_err(fail)?;
    let minutes = seen.last().map_or(1.0, |(seconds, _)| seconds / 60.0);
    let most = seen
        .iter()
        .map(|(_, bytes)| *bytes as f64 / 1e6)
        .fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(34)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..minutes, 0.0..most * 1.25)
        .map_err(fail)?;
    chart
        .configure_mesh()
        .x_desc("minutes")
        .y_desc("resident memory, MB")
        .light_line_style(WHITE)
        .draw()
        .map_err(fail)?;
    let line = seen
        .iter()
        .map(|(seconds, bytes)| (seconds / 60.0, *bytes as f64 / 1e6));
    let blue = RGBColor(31, 119, 180);
    chart
        .draw_series(LineSeries::new(line, blue.stroke_width(2)))
        .map_err(fail)?;
    area.present().map_err(fail)?;
    Ok(())
}
