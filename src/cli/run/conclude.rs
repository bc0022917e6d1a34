//! After the load: balance the ledger, cut the time into phases, judge, write, say.

use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;

use super::RunArgs;
use super::books;
use super::canary;
use super::conduct::Played;
use super::facts;
use super::folder::RunFolder;
use super::interrupt::{Interrupts, Wish};
use super::progress::Progress;
use super::read_back::balance;
use super::stage::Stage;
use crate::gate::{Ending, ExitCode};
use crate::measure::aggregate::aggregate;
use crate::measure::interval::histogram;
use crate::measure::phases::{FaultSpan, LoadSpan, phases};
use crate::measure::recording::{self, RecordingError};
use crate::measure::recovery::{LatencySpan, Side, latency_back};
use crate::report::{self, Summary, SummaryInput, redact};
use crate::scenario::Scenario;

/// Turns what was played into a summary and reports, and answers the exit code with it.
pub(super) async fn conclude(
    args: &RunArgs,
    scenario: &Scenario,
    stage: &Stage,
    folder: &RunFolder,
    interrupts: &Interrupts,
    mut played: Played,
) -> anyhow::Result<(Summary, ExitCode)> {
    let load = LoadSpan {
        began: played.load.began,
        ended: played.load.began + micros(played.load.duration),
    };
    let spans = fault_spans(&played);
    let ledger = match &played.ledger {
        Some(ledger) => {
            let place = (stage.base_url.as_str(), folder.path());
            let progress = Progress::new(Duration::ZERO, args.quiet);
            let stop = interrupts.next();
            Some(balance(ledger, scenario, &spans, place, stop, progress).await?)
        }
        None => None,
    };
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .build()
        .context("the client that reads the target's books cannot be made")?;
    let books = books::read(stage, &client).await;
    let latency = latency_back(
        &latency_spans(&spans, load),
        response_times(folder, scenario)?,
    )?;
    let windows = phases(scenario, &spans, load);
    let plan = report::plan(scenario, windows);
    let reader = recording::Reader::open(folder.path(), recording::StepNames::of(scenario))?;
    let measured = aggregate(reader, &plan)?;
    let ending = if played.interrupted || interrupts.wish() > Wish::Finish {
        Ending::Interrupted
    } else if played.observed.abort.is_some() {
        Ending::Aborted
    } else {
        Ending::Completed
    };
    let samples = std::mem::take(&mut played.observed.samples);
    let summary = report::summarise(SummaryInput {
        scenario,
        run: facts::run(args, scenario, stage, folder, &played, load),
        measured: &measured,
        faults: facts::faults(
            scenario,
            &played,
            &facts::Findings {
                spans: &spans,
                latency: &latency,
                ledger: ledger.as_ref(),
            },
        ),
        books,
        ledger: ledger
            .as_ref()
            .filter(|_| scenario.steps.iter().any(|step| step.ledger.is_some()))
            .map(|report| facts::ledger(&report.total)),
        canary: canary::summary(scenario, &played, ledger.as_ref()),
        samples: &samples,
        generator: facts::generator(&played),
        invalid_causes: facts::invalid_causes(scenario, &played),
        lanes: facts::lanes(scenario, stage, &played),
        ending,
        ending_reason: played
            .observed
            .abort
            .as_ref()
            .map(|abort| abort.words.clone()),
        strict: args.strict,
        configuration: redact::text(&scenario.source.text),
    });
    report::write_run(folder.path(), &summary)?;
    let code = ExitCode::of_run(
        summary.verdict,
        ending,
        summary.faults.iter().any(|fault| !fault.is_clean()),
        args.strict,
    );
    Ok((summary, code))
}

/// When each fault that was accepted began and ended, in order of acceptance.
fn fault_spans(played: &Played) -> Vec<FaultSpan> {
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

/// What T6 compares for each fault: the calm time before it with what follows, until the next one.
fn latency_spans(spans: &[FaultSpan], load: LoadSpan) -> Vec<LatencySpan> {
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
) -> anyhow::Result<impl Iterator<Item = Result<(u64, Histogram<u64>), RecordingError>>> {
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

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
