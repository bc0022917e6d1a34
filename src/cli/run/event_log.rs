//! `events.jsonl`: everything that happened in a run, one JSON object a line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::measure::clock::Micros;

/// File name in the run folder.
pub(super) const EVENTS: &str = "events.jsonl";

/// Appends events.
#[derive(Debug)]
pub(super) struct EventLog {
    path: PathBuf,
    file: BufWriter<File>,
}

#[derive(Serialize)]
struct Line<'a, T> {
    at_us: Micros,
    unix_us: u64,
    kind: &'a str,
    what: &'a T,
}

impl EventLog {
    /// Starts an empty log in a run folder.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let path = folder.join(EVENTS);
        let file = File::create(&path).map_err(|error| named(&path, &error))?;
        Ok(Self {
            path,
            file: BufWriter::new(file),
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
        serde_json::to_writer(
            &mut self.file,
            &Line {
                at_us,
                unix_us,
                kind,
                what,
            },
        )
        .map_err(io::Error::from)
        .and_then(|()| self.file.write_all(b"\n"))
        .and_then(|()| self.file.flush())
        .map_err(|error| named(&self.path, &error))
    }

    /// Ends the log: it is on the disk when this returns.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .map_err(|error| named(&self.path, &error))
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("cannot write {}: {error}", path.display()),
    )
}
