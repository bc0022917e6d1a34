//! A lane for each zone, database server and pod.

use ratatui::text::{Line, Span};

use super::cut;
use super::section::Section;
use super::style::Palette;
use crate::cli::drill::board::Board;
use crate::cli::drill::lanes::{Health, Lane, Subject};
use crate::measure::clock::Micros;

/// A cell of a lane is one second.
const CELL_US: Micros = 1_000_000;
const NAME: usize = 16;
const WORD: usize = 11;

pub(super) fn section(board: &Board, palette: Palette) -> Section<'_> {
    let lanes = &board.lanes.0;
    let count = u16::try_from(lanes.len()).unwrap_or(u16::MAX);
    Section {
        title: "zones, database, pods".into(),
        least: count.min(3),
        most: count,
        lines: Box::new(move |width, room| {
            let mut order: Vec<&Lane> = lanes.iter().collect();
            if order.len() > room {
                order.sort_by_key(|lane| urgency(lane));
            }
            let shown = order.into_iter().take(room);
            shown
                .map(|lane| line(board, lane, palette, width))
                .collect()
        }),
    }
}

/// Whatever is not well has to be in sight; a pod that is gone has been replaced by another.
fn urgency(lane: &Lane) -> u8 {
    match (lane.subject, lane.now().health) {
        (Subject::Pod, Health::Bad) => 3,
        (_, Health::Bad) => 0,
        (_, Health::Weak) => 1,
        (_, Health::Good) => 2,
    }
}

fn line<'b>(board: &'b Board, lane: &'b Lane, palette: Palette, width: usize) -> Line<'b> {
    let now = lane.now();
    let name = match lane.subject {
        Subject::Zone => format!("zone {}", lane.name),
        Subject::Database | Subject::Host | Subject::Pod => lane.name.clone(),
    };
    let mut spans = vec![
        Span::raw(format!("{:<NAME$} ", cut(&name, NAME))),
        Span::styled(format!("{:<WORD$} ", now.word), palette.health(now.health)),
    ];
    let cells = width.saturating_sub(NAME + WORD + 2) as u64;
    let seconds = board.now / CELL_US + 1;
    for second in seconds.saturating_sub(cells)..seconds {
        let (from, to) = (second * CELL_US, (second + 1) * CELL_US);
        let health = lane.worst(from, to);
        let glyph = match health {
            Some(Health::Good) => "─",
            Some(Health::Weak) => "▒",
            Some(Health::Bad) => "█",
            None => " ",
        };
        let style = health.map_or_else(Default::default, |health| palette.health(health));
        spans.push(Span::styled(glyph, style));
    }
    Line::from(spans)
}
