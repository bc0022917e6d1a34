//! The operator's console: paints the board whenever something is told, turns keys into commands.

use ratatui::crossterm::event::{Event, KeyEventKind};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::board::Board;
use super::keys::{self, Prompt};
use super::screen::{self, Palette};
use super::terminal::Screen;
use crate::cli::run::{Command, Interrupts, Operator, Progress, Sight};

/// Takes the terminal and seats an operator at it.
///
/// # Errors
/// The terminal cannot be taken; it is as before then.
pub(super) fn open(
    board: Board,
    palette: Palette,
    interrupts: &Interrupts,
) -> std::io::Result<(Progress, Operator)> {
    let (screen, events) = Screen::take()?;
    interrupts.mute(true);
    let (ask, commands) = mpsc::unbounded_channel();
    let (sights, seen) = mpsc::unbounded_channel();
    let progress = Progress::told_to(sights.clone());
    let console = Console {
        board,
        prompt: Prompt::Nothing,
        palette,
        ask,
    };
    let interrupts = interrupts.clone();
    let gone = tokio::spawn(async move {
        // The terminal is given back within, also by a panic.
        let attended = tokio::spawn(console.attend(screen, events, seen)).await;
        interrupts.mute(false);
        match attended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                eprintln!("loadtest: the console has lost its terminal: {error}");
                interrupts.ring();
            }
            // Its words have been said.
            Err(_) => interrupts.ring(),
        }
    });
    let operator = Operator {
        commands,
        sights,
        gone,
    };
    Ok((progress, operator))
}

struct Console {
    board: Board,
    prompt: Prompt,
    palette: Palette,
    ask: UnboundedSender<Command>,
}

impl Console {
    /// Until there is nothing more to see. Dropping the screen gives it back.
    async fn attend(
        mut self,
        mut screen: Screen,
        mut events: UnboundedReceiver<Event>,
        mut seen: UnboundedReceiver<Sight>,
    ) -> std::io::Result<()> {
        loop {
            screen.terminal().draw(|frame| {
                screen::draw(frame, &self.board, &self.prompt, self.palette);
            })?;
            tokio::select! {
                sight = seen.recv() => {
                    let mut next = sight;
                    // All that is there already, before it is painted once.
                    loop {
                        match next {
                            None | Some(Sight::Over) => return Ok(()),
                            Some(sight) => self.board.told(sight),
                        }
                        next = match seen.try_recv() {
                            Ok(sight) => Some(sight),
                            Err(_) => break,
                        };
                    }
                }
                event = events.recv() => match event {
                    Some(event) => self.heard(event),
                    None => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                },
            }
        }
    }

    fn heard(&mut self, event: Event) {
        let Event::Key(key) = event else { return };
        if key.kind == KeyEventKind::Release {
            return;
        }
        let prompt = std::mem::take(&mut self.prompt);
        let (prompt, command) = keys::press(&mut self.board, prompt, key);
        self.prompt = prompt;
        if let Some(command) = command {
            // Nobody takes it any more when the run is over.
            let _ = self.ask.send(command);
        }
    }
}
