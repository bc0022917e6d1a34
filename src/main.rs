//! Parse, dispatch, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use loadtest::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli::dispatch(cli) {
        Ok(code) => code.into(),
        Err(error) => cli::complain(&error).into(),
    }
}
