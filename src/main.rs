//! Parse, dispatch, exit code.

use std::process::ExitCode;

use clap::Parser;
use loadtest::cli::{internal::InternalCommand, stack::StackCommand};

#[derive(Debug, Parser)]
#[command(name = "loadtest", version, about)]
enum Cli {
    /// The bundled shop and its infrastructure on this machine.
    Stack(StackCommand),
    #[command(hide = true)]
    Internal(InternalCommand),
}

fn main() -> ExitCode {
    match Cli::parse() {
        Cli::Stack(command) => command.run(),
        Cli::Internal(command) => command.run(),
    }
}
