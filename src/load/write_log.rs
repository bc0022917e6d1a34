//! What the engine tells the ledger about every write that must still be there at the end.

use std::fmt;
use std::sync::Arc;

use crate::measure::clock::Micros;
use crate::measure::ledger::Ledger;
pub use crate::measure::ledger::WriteOutcome;
use crate::scenario::StepId;

/// Names one write between its begin and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WriteId(pub u64);

/// Keeps the ledger. Called on the generator's threads: must not block.
pub trait WriteLog: Send + Sync {
    /// A write is about to be sent.
    ///
    /// `key` and `read_back` are the step's rendered ledger rule, `sent_at` is run time.
    fn begin(&self, step: StepId, key: &str, read_back: &str, sent_at: Micros) -> WriteId;

    /// Its exchange is over. Called exactly once for every begin.
    fn end(&self, id: WriteId, outcome: WriteOutcome, at: Micros);
}

/// Keeps nothing: for scenarios without a ledger.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLedger;

impl WriteLog for NoLedger {
    fn begin(&self, _: StepId, _: &str, _: &str, _: Micros) -> WriteId {
        WriteId(0)
    }

    fn end(&self, _: WriteId, _: WriteOutcome, _: Micros) {}
}

/// Keeps the same ledger for a second load: its steps are numbered after those of the first.
pub struct StepsFrom {
    /// What its first step is in the ledger.
    pub first: StepId,
    /// The ledger.
    pub log: Arc<dyn WriteLog>,
}

impl WriteLog for StepsFrom {
    fn begin(&self, step: StepId, key: &str, read_back: &str, sent_at: Micros) -> WriteId {
        self.log.begin(self.first + step, key, read_back, sent_at)
    }

    fn end(&self, id: WriteId, outcome: WriteOutcome, at: Micros) {
        self.log.end(id, outcome, at);
    }
}

impl fmt::Debug for StepsFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepsFrom")
            .field("first", &self.first)
            .finish_non_exhaustive()
    }
}

impl WriteLog for Ledger {
    fn begin(&self, step: StepId, key: &str, read_back: &str, sent_at: Micros) -> WriteId {
        WriteId(Ledger::begin(self, step, key, read_back, sent_at))
    }

    fn end(&self, id: WriteId, outcome: WriteOutcome, at: Micros) {
        Ledger::end(self, id.0, outcome, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_loads_keep_one_ledger_with_steps_apart() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Arc::new(Ledger::create(&folder.path().join("wal")).unwrap());
        let second = StepsFrom {
            first: 5,
            log: ledger.clone(),
        };
        WriteLog::begin(&*ledger, 1, "order", "/orders/order", 10);
        let id = second.begin(1, "canary", "/canaries/canary", 20);
        second.end(id, WriteOutcome::Ok, 30);
        let written: Vec<_> = ledger
            .reader()
            .unwrap()
            .writes()
            .unwrap()
            .map(|write| write.map(|(begin, outcome, _)| (begin.step, begin.key, outcome)))
            .collect::<Result<_, _>>()
            .unwrap();
        let expected = [
            (1, "order".to_owned(), WriteOutcome::Unknown),
            (6, "canary".to_owned(), WriteOutcome::Ok),
        ];
        assert_eq!(written, expected);
    }
}
