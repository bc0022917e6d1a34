//! A ledger's file, read when the load is over.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::fate::WriteOutcome;
use super::record::{Begin, Record};
use crate::measure::clock::Micros;

/// Bytes read from the file at a time.
const READ_AHEAD: usize = 256 << 10;

/// Knows the outcome of every write by a few bytes each, and reads the writes themselves from the
/// file, as often as they are needed.
#[derive(Debug)]
pub struct LedgerReader {
    path: PathBuf,
    outcomes: Vec<Outcome>,
}

/// Nine bytes a write would do; five suffice with tenths of a millisecond (119 hours).
#[derive(Debug, Clone, Copy)]
#[repr(C, packed)]
struct Outcome {
    at_tenths_ms: u32,
    outcome: u8,
}

/// A write that never ended.
const UNKNOWN: Outcome = Outcome {
    at_tenths_ms: 0,
    outcome: WriteOutcome::Unknown as u8,
};

/// A write, what its answer said, and when that came (0 when it never did).
type Write = (Begin, WriteOutcome, Micros);

impl LedgerReader {
    /// Opens a ledger of about this many writes.
    ///
    /// # Errors
    /// It cannot be read or is damaged; a record cut off at the end is not damage.
    pub fn open(path: &Path, expected: u64) -> io::Result<Self> {
        // Growing on demand would need twice the memory for a moment.
        let mut outcomes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
        let mut input = BufReader::with_capacity(READ_AHEAD, File::open(path)?);
        while let Some(record) = Record::decode(&mut input)? {
            match record {
                Record::Begin(_) => outcomes.push(UNKNOWN),
                Record::End(end) => {
                    let id = usize::try_from(end.id).unwrap_or(usize::MAX);
                    if let Some(slot) = outcomes.get_mut(id) {
                        *slot = Outcome {
                            at_tenths_ms: u32::try_from(end.at / 100).unwrap_or(u32::MAX),
                            outcome: end.outcome as u8,
                        };
                    }
                }
            }
        }
        Ok(Self {
            path: path.to_owned(),
            outcomes,
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

    /// What the answer to write number so-and-so said, and when it came; 0 when it never did.
    #[must_use]
    pub fn outcome(&self, id: usize) -> (WriteOutcome, Micros) {
        let known = self.outcomes.get(id).copied().unwrap_or(UNKNOWN);
        let outcome = match known.outcome {
            0 => WriteOutcome::Ok,
            1 => WriteOutcome::Fail,
            _ => WriteOutcome::Unknown,
        };
        (outcome, u64::from(known.at_tenths_ms) * 100)
    }

    /// All writes in the order in which they began, from the file.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn writes(&self) -> io::Result<impl Iterator<Item = io::Result<Write>>> {
        let mut input = BufReader::with_capacity(READ_AHEAD, File::open(&self.path)?);
        Ok(std::iter::from_fn(move || {
            loop {
                match Record::decode(&mut input) {
                    Ok(Some(Record::Begin(begin))) => {
                        let (outcome, at) =
                            self.outcome(usize::try_from(begin.id).unwrap_or(usize::MAX));
                        return Some(Ok((begin, outcome, at)));
                    }
                    Ok(Some(Record::End(_))) => {}
                    Ok(None) => return None,
                    Err(error) => return Some(Err(error)),
                }
            }
        }))
    }
}
