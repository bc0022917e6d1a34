//! What a command of several runs came to: written into its folder, and told.

use std::path::Path;

use serde::Serialize;

use crate::report::folder;
use crate::report::markdown::plain;

/// Writes `NAME.json`, `NAME.html` and `NAME.md`, and prints the last.
///
/// # Errors
/// A file cannot be written.
pub(super) fn write(
    place: &Path,
    name: &str,
    result: &impl Serialize,
    (page, markdown): (&str, &str),
) -> anyhow::Result<()> {
    keep(place, name, result, (page, markdown))?;
    print!("{}", plain(markdown));
    println!("page: {}", place.join(format!("{name}.html")).display());
    Ok(())
}

/// Writes `NAME.json`, `NAME.html` and `NAME.md`.
///
/// # Errors
/// A file cannot be written.
pub(super) fn keep(
    place: &Path,
    name: &str,
    result: &impl Serialize,
    (page, markdown): (&str, &str),
) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(result)?;
    for (ending, text) in [("json", json.as_str()), ("html", page), ("md", markdown)] {
        folder::atomically(&place.join(format!("{name}.{ending}")), text.as_bytes())?;
    }
    Ok(())
}
