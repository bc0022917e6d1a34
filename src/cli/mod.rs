//! The command line: one file per subcommand.

pub mod internal;
pub mod stack;
