//! Rate, errors, p99: now, and as small charts of the last seconds.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Sparkline};

use super::style::Palette;
use crate::cli::drill::board::Board;
use crate::cli::run::Second;
use crate::measure::units;

/// Name, value now, how to paint it, and what of each second makes the chart.
type Figure = (&'static str, String, Style, fn(&Second) -> u64);

/// Columns for name and value.
const LABEL: u16 = 19;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, board: &Board, palette: Palette) {
    let live = &board.live;
    let failing = match live.errors > 0.0 {
        true => palette.bad(),
        false => palette.good(),
    };
    let figures: [Figure; 3] = [
        ("rate", units::rate(live.rate), palette.strong(), |second| {
            second.requests
        }),
        ("errors", units::percent(live.errors), failing, |second| {
            second.failed
        }),
        (
            "p99",
            units::micros(live.p99_us),
            palette.strong(),
            |second| second.p99_us,
        ),
    ];
    if area.height < 3 {
        let words = figures.map(|(name, value, style, _)| {
            [
                Span::raw(format!("{name} ")),
                Span::styled(format!("{value}  "), style),
            ]
        });
        frame.render_widget(Paragraph::new(Line::from(words.concat())), area);
        return;
    }
    let rows = Layout::vertical([Constraint::Length(area.height / 3); 3]).split(area);
    for (row, (name, value, style, of)) in rows.iter().zip(figures) {
        let columns = [Constraint::Length(LABEL), Constraint::Min(0)];
        let [label, chart] = Layout::horizontal(columns).areas(*row);
        let words = vec![
            Span::raw(format!("{name:<7}")),
            Span::styled(format!("{value:>10}"), style),
        ];
        frame.render_widget(Paragraph::new(Line::from(words)), label);
        let room = usize::from(chart.width);
        let skipped = board.seconds.len().saturating_sub(room);
        let data: Vec<u64> = board.seconds.iter().skip(skipped).map(of).collect();
        let style = match name {
            "errors" => palette.bad(),
            _ => palette.accent(),
        };
        frame.render_widget(Sparkline::default().data(&data).style(style), chart);
    }
}
