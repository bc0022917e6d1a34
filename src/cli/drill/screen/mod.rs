//! The board on a terminal: a pure function of it, of the open question and of the size.
//!
//! Wide terminals show two columns. Narrow ones show the same sections one below the other, each
//! with as many lines as there is room for; what does not fit is left out, the keys always stay.

mod faults;
mod figures;
mod help;
mod lanes;
mod log;
mod runbook;
mod section;
mod style;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::board::Board;
use super::keys::Prompt;
pub(super) use style::Palette;

/// From here on two columns are better than one.
const WIDE: u16 = 100;

/// Paints everything.
pub(super) fn draw(frame: &mut Frame<'_>, board: &Board, prompt: &Prompt, palette: Palette) {
    let area = frame.area();
    let charts = match area.height {
        ..14 => 1,
        14..34 => 3,
        _ => 6,
    };
    let rows = [
        Constraint::Length(1),
        Constraint::Length(charts),
        Constraint::Min(0),
        Constraint::Length(1),
    ];
    let [title, charts, body, foot] = Layout::vertical(rows).areas(area);
    frame.render_widget(Paragraph::new(title_line(board, palette)), title);
    figures::render(frame, charts, board, palette);
    if area.width >= WIDE {
        let columns = [
            Constraint::Percentage(55),
            Constraint::Length(2),
            Constraint::Min(0),
        ];
        let [left, _, right] = Layout::horizontal(columns).areas(body);
        let sections = vec![
            faults::section(board, palette, true),
            lanes::section(board, palette),
        ];
        section::stack(frame, left, sections, palette);
        let sections = vec![
            runbook::section(board, palette),
            log::section(board, palette),
        ];
        section::stack(frame, right, sections, palette);
    } else {
        let sections = vec![
            faults::section(board, palette, false),
            runbook::section(board, palette),
            lanes::section(board, palette),
            log::section(board, palette),
        ];
        section::stack(frame, body, sections, palette);
    }
    frame.render_widget(Paragraph::new(foot_line(prompt, foot.width, palette)), foot);
    if *prompt == Prompt::Help {
        help::render(frame, area, palette);
    }
}

fn title_line(board: &Board, palette: Palette) -> Line<'_> {
    let since = board.now.saturating_sub(board.began);
    let length = board.until.saturating_sub(board.began);
    let phase = board.phase();
    let calm = board.ending.is_none() && phase == "no fault in force";
    let style = if calm { palette.good() } else { palette.weak() };
    Line::from(vec![
        Span::styled(format!("DRILL {} ", board.scenario), palette.strong()),
        Span::styled(
            format!("{} of {} ", clock(since), clock(length)),
            palette.strong(),
        ),
        Span::styled(phase, style),
        Span::styled(format!(" · {}", board.target), palette.dim()),
    ])
}

fn foot_line(prompt: &Prompt, width: u16, palette: Palette) -> Line<'_> {
    match prompt {
        Prompt::Sure { question, .. } => {
            Line::styled(format!(" {question} y/n "), palette.question())
        }
        Prompt::Note(text) => {
            // What was typed last is what matters.
            let room = usize::from(width).saturating_sub(36);
            let skipped = text.chars().count().saturating_sub(room);
            let shown: String = text.chars().skip(skipped).collect();
            Line::from(vec![
                Span::styled(" note: ", palette.question()),
                Span::raw(format!(" {shown}▏ ")),
                Span::styled("enter keeps it · esc leaves", palette.dim()),
            ])
        }
        Prompt::Nothing | Prompt::Help => {
            let keys = match width {
                ..76 => "i inject  n noticed  m mitigated  d done  a abort  q quit  ? help",
                _ => {
                    "i inject  n noticed  m mitigated  t note  d step done  a abort  q quit  ? help"
                }
            };
            Line::styled(keys, palette.dim())
        }
    }
}

/// `01:42`
fn clock(us: u64) -> String {
    let seconds = us / 1_000_000;
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// At most this many characters, the last of which says that there were more.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}
