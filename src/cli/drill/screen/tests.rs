//! What the operator sees, as text.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::keys::Prompt;
use super::super::testing::{drilled, long_board};
use super::{Palette, draw};
use crate::cli::drill::board::Board;

fn shown(board: &Board, prompt: &Prompt, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("no terminal needed");
    let palette = Palette { colour: false };
    terminal
        .draw(|frame| draw(frame, board, prompt, palette))
        .expect("drawn");
    terminal.backend().to_string()
}

#[test]
fn the_usual_terminal() {
    insta::assert_snapshot!(shown(&drilled(), &Prompt::Nothing, (80, 24)));
}

#[test]
fn a_wide_terminal() {
    insta::assert_snapshot!(shown(
        &drilled(),
        &Prompt::Note("the alert came".into()),
        (120, 40)
    ));
}

#[test]
fn help_lies_over_everything() {
    insta::assert_snapshot!(shown(&drilled(), &Prompt::Help, (80, 24)));
}

#[test]
fn a_small_terminal_keeps_the_keys_and_the_fault() {
    let screen = shown(&drilled(), &Prompt::Nothing, (50, 9));
    assert!(screen.contains("database fails over"), "{screen}");
    assert!(screen.contains("i inject"), "{screen}");
}

#[test]
fn no_size_is_too_small_and_no_board_too_full() {
    for board in [drilled(), long_board()] {
        for width in (1..=220).step_by(13) {
            for height in 1..=60 {
                for prompt in [Prompt::Nothing, Prompt::Help, Prompt::Note("x".repeat(300))] {
                    shown(&board, &prompt, (width, height));
                }
            }
        }
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let text = |colour| {
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("no terminal needed");
        let palette = Palette { colour };
        terminal
            .draw(|frame| draw(frame, &drilled(), &Prompt::Nothing, palette))
            .expect("drawn");
        let coloured = terminal.backend().buffer().content.iter().any(|cell| {
            cell.fg != ratatui::style::Color::Reset || cell.bg != ratatui::style::Color::Reset
        });
        assert_eq!(coloured, colour);
        terminal.backend().to_string()
    };
    assert_eq!(text(true), text(false));
}
