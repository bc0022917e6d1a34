//! Colour, only where a person looks at it: on a terminal, and never under `NO_COLOR`.

use std::fmt::Display;
use std::io::IsTerminal;

/// Paints words, or leaves them as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// Always plain.
    pub const PLAIN: Self = Self { colour: false };

    /// For standard output.
    #[must_use]
    pub fn of_stdout() -> Self {
        Self {
            colour: std::io::stdout().is_terminal() && allowed(),
        }
    }

    /// For standard error.
    #[must_use]
    pub fn of_stderr() -> Self {
        Self {
            colour: std::io::stderr().is_terminal() && allowed(),
        }
    }

    /// Whether it paints.
    #[must_use]
    pub fn is_colour(self) -> bool {
        self.colour
    }

    /// Green.
    pub fn good(self, text: impl Display) -> String {
        self.paint("32", text)
    }

    /// Red and bold.
    pub fn bad(self, text: impl Display) -> String {
        self.paint("1;31", text)
    }

    /// Yellow.
    pub fn warn(self, text: impl Display) -> String {
        self.paint("33", text)
    }

    /// Dim.
    pub fn dim(self, text: impl Display) -> String {
        self.paint("2", text)
    }

    /// Bold.
    pub fn strong(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_string()
        }
    }
}

fn allowed() -> bool {
    // https://no-color.org: any non-empty value forbids colour.
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
