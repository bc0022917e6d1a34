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
    let begin = format!("<!-- {part}: written by ");
    let end = format!("<!-- {part}: end -->\n");
    let lost = || format!("{} has lost the marks of {part}", file.display());
    let at = page.find(&begin).with_context(lost)?;
    let head = at + page[at..].find('\n').with_context(lost)? + 1;
    let tail = head + page[head..].find(&end).with_context(lost)?;
    std::fs::write(
        &file,
        format!("{}{markdown}{}", &page[..head], &page[tail..]),
    )?;
    Ok(())
}
