//! The write ledger: what became of every write that the target acknowledged.
//!
//! The idea is that of Jepsen's set checkers: each write carries a unique key, is logged before it
//! is sent and again when its answer is known, and every key is read back when all is over.
//! Everything is spilled to one file; what stays in memory is seven bytes a write.

mod fate;
mod log;
mod look_up;
mod reader;
mod record;
mod report;
mod seen;
mod spill;
mod sweep;
mod way;

pub use fate::{Fate, Finding, LedgerCounts, Presence, WriteOutcome};
pub use log::Ledger;
pub use look_up::{LookUp, ReadBack, ReadBackError};
pub use reader::LedgerReader;
pub use record::{Begin, End, Record};
pub use report::{FaultLedger, LedgerReport};
pub use sweep::{LedgerError, Patience, Progress, Sweep};
