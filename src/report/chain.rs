//! `events.jsonl` as a chain: each line carries the SHA-256 of the line before it, and the summary
//! that of the last one. Whoever changes, adds or removes a line afterwards has to change every
//! later line, and a figure that people have read by then.

use std::fmt::Write as _;
use std::io::{self, BufRead};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The key of a line under which the digest of the line before stands.
pub const KEY: &str = "previous";

/// A chain as it is written: how long it is, and what the next line has to carry.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Chain {
    /// Lines so far.
    pub lines: u64,
    /// SHA-256 of the last line without its line break, hexadecimal; zeros before the first.
    pub sha256: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            lines: 0,
            sha256: "0".repeat(64),
        }
    }
}

impl Chain {
    /// Takes a line in, without its line break.
    pub fn push(&mut self, line: &[u8]) {
        self.lines += 1;
        self.sha256.clear();
        for byte in Sha256::digest(line) {
            // Writing to a text cannot fail.
            let _ = write!(self.sha256, "{byte:02x}");
        }
    }
}

/// Where a chain is broken, and how that shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is not an entry.
    #[error("line {line} is not an entry: {why}")]
    NotAnEntry {
        /// From 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The next line was written after another one.
    #[error(
        "line {line} is not what line {} was written after: it was changed, or lines were added or removed there",
        line + 1
    )]
    Changed {
        /// From 1; 0: the first line was written after something that is not there any more.
        line: u64,
    },
    /// The last line, or how many there are, is not what the summary says.
    #[error(
        "line {line} is not the last one that the summary knows, which is line {known}: it was changed, or lines were added or removed at the end"
    )]
    OtherEnd {
        /// The last line there is, from 1.
        line: u64,
        /// The last line there was.
        known: u64,
    },
}

/// Why a chain could not be followed to its end.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// It is broken.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[from] io::Error),
}

/// Follows a chain from its first line to its last, which has to be `end` where that is known.
///
/// # Errors
/// The first line that is broken, or why it cannot be read.
pub fn verify(lines: impl BufRead, end: Option<&Chain>) -> Result<Chain, ChainError> {
    #[derive(Deserialize)]
    struct Entry {
        previous: String,
    }
    let mut chain = Chain::default();
    for line in lines.split(b'\n') {
        let line = line?;
        let entry: Entry = serde_json::from_slice(&line).map_err(|error| Broken::NotAnEntry {
            line: chain.lines + 1,
            why: error.to_string(),
        })?;
        if entry.previous != chain.sha256 {
            return Err(Broken::Changed { line: chain.lines }.into());
        }
        chain.push(&line);
    }
    match end {
        Some(end) if *end != chain => Err(Broken::OtherEnd {
            line: chain.lines,
            known: end.lines,
        }
        .into()),
        _ => Ok(chain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(entries: &[&str]) -> (Vec<String>, Chain) {
        let mut chain = Chain::default();
        let mut lines = Vec::new();
        for what in entries {
            let line = format!(r#"{{"what":"{what}","{KEY}":"{}"}}"#, chain.sha256);
            chain.push(line.as_bytes());
            lines.push(line);
        }
        (lines, chain)
    }

    fn broken(lines: &[String], end: Option<&Chain>) -> Broken {
        match verify(lines.join("\n").as_bytes(), end) {
            Err(ChainError::Broken(broken)) => broken,
            other => panic!("not broken: {other:?}"),
        }
    }

    #[test]
    fn an_untouched_chain_holds() {
        let (lines, end) = written(&["a", "b", "c"]);
        let text = lines.join("\n") + "\n";
        assert_eq!(verify(text.as_bytes(), Some(&end)).expect("holds"), end);
        assert_eq!(end.lines, 3);
        let empty = verify(&b""[..], Some(&Chain::default())).expect("holds");
        assert_eq!(empty.lines, 0);
    }

    #[test]
    fn the_first_line_that_was_touched_is_named() {
        let (lines, end) = written(&["a", "b", "c", "d"]);
        for line in 0..4 {
            let mut touched = lines.clone();
            touched[line] = touched[line].replacen("what\":\"", "what\":\"x", 1);
            let told = broken(&touched, Some(&end)).to_string();
            assert!(told.starts_with(&format!("line {} ", line + 1)), "{told}");
        }
    }

    #[test]
    fn lines_that_are_missing_or_new_are_found() {
        let (lines, end) = written(&["a", "b", "c"]);
        let without = |line: usize| {
            let mut left = lines.clone();
            left.remove(line);
            left
        };
        assert_eq!(broken(&without(0), None), Broken::Changed { line: 0 });
        assert_eq!(broken(&without(1), None), Broken::Changed { line: 1 });
        // What is cut off at the end leaves a chain that holds: only the summary knows better.
        assert!(verify(without(2).join("\n").as_bytes(), None).is_ok());
        let cut = broken(&without(2), Some(&end));
        assert_eq!(cut, Broken::OtherEnd { line: 2, known: 3 });
        let mut doubled = lines.clone();
        doubled.push(lines[2].clone());
        assert_eq!(broken(&doubled, None), Broken::Changed { line: 3 });
        let mut torn = lines;
        torn[2].truncate(10);
        assert!(matches!(
            broken(&torn, None),
            Broken::NotAnEntry { line: 3, .. }
        ));
    }
}
