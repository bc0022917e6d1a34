//! Why an exchange gave no answer.

use std::fmt;
use std::io;

use crate::measure::outcome::ErrorKind;

/// What went wrong, classified and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// A connection that broke after sending began.
    pub(crate) fn broken(doing: &str, error: &io::Error) -> Self {
        Self::new(ErrorKind::Reset, format!("{doing}: {}", cause(error)))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}

/// The system's words without its error number, which differs between systems.
pub(crate) fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
