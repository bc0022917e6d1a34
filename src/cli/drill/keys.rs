//! What a key means. Pure: decides from the board, the open question and the key.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::board::Board;
use crate::cli::run::Command;

/// What the console waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Prompt {
    /// A key of the board.
    #[default]
    Nothing,
    /// Yes or no to this.
    Sure {
        /// As it is asked.
        question: String,
        /// What yes means.
        command: Command,
    },
    /// The rest of a note.
    Note(String),
    /// Any key, which takes the help away.
    Help,
}

/// A note longer than this is an essay.
const LONGEST_NOTE: usize = 400;

/// What the key changes, and what it asks the run for.
pub(super) fn press(board: &mut Board, prompt: Prompt, key: KeyEvent) -> (Prompt, Option<Command>) {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => (Prompt::Nothing, Some(Command::Stop)),
            _ => (prompt, None),
        };
    }
    match prompt {
        Prompt::Nothing => on_board(board, key.code),
        Prompt::Help => (Prompt::Nothing, None),
        Prompt::Sure { question, command } => match key.code {
            KeyCode::Char('y' | 'Y') => (Prompt::Nothing, Some(command)),
            KeyCode::Char('n' | 'N') | KeyCode::Esc => (Prompt::Nothing, None),
            // Anything else was meant for something else.
            _ => (Prompt::Sure { question, command }, None),
        },
        Prompt::Note(text) => on_note(text, key.code),
    }
}

fn on_note(mut text: String, key: KeyCode) -> (Prompt, Option<Command>) {
    match key {
        KeyCode::Esc => return (Prompt::Nothing, None),
        KeyCode::Enter => {
            let text = text.trim().to_owned();
            let note = (!text.is_empty()).then_some(Command::Note { text });
            return (Prompt::Nothing, note);
        }
        KeyCode::Backspace => {
            text.pop();
        }
        KeyCode::Char(c) if text.chars().count() < LONGEST_NOTE => text.push(c),
        _ => {}
    }
    (Prompt::Note(text), None)
}

fn on_board(board: &mut Board, key: KeyCode) -> (Prompt, Option<Command>) {
    let nothing = (Prompt::Nothing, None);
    match key {
        KeyCode::Char('i') => (inject(board), None),
        KeyCode::Char('n') => (Prompt::Nothing, noticed(board)),
        KeyCode::Char('m') => (Prompt::Nothing, mitigated(board)),
        KeyCode::Char('t') => (Prompt::Note(String::new()), None),
        KeyCode::Char('d') | KeyCode::Enter => match board.current_step() {
            Some(step) => (Prompt::Nothing, Some(Command::StepDone { step })),
            None => {
                board.remark("the runbook has no step left");
                nothing
            }
        },
        KeyCode::Char('a') => (
            Prompt::Sure {
                question: "Abort: stop the load and undo what is open?".to_owned(),
                command: Command::Abort,
            },
            None,
        ),
        KeyCode::Char('q') => {
            let first = board.ending.is_none();
            let command = match first && board.is_finished() {
                true => Command::Finish,
                false => Command::Stop,
            };
            (Prompt::Nothing, Some(command))
        }
        KeyCode::Char('?' | 'h') => (Prompt::Help, None),
        _ => nothing,
    }
}

fn inject(board: &mut Board) -> Prompt {
    if board.ending.is_some() || board.load_over {
        board.remark("nothing is injected any more: the load has ended");
        return Prompt::Nothing;
    }
    let Some(fault) = board.next_fault() else {
        board.remark("no fault is left to inject");
        return Prompt::Nothing;
    };
    let row = &board.faults[fault];
    Prompt::Sure {
        question: format!("Inject “{}” ({})?", row.name, row.does),
        command: Command::Inject { fault },
    }
}

fn noticed(board: &mut Board) -> Option<Command> {
    let Some(fault) = board.latest_fault() else {
        board.remark("nothing has been injected that anybody could notice");
        return None;
    };
    let row = &board.faults[fault];
    if row.noticed.is_some() {
        let text = format!(
            "“{}” has been noticed already: the first time counts",
            row.name
        );
        board.remark(text);
        return None;
    }
    Some(Command::Noticed { fault })
}

fn mitigated(board: &mut Board) -> Option<Command> {
    let Some(fault) = board.latest_fault() else {
        board.remark("nothing has been injected that anybody could mitigate");
        return None;
    };
    let row = &board.faults[fault];
    if row.mitigated.is_some() {
        let text = format!(
            "“{}” has been mitigated already: the first time counts",
            row.name
        );
        board.remark(text);
        return None;
    }
    Some(Command::Mitigated { fault })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{accepted, board};
    use super::*;

    fn type_in(board: &mut Board, keys: &str) -> Vec<Command> {
        let mut prompt = Prompt::Nothing;
        let mut commands = Vec::new();
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                '\u{8}' => KeyCode::Backspace,
                c => KeyCode::Char(c),
            };
            let (next, command) = press(board, prompt, KeyEvent::from(code));
            prompt = next;
            commands.extend(command);
        }
        commands
    }

    fn last_remark(board: &Board) -> &str {
        board.log.back().map_or("", |line| line.text.as_str())
    }

    #[test]
    fn a_fault_is_injected_only_after_a_yes() {
        let mut board = board();
        assert_eq!(type_in(&mut board, "in"), [], "no means no");
        assert_eq!(type_in(&mut board, "i\u{1b}"), []);
        assert_eq!(type_in(&mut board, "ixdy"), [Command::Inject { fault: 0 }]);
    }

    #[test]
    fn the_current_step_of_the_runbook_chooses_the_fault() {
        let mut board = board();
        board.steps[0].fault = Some(1);
        assert_eq!(type_in(&mut board, "iy"), [Command::Inject { fault: 1 }]);
        accepted(&mut board, 1, 5_000_000);
        assert_eq!(type_in(&mut board, "iy"), [Command::Inject { fault: 0 }]);
    }

    #[test]
    fn people_mark_the_latest_fault_and_only_once() {
        let mut board = board();
        assert_eq!(type_in(&mut board, "nm"), []);
        assert!(last_remark(&board).starts_with("nothing has been injected"));
        accepted(&mut board, 1, 5_000_000);
        let noticed = Command::Noticed { fault: 1 };
        assert_eq!(
            type_in(&mut board, "nm"),
            [noticed.clone(), Command::Mitigated { fault: 1 }]
        );
        board.told(crate::cli::run::Sight::Written {
            at: 6_000_000,
            command: noticed,
        });
        assert_eq!(type_in(&mut board, "n"), []);
        assert!(last_remark(&board).ends_with("the first time counts"));
    }

    #[test]
    fn a_note_is_typed_corrected_or_left() {
        let mut board = board();
        let text = "qa".to_owned();
        assert_eq!(type_in(&mut board, "tqx\u{8}a\n"), [Command::Note { text }]);
        assert_eq!(type_in(&mut board, "tlost\u{1b}t \n"), []);
    }

    #[test]
    fn q_ends_a_drill_that_is_over_and_stops_one_that_is_not() {
        let mut board = board();
        assert_eq!(type_in(&mut board, "q"), [Command::Stop]);
        for fault in &mut board.faults {
            fault.progress = super::super::board::Progress::Over;
        }
        assert_eq!(type_in(&mut board, "q"), [Command::Finish]);
        board.ending = Some("over");
        assert_eq!(type_in(&mut board, "q"), [Command::Stop]);
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        let (_, command) = press(&mut board, Prompt::Note("x".into()), control_c);
        assert_eq!(command, Some(Command::Stop));
    }

    #[test]
    fn an_abort_asks_first() {
        let mut board = board();
        assert_eq!(type_in(&mut board, "ana"), []);
        assert_eq!(type_in(&mut board, "ay"), [Command::Abort]);
    }
}
