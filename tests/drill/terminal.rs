//! A terminal for the binary to run on, and what stands on it: `script` makes the terminal, and the
//! little of its language that the console speaks is understood here.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::{Bench, until};

const ROWS: usize = 40;
const COLUMNS: usize = 120;

/// A binary on a terminal.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Arc<Mutex<Screen>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// `loadtest ARGS` (as a shell reads them) on a terminal of 120 × 40.
    pub(crate) fn run(bench: &Bench, args: &str) -> Self {
        let binary = env!("CARGO_BIN_EXE_loadtest");
        let line = format!("stty rows {ROWS} cols {COLUMNS}; exec '{binary}' {args}");
        let mut command = Command::new("script");
        if cfg!(target_os = "macos") {
            command.args(["-q", "/dev/null", "sh", "-c", &line]);
        } else {
            command.args(["-qefc", &line, "/dev/null"]);
        }
        let mut child = command
            .current_dir(bench.path())
            .env("XDG_RUNTIME_DIR", bench.path())
            .env("NO_COLOR", "1")
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`script` makes a terminal");
        let keys = child.stdin.take().expect("piped");
        let mut out = child.stdout.take().expect("piped");
        let screen = Arc::new(Mutex::new(Screen::default()));
        let painted = Arc::clone(&screen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                painted.lock().expect("no panic").take(&bytes[..count]);
            }
        });
        Self {
            child,
            keys,
            screen,
            reader,
        }
    }

    /// What stands on the screen.
    pub(crate) fn text(&self) -> String {
        self.screen.lock().expect("no panic").text()
    }

    /// Blocks until this stands on the screen.
    pub(crate) fn shows(&self, text: &str) {
        self.shows_what(text, |screen| screen.contains(text));
    }

    /// Blocks until the screen is as wanted; gives up after a minute, showing what is there.
    pub(crate) fn shows_what(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let began = Instant::now();
        while !wanted(&self.text()) {
            let waited = began.elapsed().as_secs();
            assert!(waited < 60, "a minute without {what:?}:\n{}", self.text());
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Types.
    pub(crate) fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("it listens");
        self.keys.flush().expect("it listens");
    }

    /// Blocks until it ends; answers how, and what was on the screen then.
    pub(crate) fn ends(mut self) -> (ExitStatus, String) {
        let mut status = None;
        until("the end", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        self.reader.join().expect("no panic");
        let text = self.screen.lock().expect("no panic").text();
        (status.expect("it ended"), text)
    }
}

/// What a terminal shows after some bytes: text, moves of the cursor, erasing. Scrolls.
struct Screen {
    cells: Vec<Vec<char>>,
    at: (usize, usize),
    pending: Vec<u8>,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            cells: vec![vec![' '; COLUMNS]; ROWS],
            at: (0, 0),
            pending: Vec::new(),
        }
    }
}

impl Screen {
    fn text(&self) -> String {
        let lines = self.cells.iter().map(|row| row.iter().collect::<String>());
        lines
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        // A character or a sequence may have been torn apart.
        let whole = match std::str::from_utf8(&pending) {
            Ok(_) => pending.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = String::from_utf8_lossy(&pending[..whole]).into_owned();
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            if c == '\u{1b}' {
                let Some(length) = self.sequence(rest) else {
                    break;
                };
                rest = &rest[length..];
            } else {
                self.put(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        self.pending = rest.as_bytes().to_vec();
        self.pending.extend_from_slice(&pending[whole..]);
    }

    fn put(&mut self, c: char) {
        match c {
            '\r' => self.at.1 = 0,
            '\n' if self.at.0 + 1 == ROWS => {
                self.cells.remove(0);
                self.cells.push(vec![' '; COLUMNS]);
            }
            '\n' => self.at.0 += 1,
            c if c.is_control() => {}
            c => {
                if self.at.1 == COLUMNS {
                    self.at.1 = 0;
                    self.put('\n');
                }
                self.cells[self.at.0][self.at.1] = c;
                self.at.1 += 1;
            }
        }
    }

    /// Length of the sequence that the text begins with; none: it is not complete.
    fn sequence(&mut self, text: &str) -> Option<usize> {
        if !text.starts_with("\u{1b}[") {
            return (text.len() >= 2).then_some(2);
        }
        let end = text[2..].find(|c: char| c.is_ascii_alphabetic())? + 2;
        let numbers: Vec<usize> = (text[2..end].split(';'))
            .map(|number| number.parse().unwrap_or(0))
            .collect();
        let number = |n: usize| numbers.get(n).copied().unwrap_or(0);
        match text.as_bytes()[end] {
            b'H' => {
                let place = |n: usize, size: usize| number(n).clamp(1, size) - 1;
                self.at = (place(0, ROWS), place(1, COLUMNS));
            }
            b'J' => self.cells = Self::default().cells,
            b'K' => self.cells[self.at.0][self.at.1..].fill(' '),
            // The other screen is taken or given back.
            b'h' | b'l' if &text[2..end] == "?1049" => *self = Self::default(),
            _ => {}
        }
        Some(end + 1)
    }
}
