//! The runbook, with the current step in sight.

use ratatui::text::{Line, Span};

use super::section::Section;
use super::style::Palette;
use super::{clock, cut};
use crate::cli::drill::board::{Board, StepRow};

pub(super) fn section(board: &Board, palette: Palette) -> Section<'_> {
    let steps = &board.steps;
    let done = steps.iter().filter(|step| step.done.is_some()).count();
    let count = u16::try_from(steps.len()).unwrap_or(u16::MAX);
    Section {
        title: format!("runbook {done}/{}", steps.len()),
        least: count.min(3),
        most: count,
        lines: Box::new(move |width, room| {
            let current = board.current_step().unwrap_or(steps.len());
            // One step back, so that what was just done is still in sight.
            let last_start = steps.len().saturating_sub(room);
            let start = current.saturating_sub(1).min(last_start);
            let shown = steps.iter().enumerate().skip(start).take(room);
            shown
                .map(|(number, step)| line(board, step, number == current, palette, width))
                .collect()
        }),
    }
}

fn line<'b>(
    board: &Board,
    step: &'b StepRow,
    current: bool,
    palette: Palette,
    width: usize,
) -> Line<'b> {
    let done = step.done.map(|at| clock(at.saturating_sub(board.began)));
    let (mark, style) = match (&done, current) {
        (Some(_), _) => ("✓ ", palette.dim()),
        (None, true) => ("▸ ", palette.strong()),
        (None, false) => ("  ", palette.dim()),
    };
    let owner = step.owner.as_ref().map(|owner| format!("[{owner}] "));
    let owner = owner.unwrap_or_default();
    let after = done.map_or_else(String::new, |at| format!(" {at}"));
    let room = width.saturating_sub(2 + owner.chars().count() + after.chars().count());
    Line::from(vec![
        Span::styled(mark, style),
        Span::styled(owner, palette.accent()),
        Span::styled(cut(&step.text, room), style),
        Span::styled(after, palette.dim()),
    ])
}
