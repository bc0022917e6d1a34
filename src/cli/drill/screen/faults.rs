//! Each fault: where it is, and T0 to T5 as they become known.

use ratatui::text::{Line, Span};

use super::section::Section;
use super::style::Palette;
use super::{clock, cut};
use crate::cli::drill::board::{Board, FaultRow, Progress};
use crate::measure::clock::Micros;

/// `roomy`: with moments and hypothesis for each, else only for the one that people talk about.
pub(super) fn section(board: &Board, palette: Palette, roomy: bool) -> Section<'_> {
    let told = move |fault: usize| roomy || board.latest_fault() == Some(fault);
    let count = board.faults.len();
    let details: usize = (0..count)
        .filter(|fault| told(*fault))
        .map(|fault| details(&board.faults[fault], roomy))
        .sum();
    let rows = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX);
    Section {
        title: "faults".into(),
        least: rows(count.min(3)),
        most: rows(count + details),
        lines: Box::new(move |width, room| {
            let mut lines = Vec::new();
            let mut spare = room.saturating_sub(count);
            for (id, fault) in board.faults.iter().enumerate() {
                lines.push(heading(board, id, palette, width));
                if told(id) && details_fit(fault, roomy, &mut spare) {
                    detail_lines(&mut lines, board, fault, palette, width, roomy);
                }
            }
            lines
        }),
    }
}

fn details(fault: &FaultRow, roomy: bool) -> usize {
    usize::from(fault.t[0].is_some()) + usize::from(roomy && fault.hypothesis.is_some())
}

fn details_fit(fault: &FaultRow, roomy: bool, spare: &mut usize) -> bool {
    let needed = details(fault, roomy);
    let fits = *spare >= needed;
    *spare -= if fits { needed } else { 0 };
    fits
}

fn heading(board: &Board, id: usize, palette: Palette, width: usize) -> Line<'_> {
    let fault = &board.faults[id];
    let (mark, style) = match fault.progress {
        Progress::Waiting if board.next_fault() == Some(id) => ("▸", palette.accent()),
        Progress::Waiting => (" ", palette.dim()),
        Progress::Injecting | Progress::InForce => ("●", palette.bad()),
        Progress::Undoing => ("◐", palette.weak()),
        Progress::Over => ("✓", palette.good()),
        Progress::NotDone => ("–", palette.dim()),
        Progress::CannotBeUndone => ("!", palette.bad()),
    };
    let word = format!("{}{}", fault.progress.word(), people(fault));
    let room = width.saturating_sub(word.chars().count() + 5);
    Line::from(vec![
        Span::styled(format!("{mark} "), style),
        Span::styled(cut(&fault.name, room), palette.strong()),
        Span::styled(format!("  {word}"), style),
    ])
}

fn detail_lines<'b>(
    lines: &mut Vec<Line<'b>>,
    board: &Board,
    fault: &'b FaultRow,
    palette: Palette,
    width: usize,
    roomy: bool,
) {
    if let Some(hypothesis) = fault.hypothesis.as_deref().filter(|_| roomy) {
        let text = cut(&format!("  “{hypothesis}”"), width);
        lines.push(Line::styled(text, palette.dim()));
    }
    if let Some(accepted) = fault.t[0] {
        let text = cut(&moments(board, fault, accepted), width);
        lines.push(Line::raw(text));
    }
}

/// `T0 01:20  T1 +0.02  T2 +0.50  T3 –`, the rest in seconds from T0.
fn moments(board: &Board, fault: &FaultRow, accepted: Micros) -> String {
    let mut text = format!("  T0 {}", clock(accepted.saturating_sub(board.began)));
    let names = ["T1", "T2", "T3", "T4", "T5"];
    let instants = names.into_iter().zip(fault.t[1..].iter().copied());
    for (name, at) in instants.chain([("T7", fault.restored)]) {
        text += &match at {
            Some(at) => format!("  {name} {:+.2}", after(at, accepted)),
            None => format!("  {name} –"),
        };
    }
    text
}

/// What people said, in seconds from T0.
fn people(fault: &FaultRow) -> String {
    let said = [("seen", fault.noticed), ("mended", fault.mitigated)];
    let said = said.into_iter().filter_map(|(word, at)| {
        let seconds = after(at?, fault.t[0]?);
        Some(format!(" · {word} {seconds:+.1}"))
    });
    said.collect()
}

fn after(at: Micros, accepted: Micros) -> f64 {
    (at as f64 - accepted as f64) / 1e6
}
