//! The write ledger: what became of every write that the target acknowledged.
//!
//! The idea is that of Jepsen's set checker: each write carries a unique key, is logged before it
//! is sent and again when its answer is known, and every key is read back when all is over.
//! Everything is spilled to one file, so that memory does not grow with the number of writes.

mod fate;
mod log;
mod record;
mod sweep;

pub use fate::{Fate, Finding, LedgerCounts, Presence, WriteOutcome};
pub use log::{Ledger, LedgerReader};
pub use record::{Begin, End, Record};
pub use sweep::{FaultLedger, LedgerError, LedgerReport, ReadBack, read_back, sweep};
