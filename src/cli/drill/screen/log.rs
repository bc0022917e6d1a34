//! The last lines of the log: what the operator did, and what was told.

use ratatui::text::{Line, Span};

use super::section::Section;
use super::style::Palette;
use super::{clock, cut};
use crate::cli::drill::board::{Board, Tone};

pub(super) fn section(board: &Board, palette: Palette) -> Section<'_> {
    Section {
        title: "log".into(),
        least: 3,
        most: u16::MAX - 1,
        lines: Box::new(move |width, room| {
            let skipped = board.log.len().saturating_sub(room);
            let shown = board.log.iter().skip(skipped);
            shown
                .map(|line| {
                    let (mark, style) = match line.tone {
                        Tone::Operator => ("› ", palette.accent()),
                        Tone::Told => ("  ", Default::default()),
                        Tone::Warning => ("! ", palette.weak()),
                    };
                    let at = clock(line.at.saturating_sub(board.began));
                    Line::from(vec![
                        Span::styled(format!("{at} "), palette.dim()),
                        Span::styled(mark, style),
                        Span::styled(cut(&line.text, width.saturating_sub(8)), style),
                    ])
                })
                .collect()
        }),
    }
}
