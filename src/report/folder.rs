//! The run folder, `reports/<scenario>-<utc>/`: the one place that writes reports.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::summary::SCHEMA_VERSION;
use super::{Summary, html, junit, markdown};

/// File name of the summary.
pub const SUMMARY: &str = "summary.json";

/// File name of the log of events.
pub const EVENTS: &str = "events.jsonl";

/// A report could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file system refuses.
    #[error("cannot {action} {path}")]
    Io {
        /// `write`, `read` …
        action: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `summary.json` is damaged or something else.
    #[error("{path} is not a summary of loadtest")]
    NotASummary {
        /// Which file.
        path: PathBuf,
        /// Where it stops making sense.
        source: serde_json::Error,
    },
    /// A newer build wrote it.
    #[error(
        "{path} has schema version {found}, this build reads up to {SCHEMA_VERSION}: use the build that wrote it, or a newer one"
    )]
    TooNew {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ReportError {
    let path = path.to_owned();
    move |source| ReportError::Io {
        action,
        path,
        source,
    }
}

/// Creates a new run folder under `reports`: `checkout-20261121T101500Z`, with `-2`, `-3` … when
/// two runs start within a second. `started` is Unix time in seconds.
///
/// # Errors
/// The folder cannot be created.
pub fn create(reports: &Path, scenario: &str, started: i64) -> Result<PathBuf, ReportError> {
    std::fs::create_dir_all(reports).map_err(io_error("create", reports))?;
    let name = format!("{}-{}", file_name(scenario), utc_compact(started));
    for attempt in 1.. {
        let folder = match attempt {
            1 => reports.join(&name),
            attempt => reports.join(format!("{name}-{attempt}")),
        };
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(io_error("create", &folder)(source)),
        }
    }
    unreachable!("one of the names is free")
}

/// Letters, digits, dots and dashes; anything else would need quoting in a shell.
fn file_name(scenario: &str) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
            c
        } else {
            '-'
        }
    };
    let name: String = scenario.chars().map(plain).take(80).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() {
        "run".into()
    } else {
        name.into()
    }
}

fn utc_compact(unix_seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(unix_seconds).unwrap_or_default();
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Writes `summary.json` and everything that is made from it. `summary.json` comes first: with it
/// on disk all others can be made again.
///
/// # Errors
/// A file cannot be written; those before it are complete.
pub fn write(folder: &Path, summary: &Summary) -> Result<(), ReportError> {
    let path = folder.join(SUMMARY);
    let json = serde_json::to_string_pretty(summary)
        .map_err(io::Error::from)
        .map_err(io_error("write", &path))?;
    atomically(&path, json.as_bytes())?;
    render(folder, summary)
}

/// Writes what is made from `summary.json`, and not `summary.json` itself.
///
/// # Errors
/// A file cannot be written.
pub fn render(folder: &Path, summary: &Summary) -> Result<(), ReportError> {
    let files = [
        ("report.html", html::render(summary)),
        ("junit.xml", junit::render(summary)),
        ("summary.md", markdown::render(summary)),
    ];
    for (name, text) in files {
        atomically(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// The run folder that this is, or that this file of one is in.
#[must_use]
pub fn of(path: &Path) -> &Path {
    match path.is_dir() {
        true => path,
        false => path.parent().unwrap_or(Path::new("")),
    }
}

/// Reads a run folder's summary, or the file itself.
///
/// # Errors
/// It is not there, not a summary, or from a newer build.
pub fn read(folder: &Path) -> Result<Summary, ReportError> {
    let path = if folder.is_dir() {
        folder.join(SUMMARY)
    } else {
        folder.to_owned()
    };
    let text = std::fs::read_to_string(&path).map_err(io_error("read", &path))?;
    let damaged = |source| ReportError::NotASummary {
        path: path.clone(),
        source,
    };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(damaged)?;
    let version = value
        .get("schema_version")
        .and_then(serde_json::Value::as_u64);
    if let Some(found) = version.filter(|found| *found > u64::from(SCHEMA_VERSION)) {
        return Err(ReportError::TooNew { path, found });
    }
    serde_json::from_value(value).map_err(damaged)
}

/// Writes a file whole: a reader sees the old one or the new one, never half of one.
///
/// # Errors
/// It cannot be written; the old one is as it was.
pub fn atomically(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(path.file_name().unwrap_or_default());
    hidden.push(".part");
    let part = path.with_file_name(hidden);
    let written = std::fs::File::create(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&part, path));
    written.map_err(|source| {
        // Best effort: the error that matters is the first.
        let _ = std::fs::remove_file(&part);
        io_error("write", path)(source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_within_a_second_get_two_folders() {
        let reports = tempfile::tempdir().expect("a folder");
        let first = create(reports.path(), "check out/2", 1_795_698_900).expect("writable");
        let second = create(reports.path(), "check out/2", 1_795_698_900).expect("writable");
        assert_eq!(first, reports.path().join("check-out-2-20261126T131500Z"));
        assert_eq!(
            second,
            reports.path().join("check-out-2-20261126T131500Z-2")
        );
    }

    #[test]
    fn a_summary_from_a_newer_build_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(SUMMARY), r#"{"schema_version": 99}"#).expect("writable");
        let error = read(folder.path()).expect_err("too new").to_string();
        assert!(error.ends_with("has schema version 99, this build reads up to 1: use the build that wrote it, or a newer one"), "{error}");
    }

    #[test]
    fn what_is_no_summary_is_told_so() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(SUMMARY), "{}").expect("writable");
        let error = read(folder.path()).expect_err("empty");
        let error = format!("{:#}", anyhow::Error::from(error));
        assert!(
            error.contains("is not a summary of loadtest: missing field"),
            "{error}"
        );
        let missing = read(&folder.path().join("nowhere"))
            .expect_err("missing")
            .to_string();
        assert!(missing.starts_with("cannot read"), "{missing}");
    }
}
