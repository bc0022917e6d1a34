//! When each fault began and ended, and what the response time did around it.

use hdrhistogram::Histogram;

use super::conduct::Played;
use super::folder::RunFolder;
use crate::measure::interval::histogram;
use crate::measure::phases::{FaultSpan, LoadSpan};
use crate::measure::recording::{self, RecordingError};
use crate::measure::recovery::{LatencyBack, LatencySpan, Side, latency_back};
use crate::scenario::Scenario;

/// When each fault that was accepted began and ended, in order of acceptance.
pub(super) fn of_faults(played: &Played) -> Vec<FaultSpan> {
    let mut spans: Vec<FaultSpan> = played
        .chaos
        .records
        .iter()
        .enumerate()
        .filter_map(|(fault, record)| {
            let accepted = record.accepted_us?;
            let users = played.observed.impacts.get(&fault).and_then(|impacts| {
                impacts
                    .iter()
                    .find(|(side, _)| *side == Side::ALL)?
                    .1
                    .recovered
            });
            // Until both users are served and the fault is taken back.
            let window_end = users.map(|recovered| {
                recovered
                    .max(record.undone_us.unwrap_or(recovered))
                    .max(record.effective_us.unwrap_or(recovered))
            });
            let restored = record
                .redundancy_restored_us
                .filter(|restored| window_end.is_some_and(|end| *restored > end));
            Some(FaultSpan {
                fault,
                accepted,
                recovered: users,
                window_end,
                restored,
            })
        })
        .collect();
    spans.sort_by_key(|span| span.accepted);
    spans
}

/// T6 of each span, by position.
///
/// # Errors
/// The recording cannot be read.
pub(super) fn latency(
    folder: &RunFolder,
    scenario: &Scenario,
    spans: &[FaultSpan],
    load: LoadSpan,
) -> Result<Vec<LatencyBack>, RecordingError> {
    latency_back(&compared(spans, load), response_times(folder, scenario)?)
}

/// What T6 compares for each fault: the calm time before it with what follows, until the next one.
fn compared(spans: &[FaultSpan], load: LoadSpan) -> Vec<LatencySpan> {
    let ends = |span: &FaultSpan| span.restored.or(span.window_end).unwrap_or(u64::MAX);
    spans
        .iter()
        .enumerate()
        .map(|(n, span)| LatencySpan {
            calm_since: spans[..n].iter().map(ends).max().unwrap_or(load.began),
            accepted: span.accepted,
            recovered: span.recovered,
            until: spans.get(n + 1).map_or(load.ended, |next| next.accepted),
        })
        .collect()
}

/// The run's seconds with the response times of all requests that ended in each.
fn response_times(
    folder: &RunFolder,
    scenario: &Scenario,
) -> Result<impl Iterator<Item = Result<(u64, Histogram<u64>), RecordingError>>, RecordingError> {
    let reader = recording::Reader::open(folder.path(), recording::StepNames::of(scenario))?;
    Ok(reader.map(|second| {
        let second = second?;
        let mut all = histogram();
        for step in &second.steps {
            for part in [&step.ok_response_us, &step.failed_response_us] {
                // Both grow on demand and have three digits.
                let _ = all.add(part);
            }
        }
        Ok((second.second, all))
    }))
}
