//! The command line: one file per subcommand.

pub mod chaos;
pub mod internal;
pub mod stack;
