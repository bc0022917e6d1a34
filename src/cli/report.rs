//! `loadtest report`: makes a run folder's reports again, offline.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use super::UsageError;
use super::style::Style;
use crate::gate::ExitCode;
use crate::report::chain::{self, ChainError};
use crate::report::console::{self, Colours};
use crate::report::folder::{self, EVENTS};
use crate::report::{Summary, schema};

const EXAMPLES: &str = "\
Examples:
  loadtest report reports/checkout-20261121T101500Z
      Write report.html, junit.xml and summary.md again from summary.json
  loadtest report reports/checkout-20261121T101500Z --print
      Show the closing summary only; write nothing
  loadtest report reports/checkout-20261121T101500Z --verify
      Check that nobody touched events.jsonl since; exit code 4 if somebody did
  loadtest report --schema > summary.schema.json
      The JSON Schema of summary.json, for programs that read it";

/// Make a run folder's reports again from its summary.json, offline
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReportArgs {
    /// Run folder, or a summary.json
    #[arg(value_name = "DIR", required_unless_present = "schema")]
    folder: Option<PathBuf>,

    /// Write the reports there instead of beside summary.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Show the closing summary only; write nothing
    #[arg(long, conflicts_with = "out")]
    print: bool,

    /// Check the chain of events.jsonl against summary.json; write nothing
    #[arg(long, conflicts_with_all = ["out", "print"])]
    verify: bool,

    /// Print the JSON Schema of summary.json and do nothing else
    #[arg(long, conflicts_with_all = ["folder", "out", "print", "verify"])]
    schema: bool,
}

/// Renders, and returns whether that worked; the run's own verdict was returned by the run.
///
/// # Errors
/// The summary cannot be read or a report cannot be written; the message names the file.
pub(super) fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout();
    let Some(folder) = args.folder.as_deref() else {
        stdout.write_all(schema::text().as_bytes())?;
        return Ok(ExitCode::Pass);
    };
    let summary = folder::read(folder)
        .map_err(|error| UsageError(format!("{:#}", anyhow::Error::new(error))))?;
    if args.verify {
        return verify(folder, &summary);
    }
    let colours = Colours::wanted(Style::of_stdout().is_colour());
    stdout.write_all(console::render(&summary, colours).as_bytes())?;
    if !args.print {
        let out = args.out.as_deref().unwrap_or(folder::of(folder));
        std::fs::create_dir_all(out)?;
        folder::render(out, &summary)?;
        println!("\nreport: {}", out.join("report.html").display());
    }
    Ok(ExitCode::Pass)
}

/// Follows the chain of `events.jsonl`; a broken one is told with its first broken line.
fn verify(given: &Path, summary: &Summary) -> anyhow::Result<ExitCode> {
    let path = folder::of(given).join(EVENTS);
    let unreadable =
        |error: std::io::Error| UsageError(format!("{} cannot be read: {error}", path.display()));
    let file = File::open(&path).map_err(unreadable)?;
    let style = Style::of_stdout();
    match chain::verify(BufReader::new(file), summary.events.as_ref()) {
        Ok(end) => {
            let known = match summary.events {
                Some(_) => "and the last one is the one that summary.json knows",
                None => "but summary.json does not know the last one: some may be missing",
            };
            println!(
                "{} {}: {} lines, each follows the one before, {known}\n  {}",
                style.good("✓"),
                path.display(),
                end.lines,
                end.sha256
            );
            Ok(ExitCode::Pass)
        }
        Err(ChainError::Broken(broken)) => {
            println!("{} {}: {broken}", style.bad("✗"), path.display());
            Ok(ExitCode::Invalid)
        }
        Err(ChainError::Unreadable(error)) => Err(unreadable(error).into()),
    }
}
