//! Parse, dispatch, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use loadtest::cli::{self, Cli};

fn main() -> ExitCode {
    cli::dispatch(Cli::parse())
}
