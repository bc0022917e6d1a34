//! The command line: one file per subcommand.

pub mod init;
pub mod override_args;
pub mod scenario_file;
pub mod validate;
