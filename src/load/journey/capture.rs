//! Taking what later steps need out of an answer.

use super::check::Fault;
use super::document::{Document, text};
use crate::load::exchange::{Answer, cookie_pair};
use crate::measure::outcome::ErrorKind;
use crate::scenario::template::Value;
use crate::scenario::{Capture, CaptureFrom, Pick};

/// Fills the captures' slots.
///
/// # Errors
/// The first capture that found nothing and has no default.
pub(crate) fn capture(
    captures: &[Capture],
    answer: &Answer<'_>,
    document: &Document<'_>,
    slots: &mut [Value],
    random: &mut fastrand::Rng,
) -> Result<(), Fault> {
    for capture in captures {
        let mut found = find(&capture.from, answer, document)
            .map_err(|why| Fault::new(ErrorKind::Capture, format!("`{}`: {why}", capture.name)))?;
        if found.is_empty() {
            found.extend(capture.default.clone());
        }
        if found.is_empty() {
            return Err(Fault::new(
                ErrorKind::Capture,
                format!("`{}` found nothing in the answer", capture.name),
            ));
        }
        slots[capture.slot] = match capture.pick {
            Pick::First => Value::Text(found.swap_remove(0)),
            Pick::Last => Value::Text(found.swap_remove(found.len() - 1)),
            Pick::Random => Value::Text(found.swap_remove(random.usize(..found.len()))),
            Pick::All => Value::List(found),
        };
    }
    Ok(())
}

fn find(
    from: &CaptureFrom,
    answer: &Answer<'_>,
    document: &Document<'_>,
) -> Result<Vec<String>, String> {
    let owned = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(match from {
        CaptureFrom::Json(path) => document
            .select(path)?
            .into_iter()
            .filter(|value| !value.is_null())
            .map(|value| text(value).into_owned())
            .collect(),
        CaptureFrom::Regex(pattern) => pattern.captures(answer.body()).map(owned).collect(),
        CaptureFrom::Header(name) => answer.headers(name).map(owned).collect(),
        CaptureFrom::Cookie(name) => answer
            .headers("set-cookie")
            .filter_map(cookie_pair)
            .filter(|(set, _)| *set == name.as_bytes())
            .map(|(_, value)| owned(value))
            .collect(),
    })
}
