//! The ledger while the load runs.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::fate::WriteOutcome;
use super::reader::LedgerReader;
use super::record::{End, Record, encode_begin};
use super::spill::Spill;
use crate::measure::clock::Micros;
use crate::scenario::StepId;

/// A new file for nobody else: paths to read back from may say more than others should know.
fn private(path: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// Logs every write before it is sent and when its answer is known.
///
/// Whoever logs only appends to a buffer: a thread of the ledger's own writes it to the file within
/// some 20 ms, so that the generator's threads never wait for the disk. Only ledger steps pay for
/// it: less than a microsecond a write.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    /// With the number of writes begun.
    spill: Spill<u64>,
}

impl Ledger {
    /// Starts an empty ledger at `path`.
    ///
    /// # Errors
    /// The file cannot be created, or the thread cannot be started.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            spill: Spill::new(private(path)?, 0)?,
        })
    }

    /// A write is about to be sent; answers its number.
    pub fn begin(&self, step: StepId, key: &str, read_back: &str, sent_at: Micros) -> u64 {
        self.spill.append(|next, out| {
            let id = *next;
            *next += 1;
            encode_begin(out, id, step, sent_at, key, read_back);
            id
        })
    }

    /// Its answer is known.
    pub fn end(&self, id: u64, outcome: WriteOutcome, at: Micros) {
        self.spill
            .append(|_, out| Record::End(End { id, outcome, at }).encode(out));
    }

    /// Writes begun so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.spill.own(|next| *next)
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Opens what was logged for reading.
    ///
    /// # Errors
    /// A record could not be written during the run, or the file cannot be opened.
    pub fn reader(&self) -> io::Result<LedgerReader> {
        self.spill.flush()?;
        LedgerReader::open(&self.path, self.len())
    }
}
