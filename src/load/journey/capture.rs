//! Taking what later steps need out of an answer.

use std::borrow::Cow;

use super::check::Fault;
use super::document::Document;
use crate::load::exchange::{Answer, cookie_pair};
use crate::measure::outcome::ErrorKind;
use crate::scenario::template::Value;
use crate::scenario::{Capture, CaptureFrom, Pick, Step};

/// Fills the slots of the step's captures.
///
/// # Errors
/// The first capture that found nothing and has no default.
pub(crate) fn capture(
    step: &Step,
    answer: &Answer<'_>,
    document: &mut Document<'_>,
    slots: &mut [Value],
    random: &mut fastrand::Rng,
) -> Result<(), Fault> {
    let mut paths = 0..;
    for capture in &step.captures {
        let value = match &capture.from {
            CaptureFrom::Json(_) => {
                let number = paths.next().unwrap_or(usize::MAX);
                let texts = document.captured(&step.expect, number).map_err(|why| {
                    Fault::new(ErrorKind::Capture, format!("`{}`: {why}", capture.name))
                })?;
                pick(capture, texts.iter().map(Cow::Borrowed), random)
            }
            CaptureFrom::Regex(pattern) => {
                let found = pattern.captures(answer.body());
                pick(capture, found.map(String::from_utf8_lossy), random)
            }
            CaptureFrom::Header(name) => {
                let found = answer.headers(name);
                pick(capture, found.map(String::from_utf8_lossy), random)
            }
            CaptureFrom::Cookie(name) => {
                let pairs = answer.headers("set-cookie").filter_map(cookie_pair);
                let found = pairs.filter(|(set, _)| *set == name.as_bytes());
                let values = found.map(|(_, value)| String::from_utf8_lossy(value));
                pick(capture, values, random)
            }
        };
        slots[capture.slot] = value.ok_or_else(|| {
            Fault::new(
                ErrorKind::Capture,
                format!("`{}` found nothing in the answer", capture.name),
            )
        })?;
    }
    Ok(())
}

/// The one that is asked for, or the default; none if there is neither.
fn pick<'a>(
    capture: &'a Capture,
    mut found: impl Iterator<Item = Cow<'a, str>>,
    random: &mut fastrand::Rng,
) -> Option<Value> {
    let default = || capture.default.as_deref().map(Cow::Borrowed);
    let text = match capture.pick {
        Pick::First => found.next().or_else(default),
        Pick::Last => found.last().or_else(default),
        Pick::Random => {
            let mut all = or_default(found, default);
            match all.len() {
                0 => None,
                count => Some(all.swap_remove(random.usize(..count))),
            }
        }
        Pick::All => {
            let all = or_default(found, default).into_iter();
            let all: Vec<String> = all.map(Cow::into_owned).collect();
            return (!all.is_empty()).then_some(Value::List(all));
        }
    };
    text.map(|text| Value::Text(text.into_owned()))
}

fn or_default<'a>(
    found: impl Iterator<Item = Cow<'a, str>>,
    default: impl Fn() -> Option<Cow<'a, str>>,
) -> Vec<Cow<'a, str>> {
    let mut all: Vec<_> = found.collect();
    if all.is_empty() {
        all.extend(default());
    }
    all
}
