//! Parts of `docs/performance.md` that a comparison writes, each between two marks.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder of the handbook.
pub(crate) fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Replaces what stands between the marks of `part`.
///
/// # Errors
/// The page cannot be read or written, or has lost its marks.
pub(crate) fn replace(part: &str, markdown: &str) -> Result<()> {
    let file = docs().join("performance.md");
    let page = std::fs::read_to_string(&file)?;
    let begin = format!("<!-- {part}: written by `cargo bench --bench {part} -- --write` -->\n");
    let end = format!("<!-- {part}: end -->\n");
    let lost = || format!("{} has lost the marks of {part}", file.display());
    let (before, rest) = page.split_once(&begin).with_context(lost)?;
    let (_, after) = rest.split_once(&end).with_context(lost)?;
    std::fs::write(&file, format!("{before}{begin}{markdown}{end}{after}"))?;
    Ok(())
}
