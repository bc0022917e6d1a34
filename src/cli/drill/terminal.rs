//! The terminal while a console has it: taken in one place, given back in one place, also when
//! something panics.

use std::io::{self, Stdout, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// How soon the listener notices that it is no longer wanted.
const LISTEN: Duration = Duration::from_millis(100);

/// A panic's words would only spoil the screen, and vanish with it: they are said afterwards.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HELD_BACK: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The terminal, taken. Dropping it gives it back.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    listener: Option<JoinHandle<()>>,
    over: Arc<AtomicBool>,
}

impl Screen {
    /// Takes the terminal, and hears of its keys and its size.
    ///
    /// # Errors
    /// It does not let itself be taken; it is as before then.
    pub(super) fn take() -> io::Result<(Self, UnboundedReceiver<Event>)> {
        hold_panics_back();
        TAKEN.store(true, Ordering::Relaxed);
        let over = Arc::new(AtomicBool::new(false));
        let taken = enable_raw_mode()
            .and_then(|()| execute!(stdout(), EnterAlternateScreen))
            .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        let terminal = match taken {
            Ok(terminal) => terminal,
            Err(error) => {
                give_back();
                return Err(error);
            }
        };
        let (tell, events) = mpsc::unbounded_channel();
        let ended = Arc::clone(&over);
        let listener = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let heard = match event::poll(LISTEN) {
                    Ok(true) => event::read(),
                    Ok(false) => continue,
                    Err(error) => Err(error),
                };
                // A terminal that is gone ends the listening; the board notices.
                if heard.map_or(true, |event| tell.send(event).is_err()) {
                    return;
                }
            }
        });
        let screen = Self {
            terminal,
            listener: Some(listener),
            over,
        };
        Ok((screen, events))
    }

    /// To paint on.
    pub(super) fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Stdout>> {
        &mut self.terminal
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Before anybody else reads the keys.
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        give_back();
    }
}

fn give_back() {
    // Each of them as far as it goes: a terminal that is gone needs none.
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), LeaveAlternateScreen, cursor::Show);
    TAKEN.store(false, Ordering::Relaxed);
    let mut held = HELD_BACK.lock().unwrap_or_else(PoisonError::into_inner);
    for words in held.drain(..) {
        eprintln!("{words}");
    }
}

fn hold_panics_back() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if TAKEN.load(Ordering::Relaxed) {
                let mut held = HELD_BACK.lock().unwrap_or_else(PoisonError::into_inner);
                held.push(panic.to_string());
            } else {
                before(panic);
            }
        }));
    });
}
