//! A request under way: whatever happens to it, the recorder and the ledger hear how it ended.

use super::record::Outcome;
use super::worker::Worker;
use super::write_log::{WriteId, WriteOutcome};
use crate::measure::clock::Micros;
use crate::measure::outcome::ErrorKind;
use crate::scenario::StepId;

/// Exists from before the send until the step is recorded. Dropped without
/// [`finish`](Self::finish), the step was cut off by the end of the run or by a panic.
#[derive(Debug)]
pub(crate) struct InFlight<'w> {
    worker: &'w Worker,
    step: StepId,
    intended: Micros,
    sent_at: Micros,
    /// While the ledger waits for its end.
    write: Option<WriteId>,
    finished: bool,
}

impl<'w> InFlight<'w> {
    /// `write` is key and read-back where the ledger follows the step.
    pub(crate) fn begin(
        worker: &'w Worker,
        step: StepId,
        intended: Micros,
        write: Option<&(String, String)>,
    ) -> Self {
        let sent_at = worker.clock.now();
        let mut flight = Self {
            worker,
            step,
            intended,
            sent_at,
            write: None,
            finished: false,
        };
        flight.write =
            write.map(|(key, read_back)| worker.write_log.begin(step, key, read_back, sent_at));
        flight
    }

    /// The exchange is over: with a status or an error.
    pub(crate) fn land(&mut self, error: Option<ErrorKind>, status: Option<u16>, at: Micros) {
        if let Some(write) = self.write.take() {
            let outcome = write_outcome(error, status);
            self.worker.write_log.end(write, outcome, at);
        }
    }

    /// The step has been recorded.
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let now = self.worker.clock.now();
        if let Some(write) = self.write {
            self.worker.write_log.end(write, WriteOutcome::Unknown, now);
        }
        let error = if std::thread::panicking() {
            ErrorKind::Internal
        } else if self.worker.ended_early() {
            self.worker.recorder().totals.requests_abandoned += 1;
            return;
        } else {
            // The schedule is over and its grace too: leaving this out would hide a target that
            // hangs at the end.
            ErrorKind::Timeout
        };
        self.worker.recorder().record(&Outcome {
            step: self.step,
            intended: self.intended,
            sent_at: self.sent_at,
            done_at: now,
            error: Some(error),
            status: None,
            bytes_sent: 0,
            bytes_received: 0,
            zone: None,
            pod: None,
        });
    }
}

/// What is known of a write after its exchange.
fn write_outcome(error: Option<ErrorKind>, status: Option<u16>) -> WriteOutcome {
    match (error, status) {
        (Some(kind), _) if kind.surely_not_sent() => WriteOutcome::Fail,
        (None, Some(200..=299)) => WriteOutcome::Ok,
        // "Request Timeout" says only that the target stopped waiting.
        (None, Some(408)) => WriteOutcome::Unknown,
        (None, Some(400..=499)) => WriteOutcome::Fail,
        _ => WriteOutcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certain_ends_are_called_certain() {
        let status = |status| write_outcome(None, Some(status));
        assert_eq!(status(201), WriteOutcome::Ok);
        assert_eq!(status(409), WriteOutcome::Fail);
        assert_eq!(status(408), WriteOutcome::Unknown);
        assert_eq!(status(303), WriteOutcome::Unknown);
        assert_eq!(status(503), WriteOutcome::Unknown);
        let error = |kind| write_outcome(Some(kind), None);
        assert_eq!(error(ErrorKind::Connect), WriteOutcome::Fail);
        assert_eq!(error(ErrorKind::Reset), WriteOutcome::Unknown);
        assert_eq!(error(ErrorKind::Timeout), WriteOutcome::Unknown);
    }
}
