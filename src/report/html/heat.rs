//! The heatmap as a table: coarser in both directions, for those who cannot see it.

use super::cells::{Cell, Table};
use crate::measure::bands::is_round;
use crate::report::Summary;
use crate::report::charts::scale::plain_duration;
use crate::report::summary::Heat;

/// Most rows: a person reads them.
const ROWS: usize = 30;

/// Requests by stretch of time and by response time; nothing without a heatmap.
pub(super) fn table(summary: &Summary) -> String {
    let timeline = &summary.timeline;
    let heat = &timeline.heat;
    if heat.is_empty() {
        return String::new();
    }
    let groups = groups(heat);
    let names: Vec<String> = groups
        .iter()
        .map(|(_, to)| format!("≤ {}", plain_duration(heat.edges_us[*to] as f64)))
        .collect();
    let mut headers = vec![("From", true)];
    headers.extend(names.iter().map(|name| (name.as_str(), true)));
    let every = heat.columns.len().div_ceil(ROWS).max(1);
    let seconds = every as u64 * timeline.bucket_seconds;
    let caption = format!("Requests by response time in every {seconds} s");
    let mut table = Table::new(&caption, &headers);
    for (row, columns) in heat.columns.chunks(every).enumerate() {
        let count = |(from, to): &(usize, usize)| -> u64 {
            let counts = columns.iter().flat_map(|column| &column.0);
            let inside = counts.filter(|(band, _)| (*from..*to).contains(band));
            inside.map(|(_, count)| count).sum()
        };
        let start = Cell::instant(Some(row as u64 * seconds * 1_000_000));
        let counts = groups.iter().map(|group| Cell::count(count(group)));
        table.row(std::iter::once(start).chain(counts));
    }
    table.finish()
}

/// Bands between round edges as one: (first band, the band after the last).
fn groups(heat: &Heat) -> Vec<(usize, usize)> {
    let mut groups = Vec::new();
    let mut from = 0;
    for to in 1..heat.edges_us.len() {
        if is_round(heat.edges_us[to]) || to == heat.bands() {
            groups.push((from, to));
            from = to;
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_summed_up_between_round_edges() {
        let heat = Heat {
            edges_us: vec![800, 1_000, 1_250, 1_600, 2_000, 2_500],
            columns: Vec::new(),
        };
        assert_eq!(groups(&heat), [(0, 1), (1, 4), (4, 5)]);
    }
}
