//! What is wrong with a scenario, told so that a person can fix it: place, line, caret, remedy.

use std::fmt::{self, Write as _};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing starts.
    Mistake,
    /// Probably not what was meant; the run starts.
    Warning,
    /// What an override did.
    Note,
}

/// One thing to tell about a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// How bad it is.
    pub severity: Severity,
    /// The file, or the option (`--set`) that the text came from.
    pub file: String,
    /// Line, from 1; 0 when it is about the file as a whole.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters of the line are meant, at least 1.
    pub width: usize,
    /// The line itself.
    pub text: String,
    /// What is wrong and, in short, what to do.
    pub message: String,
    /// More about what to do.
    pub help: Option<String>,
}

/// All mistakes of a scenario, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const CYAN: &str = "\x1b[1;36m";
const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

impl Mistake {
    /// The whole message with the line and a caret below it, ending in a line break.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let paint = |code: &'static str| if colour { code } else { "" };
        let (word, code) = match self.severity {
            Severity::Mistake => ("error", RED),
            Severity::Warning => ("warning", YELLOW),
            Severity::Note => ("note", CYAN),
        };
        let (tint, bold, cyan, reset) = (paint(code), paint(BOLD), paint(CYAN), paint(RESET));
        let mut out = format!("{tint}{word}{reset}{bold}: {}{reset}\n", self.message);
        // Writing to a string cannot fail.
        if self.line == 0 {
            let _ = writeln!(out, "{cyan}  --> {reset}{}", self.file);
        } else {
            let gutter = self.line.to_string();
            let blank = " ".repeat(gutter.len());
            let (line, indent) = self.visible_line();
            let _ = writeln!(
                out,
                "{cyan}{blank}--> {reset}{}:{}:{}",
                self.file, self.line, self.column
            );
            let _ = writeln!(out, "{cyan}{blank} |{reset}");
            let _ = writeln!(out, "{cyan}{gutter} |{reset} {line}");
            let _ = writeln!(
                out,
                "{cyan}{blank} |{reset} {indent}{tint}{}{reset}",
                "^".repeat(self.width)
            );
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "{cyan}   = {reset}{bold}help{reset}: {help}");
        }
        out
    }

    /// The line without control characters, and the blanks that lead to its caret.
    fn visible_line(&self) -> (String, String) {
        let line = self
            .text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        (line, " ".repeat(self.column.saturating_sub(1)))
    }
}

impl Mistakes {
    /// How many there are of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let findings = self.0.iter();
        findings.filter(|found| found.severity == severity).count()
    }

    /// All messages, and how many there are.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut out = String::new();
        for mistake in &self.0 {
            out.push_str(&mistake.render(colour));
            out.push('\n');
        }
        out
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Mistakes {}
