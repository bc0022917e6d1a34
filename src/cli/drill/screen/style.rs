//! Colours, where they are wanted; what they say is told by words or shapes as well.

use ratatui::style::{Color, Modifier, Style};

use crate::cli::drill::lanes::Health;

/// How to paint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::drill) struct Palette {
    /// Whether colours may be used.
    pub(in crate::cli::drill) colour: bool,
}

impl Palette {
    fn of(self, colour: Color) -> Style {
        match self.colour {
            true => Style::new().fg(colour),
            false => Style::new(),
        }
    }

    pub(super) fn good(self) -> Style {
        self.of(Color::Green)
    }

    pub(super) fn weak(self) -> Style {
        self.of(Color::Yellow)
    }

    pub(super) fn bad(self) -> Style {
        self.of(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(super) fn accent(self) -> Style {
        self.of(Color::Cyan)
    }

    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn question(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) fn health(self, health: Health) -> Style {
        match health {
            Health::Good => self.good(),
            Health::Weak => self.weak(),
            Health::Bad => self.bad(),
        }
    }
}
