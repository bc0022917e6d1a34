//! `loadtest report`: makes a run folder's reports again, offline.

use std::io::Write as _;
use std::path::PathBuf;

use super::UsageError;
use super::style::Style;
use crate::gate::ExitCode;
use crate::report::console::{self, Colours};
use crate::report::folder;

const EXAMPLES: &str = "\
Examples:
  loadtest report reports/checkout-20261121T101500Z
      Write report.html, junit.xml and summary.md again from summary.json
  loadtest report reports/checkout-20261121T101500Z --print
      Show the closing summary only; write nothing";

/// Make a run folder's reports again from its summary.json, offline
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReportArgs {
    /// Run folder, or a summary.json
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,

    /// Write the reports there instead of beside summary.json
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Show the closing summary only; write nothing
    #[arg(long, conflicts_with = "out")]
    pub(super) print: bool,
}

/// Renders, and returns whether that worked; the run's own verdict was returned by the run.
///
/// # Errors
/// The summary cannot be read or a report cannot be written; the message names the file.
pub(super) fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let summary = folder::read(&args.folder)
        .map_err(|error| UsageError(format!("{:#}", anyhow::Error::new(error))))?;
    let colours = Colours::wanted(Style::of_stdout().is_colour());
    std::io::stdout().write_all(console::render(&summary, colours).as_bytes())?;
    if !args.print {
        let beside = if args.folder.is_dir() {
            args.folder.clone()
        } else {
            args.folder.parent().map(PathBuf::from).unwrap_or_default()
        };
        let out = args.out.as_ref().unwrap_or(&beside);
        std::fs::create_dir_all(out)?;
        folder::render(out, &summary)?;
        println!("\nreport: {}", out.join("report.html").display());
    }
    Ok(ExitCode::Pass)
}
