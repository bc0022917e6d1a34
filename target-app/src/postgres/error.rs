//! What can go wrong with PostgreSQL, and what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// No usable PostgreSQL on this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct NotFound {
    /// The folders looked at, each with what was wrong with it.
    pub looked: Vec<(String, String)>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "no PostgreSQL server (version {} or newer) was found. Looked at:",
            super::find::OLDEST
        )?;
        for (place, why) in &self.looked {
            writeln!(f, "  {place}: {why}")?;
        }
        writeln!(f, "Install one:")?;
        writeln!(f, "  Debian, Ubuntu: sudo apt-get install postgresql")?;
        writeln!(f, "  Fedora, RHEL:   sudo dnf install postgresql-server")?;
        writeln!(f, "  macOS:          brew install postgresql@17")?;
        write!(
            f,
            "or name the folder that holds postgres, initdb and pg_basebackup: \
             --pg-bin FOLDER, or LOADTEST_PG_BIN=FOLDER"
        )
    }
}

/// A step with PostgreSQL failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable installation.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// A file or folder could not be made, read, copied or removed.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// Verb, such as `create`.
        doing: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The account PostgreSQL runs as cannot reach the data.
    #[error(
        "PostgreSQL refuses to run as root, so it runs as {account}, which cannot pass through {}; \
         allow that with `chmod o+x {}` or choose another folder",
        folder.display(), folder.display()
    )]
    Unreachable {
        /// User name.
        account: String,
        /// The first folder of the chain that it may not traverse.
        folder: PathBuf,
    },
    /// Run as root, and there is no other account to run PostgreSQL as.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor \
         `nobody`; run as a normal user, or create one: useradd --system postgres"
    )]
    NoAccount,
    /// One of PostgreSQL's programs failed.
    #[error("{program} for {subject} failed ({status}): {output}")]
    Program {
        /// `initdb`, `pg_basebackup`, `postgres --single`.
        program: &'static str,
        /// Node or folder.
        subject: String,
        /// Exit status, or why it could not be started.
        status: String,
        /// The end of what it wrote.
        output: String,
    },
    /// A server ended while starting, or did not answer in time.
    #[error("database server {node} did not start: {why}. Its log ends: {log}")]
    Start {
        /// Node name.
        node: String,
        /// Exit status or the last refusal.
        why: String,
        /// The end of its log.
        log: String,
    },
    /// A statement failed.
    #[error("database server {node}: cannot {doing}: {source}")]
    Sql {
        /// Node name.
        node: String,
        /// Verb and object.
        doing: &'static str,
        /// The server's or the connection's answer.
        source: tokio_postgres::Error,
    },
    /// Something did not come about in time.
    #[error("waited {seconds} s for {what}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// For how long.
        seconds: u64,
    },
    /// There is no standby that holds every acknowledged commit.
    #[error("cannot fail over: {why}; wait until the pair is redundant again (`repair`)")]
    NoStandby {
        /// Why the standby does not count.
        why: String,
    },
    /// No such zone.
    #[error("the database pair knows no zone `{zone}`; its zones are {known}")]
    UnknownZone {
        /// As asked for.
        zone: String,
        /// Those there are, comma-separated.
        known: String,
    },
    /// A value that cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// The pair was stopped.
    #[error("the database pair has been stopped")]
    Stopped,
}

/// Adds verb and path to an IO error.
pub(super) trait Naming<T> {
    fn naming(self, doing: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> Naming<T> for io::Result<T> {
    fn naming(self, doing: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::File {
            doing,
            path: path.to_owned(),
            source,
        })
    }
}

/// The end of a program's output, for an error message.
pub(super) fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.trim_end().lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n    ")
}
