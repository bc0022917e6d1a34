//! `events.jsonl`: everything that happened in a run, one JSON object a line, each of which carries
//! the digest of the one before.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::measure::clock::Micros;
use crate::report::chain::Chain;
use crate::report::folder::EVENTS;

/// Appends events.
#[derive(Debug)]
pub(super) struct EventLog {
    path: PathBuf,
    file: BufWriter<File>,
    chain: Chain,
}

#[derive(Serialize)]
struct Line<'a, T> {
    at_us: Micros,
    unix_us: u64,
    kind: &'a str,
    what: &'a T,
    /// The name is [`crate::report::chain::KEY`].
    previous: &'a str,
}

impl EventLog {
    /// Starts an empty log in a run folder.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let path = folder.join(EVENTS);
        let file = File::create(&path).map_err(|error| named(&path, &error))?;
        Ok(Self {
            path,
            file: BufWriter::new(file),
            chain: Chain::default(),
        })
    }

    /// Appends one event; it is on its way to the disk when this returns.
    pub(super) fn append(
        &mut self,
        at_us: Micros,
        unix_us: u64,
        kind: &str,
        what: &impl Serialize,
    ) -> io::Result<()> {
        let line = Line {
            at_us,
            unix_us,
            kind,
            what,
            previous: &self.chain.sha256,
        };
        serde_json::to_vec(&line)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                self.chain.push(&line);
                line.push(b'\n');
                self.file.write_all(&line)
            })
            .and_then(|()| self.file.flush())
            .map_err(|error| named(&self.path, &error))
    }

    /// Ends the log, which is on the disk when this returns; how it ended goes into the summary.
    pub(super) fn finish(mut self) -> io::Result<Chain> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .map_err(|error| named(&self.path, &error))?;
        Ok(self.chain)
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("cannot write {}: {error}", path.display()),
    )
}
