//! `loadtest init`: writes a commented scenario that runs as it is.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

const TEMPLATE: &str = include_str!("init/scenario.toml");

const EXAMPLES: &str = "\
Examples:
  loadtest init                    writes scenario.toml
  loadtest init scenarios/my.toml  writes there
  loadtest init --force my.toml    replaces what is there";

/// What `init` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArgs {
    /// Where to write it
    #[arg(value_name = "FILE", default_value = "scenario.toml")]
    pub(super) file: PathBuf,
    /// Replace the file if it is there
    #[arg(short, long)]
    pub(super) force: bool,
}

/// Writes the scenario; a file that is there is left alone unless forced.
///
/// # Errors
/// The file cannot be written.
pub(super) fn run(args: &InitArgs) -> anyhow::Result<ExitCode> {
    let shown = args.file.display();
    let mut options = OpenOptions::new();
    options.write(true);
    if args.force {
        options.create(true).truncate(true);
    } else {
        // Refuses also what appears between a check and the writing.
        options.create_new(true);
    }
    let mut file = match options.open(&args.file) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            eprintln!(
                "error: {shown} is there already: give another name, or --force to replace it"
            );
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be written")),
    };
    file.write_all(TEMPLATE.as_bytes())
        .with_context(|| format!("{shown} cannot be written"))?;
    println!("wrote {shown}\n\nnext:\n  loadtest validate {shown}\n  loadtest run {shown}");
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{self, Overrides, surroundings::Nowhere};

    fn write(file: PathBuf, force: bool) -> ExitCode {
        run(&InitArgs { file, force }).unwrap()
    }

    #[test]
    fn what_it_writes_is_sound_and_needs_no_other_file() {
        let reading = scenario::parse(TEMPLATE, "s.toml".as_ref(), &Overrides::default(), &Nowhere)
            .unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert_eq!(reading.warnings.0, []);
    }

    #[test]
    fn a_file_is_replaced_only_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        std::fs::write(&file, "precious").unwrap();
        assert_eq!(write(file.clone(), false), ExitCode::from(2));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
        assert_eq!(write(file.clone(), true), ExitCode::SUCCESS);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), TEMPLATE);
    }
}
