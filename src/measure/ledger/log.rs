//! The ledger's file while the load runs, and how it is read afterwards.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::fate::WriteOutcome;
use super::record::{Begin, End, Record};
use crate::measure::clock::Micros;
use crate::scenario::StepId;

/// Logs every write before it is sent and when its answer is known.
///
/// Each record is one `write` to the file, so a killed tool loses none that was sent. Only ledger
/// steps pay for it: about two microseconds a write.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    next: u64,
    buffer: Vec<u8>,
    /// The first failure to write: the ledger can promise nothing after it.
    broken: Option<io::Error>,
}

impl Ledger {
    /// Starts an empty ledger at `path`.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: &Path) -> io::Result<Self> {
        let inner = Inner {
            file: File::create(path)?,
            next: 0,
            buffer: Vec::new(),
            broken: None,
        };
        Ok(Self {
            path: path.to_owned(),
            inner: Mutex::new(inner),
        })
    }

    /// A write is about to be sent; answers its number.
    pub fn begin(&self, step: StepId, key: &str, read_back: &str, sent_at: Micros) -> u64 {
        let mut inner = self.lock();
        let id = inner.next;
        inner.next += 1;
        inner.append(&Record::Begin(Begin {
            id,
            step,
            sent_at,
            key: key.to_owned(),
            read_back: read_back.to_owned(),
        }));
        id
    }

    /// Its answer is known.
    pub fn end(&self, id: u64, outcome: WriteOutcome, at: Micros) {
        self.lock().append(&Record::End(End { id, outcome, at }));
    }

    /// Writes begun so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.lock().next
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
        if let Some(error) = self.lock().broken.take() {
            return Err(error);
        }
        LedgerReader::open(&self.path)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Inner {
    fn append(&mut self, record: &Record) {
        self.buffer.clear();
        record.encode(&mut self.buffer);
        if let Err(error) = self.file.write_all(&self.buffer) {
            self.broken.get_or_insert(error);
        }
    }
}

/// Reads a ledger: first all outcomes into a few bytes per write, then the writes one after another.
#[derive(Debug)]
pub struct LedgerReader {
    outcomes: Vec<Outcome>,
    input: BufReader<File>,
}

/// Nine bytes a write would do; five suffice with tenths of a millisecond (119 hours).
#[derive(Debug, Clone, Copy)]
#[repr(C, packed)]
struct Outcome {
    at_tenths_ms: u32,
    outcome: u8,
}

impl LedgerReader {
    /// Opens a ledger.
    ///
    /// # Errors
    /// It cannot be read or is damaged; a record cut off at the end is not damage.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut input = BufReader::with_capacity(1 << 18, File::open(path)?);
        while let Some(record) = Record::decode(&mut input)? {
            match record {
                Record::Begin(_) => outcomes.push(Outcome {
                    at_tenths_ms: 0,
                    outcome: 2,
                }),
                Record::End(end) => {
                    if let Some(slot) = outcomes.get_mut(end.id as usize) {
                        *slot = Outcome {
                            at_tenths_ms: u32::try_from(end.at / 100).unwrap_or(u32::MAX),
                            outcome: end.outcome as u8,
                        };
                    }
                }
            }
        }
        Ok(Self {
            outcomes,
            input: BufReader::with_capacity(1 << 18, File::open(path)?),
        })
    }

    /// Writes in the ledger.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }
}

impl Iterator for LedgerReader {
    /// A write, what its answer said, and when that came (0 when it never did).
    type Item = io::Result<(Begin, WriteOutcome, Micros)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match Record::decode(&mut self.input) {
                Ok(Some(Record::Begin(begin))) => {
                    let known = self.outcomes.get(begin.id as usize).copied();
                    let (outcome, at) = known.map_or((WriteOutcome::Unknown, 0), |known| {
                        let outcome = match known.outcome {
                            0 => WriteOutcome::Ok,
                            1 => WriteOutcome::Fail,
                            _ => WriteOutcome::Unknown,
                        };
                        (outcome, u64::from(known.at_tenths_ms) * 100)
                    });
                    return Some(Ok((begin, outcome, at)));
                }
                Ok(Some(Record::End(_))) => {}
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
