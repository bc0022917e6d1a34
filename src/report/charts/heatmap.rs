//! Every response by time and by length: where the bands of quantiles show a rise, this shows
//! whether all became slower or some.

use super::{Chart, Colour, LegendMark, Plot, finish_over, item, mark_faults, scale, time_axis};
use crate::measure::units;
use crate::report::Summary;
use crate::report::summary::Heat;

const HEIGHT: u32 = 480;

/// Requests per cell as six shades, on the axes of the latency chart; none in summaries of earlier
/// builds.
#[must_use]
pub fn heatmap(summary: &Summary) -> Option<Chart> {
    let heat = &summary.timeline.heat;
    let shades = Shades::of(heat)?;
    let width = summary.timeline.bucket_seconds as f64;
    let (x, y) = (time_axis(summary), scale::bands(&heat.edges_us));
    let mut cells = [const { String::new() }; SHADES];
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        for band in 0..heat.bands() {
            let (low, high) = (heat.edges_us[band], heat.edges_us[band + 1]);
            for (from, to, shade) in shades.stretches(heat, band) {
                let (left, bottom) = canvas.pixel(from as f64 * width, scale::log(low));
                let (right, top) = canvas.pixel(to as f64 * width, scale::log(high));
                let (wide, tall) = ((right - left).max(1), (bottom - top).max(1));
                cells[shade] += &format!("M{left} {top}h{wide}v{tall}h-{wide}z");
            }
        }
        mark_faults(canvas, summary);
        if let Some(limit) = summary.run.slo.and_then(|slo| slo.p99_us) {
            canvas.limit(
                scale::log(limit),
                &format!("SLO p99 {}", units::micros(limit)),
            );
        }
    });
    // One path for each shade: a rectangle for each cell would be five times the size.
    let paths: String = cells
        .iter()
        .zip(Colour::HEAT)
        .filter(|(path, _)| !path.is_empty())
        .map(|(path, colour)| format!("<path fill=\"{}\" d=\"{path}\"/>", colour.hex()))
        .collect();
    let title = "Response times, all of them";
    let description = format!(
        "Each cell: requests that took so long and ended in the same {} s; the darker, the more, at most {}.",
        summary.timeline.bucket_seconds,
        units::count(shades.most)
    );
    Some(Chart {
        id: "chart-heatmap".into(),
        title: title.into(),
        svg: finish_over("chart-heatmap", title, &description, HEIGHT, &paths, &drawn),
        description,
        legend: shades.legend(),
    })
}

/// Shades of the map.
const SHADES: usize = Colour::HEAT.len();

/// Counts as shades, by their logarithm: one slow request must be seen beside a thousand fast ones.
struct Shades {
    most: u64,
}

impl Shades {
    fn of(heat: &Heat) -> Option<Self> {
        let counts = heat.columns.iter().flat_map(|column| &column.0);
        let most = counts.map(|(_, count)| *count).max()?;
        Some(Self { most })
    }

    /// The most requests that a shade stands for.
    fn upper(&self, shade: usize) -> u64 {
        let share = (shade + 1) as f64 / SHADES as f64;
        // Up to one in the first shade, all in the last.
        ((self.most as f64).ln() * share).exp().round() as u64
    }

    fn shade(&self, count: u64) -> usize {
        let fits = (0..SHADES).find(|shade| count <= self.upper(*shade));
        fits.unwrap_or(SHADES - 1)
    }

    /// Neighbouring buckets of a band that have one shade: (from, to, shade).
    fn stretches(&self, heat: &Heat, band: usize) -> Vec<(usize, usize, usize)> {
        let mut stretches: Vec<(usize, usize, usize)> = Vec::new();
        for (bucket, column) in heat.columns.iter().enumerate() {
            let count = column.in_band(band);
            if count == 0 {
                continue;
            }
            let shade = self.shade(count);
            match stretches.last_mut() {
                Some((_, to, last)) if *last == shade && *to == bucket => *to = bucket + 1,
                _ => stretches.push((bucket, bucket + 1, shade)),
            }
        }
        stretches
    }

    fn legend(&self) -> Vec<super::LegendItem> {
        let mut below = 0;
        let mut legend = Vec::new();
        for (shade, colour) in Colour::HEAT.into_iter().enumerate() {
            let upper = self.upper(shade);
            // With few requests some shades stand for nothing.
            if upper > below {
                let label = match upper - below {
                    1 => units::count(upper),
                    _ => format!("{}–{}", units::count(below + 1), units::count(upper)),
                };
                let label = match (legend.is_empty(), upper) {
                    (true, 1) => format!("{label} request in a cell"),
                    (true, _) => format!("{label} requests in a cell"),
                    (false, _) => label,
                };
                legend.push(item(label, colour, LegendMark::Area));
                below = upper;
            }
        }
        legend
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::HeatColumn;

    fn heat(columns: &[&[(usize, u64)]]) -> Heat {
        let columns = columns.iter().map(|column| HeatColumn(column.to_vec()));
        Heat {
            edges_us: vec![1_000, 1_250, 1_600],
            columns: columns.collect(),
        }
    }

    #[test]
    fn neighbours_of_one_shade_are_one_stretch_and_gaps_are_left_free() {
        let heat = heat(&[&[(0, 1), (1, 1_000)], &[(0, 1)], &[], &[(0, 1)]]);
        let shades = Shades::of(&heat).expect("requests");
        assert_eq!(shades.stretches(&heat, 0), [(0, 2, 0), (3, 4, 0)]);
        assert_eq!(shades.stretches(&heat, 1), [(0, 1, SHADES - 1)]);
    }

    #[test]
    fn the_legend_says_how_many_requests_a_shade_stands_for() {
        let labels = |most: u64| -> Vec<String> {
            let items = Shades { most }.legend();
            items.into_iter().map(|item| item.label).collect()
        };
        assert_eq!(labels(1), ["1 request in a cell"]);
        assert_eq!(
            labels(1_000),
            [
                "1–3 requests in a cell",
                "4–10",
                "11–32",
                "33–100",
                "101–316",
                "317–1,000"
            ]
        );
        assert!(Shades::of(&heat(&[&[]])).is_none());
    }
}
