//! The last lines of the log: what the operator did, and what was told.

use ratatui::text::{Line, Span};

use super::section::Section;
use super::style::Palette;
use super::{clock, cut};
use crate::cli::drill::board::{Board, Line as Entry, Tone};

pub(super) fn section(board: &Board, palette: Palette) -> Section<'_> {
    Section {
        title: "log".into(),
        least: 3,
        most: u16::MAX - 1,
        lines: Box::new(move |width, room| {
            let mut lines = Vec::new();
            // From the last one on, until there is no more room.
            for line in board.log.iter().rev() {
                let whole = wrapped(line, board.began, palette, width);
                lines.extend(whole.into_iter().rev());
                if lines.len() >= room {
                    break;
                }
            }
            lines.truncate(room);
            lines.reverse();
            lines
        }),
    }
}

/// Time, mark, and as many lines as the text needs: why something was refused has to be read.
fn wrapped(line: &Entry, began: u64, palette: Palette, width: usize) -> Vec<Line<'static>> {
    let (mark, style) = match line.tone {
        Tone::Operator => ("› ", palette.accent()),
        Tone::Told => ("  ", Default::default()),
        Tone::Warning => ("! ", palette.weak()),
    };
    let at = clock(line.at.saturating_sub(began));
    let margin = at.len() + 3;
    let texts = wrap(&line.text, width.saturating_sub(margin).max(8));
    let lines = texts.into_iter().enumerate().map(|(number, text)| {
        let first = match number {
            0 => format!("{at} "),
            _ => " ".repeat(at.len() + 1),
        };
        Line::from(vec![
            Span::styled(first, palette.dim()),
            Span::styled(if number == 0 { mark } else { "  " }, style),
            Span::styled(text, style),
        ])
    });
    lines.collect()
}

/// At blanks, where there are some.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("never empty");
        let length = last.chars().count();
        if length > 0 && length + 1 + word.chars().count() > width {
            lines.push(cut(word, width));
        } else {
            if length > 0 {
                last.push(' ');
            }
            last.push_str(&cut(word, width));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_blanks() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("incomprehensibilities", 8), ["incompr…"]);
        assert_eq!(wrap("", 8), [""]);
    }
}
