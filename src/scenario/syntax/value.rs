//! Readers of single values: each logs what is wrong and then yields nothing.

use std::time::Duration;

use super::log::Log;
use super::suggest::did_you_mean;
use super::tree::{Node, Place, Value};
use super::units;

/// A text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'t> {
    pub(crate) text: &'t str,
    pub(crate) at: Place,
}

/// A text.
pub(crate) fn text<'t>(log: &Log, node: &'t Node) -> Option<Text<'t>> {
    match &node.value {
        Value::Text(text) => Some(Text { text, at: node.at }),
        Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {
            let message = format!("a text is expected, not {}: put it in quotes", node.kind());
            log.error(node.at, message);
            None
        }
        _ => wrong(log, node, "a text"),
    }
}

/// A text that is not blank.
pub(crate) fn name(log: &Log, node: &Node) -> Option<String> {
    let found = text(log, node)?;
    if found.text.trim().is_empty() {
        log.error(found.at, "a name must not be empty");
        return None;
    }
    if found.text.chars().any(char::is_control) {
        log.error(found.at, "a name must not contain control characters");
        return None;
    }
    Some(found.text.trim().to_owned())
}

/// A sentence: one line that is not blank, whatever line breaks its author needed.
pub(crate) fn line(log: &Log, node: &Node) -> Option<String> {
    let found = text(log, node)?;
    let words: Vec<&str> = found.text.split_whitespace().collect();
    if words.is_empty() {
        log.error(found.at, "there is nothing in it");
        return None;
    }
    let line = words.join(" ");
    if line.chars().any(char::is_control) {
        log.error(found.at, "it must not contain control characters");
        return None;
    }
    Some(line)
}

/// `true` or `false`.
pub(crate) fn flag(log: &Log, node: &Node) -> Option<bool> {
    match &node.value {
        Value::Bool(flag) => Some(*flag),
        Value::Text(text) if matches!(text.as_str(), "true" | "false") => {
            log.error(node.at, format!("write {text} without quotes"));
            None
        }
        _ => wrong(log, node, "true or false"),
    }
}

/// A whole number from 0.
pub(crate) fn count(log: &Log, node: &Node) -> Option<u64> {
    match &node.value {
        Value::Integer(number) => match u64::try_from(*number) {
            Ok(number) => Some(number),
            Err(_) => {
                log.error(node.at, format!("`{number}` is negative: a count is not"));
                None
            }
        },
        Value::Float(number) => {
            log.error(node.at, format!("`{number}` is not a whole number"));
            None
        }
        Value::Text(text) if text.trim().parse::<u64>().is_ok() => {
            log.error(node.at, format!("write {} without quotes", text.trim()));
            None
        }
        _ => wrong(log, node, "a whole number"),
    }
}

/// A whole number from 1 to the highest.
pub(crate) fn positive(log: &Log, node: &Node, highest: u64) -> Option<u64> {
    let number = count(log, node)?;
    if number == 0 {
        log.error(node.at, "must be at least 1");
        return None;
    }
    if number > highest {
        log.error(node.at, format!("must be at most {highest}"));
        return None;
    }
    Some(number)
}

/// A duration in quotes, with its unit.
pub(crate) fn duration(log: &Log, node: &Node) -> Option<Duration> {
    quantity(log, node, "a duration", units::duration, |number| {
        format!("`{number}` has no unit: write \"{number}ms\" or \"{number}s\"")
    })
}

/// A duration that is not zero.
pub(crate) fn length(log: &Log, node: &Node) -> Option<Duration> {
    let duration = duration(log, node)?;
    if duration.is_zero() {
        log.error(node.at, "must be longer than zero");
        return None;
    }
    Some(duration)
}

/// A rate in quotes, per second.
pub(crate) fn rate(log: &Log, node: &Node) -> Option<f64> {
    quantity(log, node, "a rate", units::rate, |number| {
        format!("`{number}` has no unit: write \"{number}/s\"")
    })
}

/// A share: `"99%"`, or 0.99.
pub(crate) fn share(log: &Log, node: &Node) -> Option<f64> {
    let share = match &node.value {
        Value::Float(number) => *number,
        _ => quantity(log, node, "a percentage", units::percent, |number| {
            format!("`{number}` has no unit: write \"{number}%\"")
        })?,
    };
    if (0.0..=1.0).contains(&share) {
        return Some(share);
    }
    let help = if (1.0..=100.0).contains(&share) {
        format!("write \"{share}%\"")
    } else {
        String::new()
    };
    log.error_help(node.at, "must be between 0% and 100%", help);
    None
}

fn quantity<T>(
    log: &Log,
    node: &Node,
    what: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
    unitless: impl FnOnce(String) -> String,
) -> Option<T> {
    let message = match &node.value {
        Value::Text(text) => match parse(text) {
            Ok(quantity) => return Some(quantity),
            Err(message) => message,
        },
        Value::Integer(number) => unitless(number.to_string()),
        Value::Float(number) => unitless(number.to_string()),
        _ => return wrong(log, node, what),
    };
    log.error(node.at, message);
    None
}

/// One of a few words.
pub(crate) fn choice<T: Copy>(log: &Log, node: &Node, choices: &[(&str, T)]) -> Option<T> {
    let found = text(log, node)?;
    if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == found.text) {
        return Some(*choice);
    }
    unknown(log, found, "value", choices.iter().map(|(word, _)| *word));
    None
}

/// Logs a word that is none of those known, with the one that was probably meant.
pub(crate) fn unknown<'c>(
    log: &Log,
    found: Text<'_>,
    what: &str,
    known: impl IntoIterator<Item = &'c str>,
) {
    let known: Vec<&str> = known.into_iter().collect();
    let word = found.text;
    let (message, help) = match did_you_mean(word, known.iter().copied()) {
        Some(meant) => (
            format!("unknown {what} `{word}`: did you mean `{meant}`?"),
            String::new(),
        ),
        None if known.is_empty() => (
            format!("unknown {what} `{word}`: there is none"),
            String::new(),
        ),
        None => (
            format!("unknown {what} `{word}`"),
            format!("known: {}", known.join(", ")),
        ),
    };
    log.missing(found.at, message, help);
}

/// Logs that something else is expected.
pub(crate) fn wrong<T>(log: &Log, node: &Node, expected: &str) -> Option<T> {
    log.error(
        node.at,
        format!("{expected} is expected, not {}", node.kind()),
    );
    None
}
