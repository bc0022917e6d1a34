//! After the load: balance the ledger, cut the time into phases, judge, write, say.

use std::fs::File;
use std::io::BufWriter;
use std::time::Duration;

use anyhow::Context as _;

use super::RunArgs;
use super::conduct::Played;
use super::facts;
use super::folder::RunFolder;
use super::stage::Stage;
use crate::gate::{Ending, ExitCode};
use crate::measure::aggregate::aggregate;
use crate::measure::ledger::{LedgerReport, ReadBack, sweep};
use crate::measure::phases::{FaultSpan, LoadSpan, phases};
use crate::measure::recording;
use crate::measure::recovery::Side;
use crate::report::{self, Summary, SummaryInput, redact};
use crate::scenario::Scenario;

/// Keys read back at once: enough to be quick, few enough not to be a load of its own.
const READ_BACK_AT_ONCE: usize = 16;
/// With pauses of 0.1, 0.2, 0.4 … seconds, a key is tried for about six seconds.
const READ_BACK_ATTEMPTS: u32 = 7;

/// Turns what was played into a summary and reports, and answers the exit code with it.
pub(super) async fn conclude(
    args: &RunArgs,
    scenario: &Scenario,
    stage: &Stage,
    folder: &RunFolder,
    mut played: Played,
) -> anyhow::Result<(Summary, ExitCode)> {
    let load = LoadSpan {
        began: played.load.began,
        ended: played.load.began + micros(played.load.duration),
    };
    let spans = fault_spans(&played);
    let ledger = balance(args, scenario, stage, folder, &played, &spans).await?;
    let windows = phases(scenario, &spans, load);
    let plan = report::plan(scenario, windows);
    let reader = recording::Reader::open(folder.path(), recording::StepNames::of(scenario))?;
    let measured = aggregate(reader, &plan)?;
    let ending = if played.interrupted {
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
        faults: facts::faults(scenario, &played, &spans, ledger.as_ref()),
        ledger: ledger.as_ref().map(|report| facts::ledger(&report.total)),
        samples: &samples,
        generator: facts::generator(&played),
        invalid_causes: facts::invalid_causes(scenario, &played),
        lanes: facts::lanes(stage, &played),
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
                window_end,
                restored,
            })
        })
        .collect();
    spans.sort_by_key(|span| span.accepted);
    spans
}

/// Reads every key back and writes `ledger.csv`; the raw log is not needed any more then.
async fn balance(
    args: &RunArgs,
    scenario: &Scenario,
    stage: &Stage,
    folder: &RunFolder,
    played: &Played,
    spans: &[FaultSpan],
) -> anyhow::Result<Option<LedgerReport>> {
    let Some(ledger) = &played.ledger else {
        return Ok(None);
    };
    let writes = ledger.len();
    if writes > 0 && !args.quiet {
        eprintln!("reading {writes} writes back");
    }
    let how = ReadBack {
        base_url: stage.base_url.clone(),
        client: reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .build()
            .context("the client that reads writes back cannot be made")?,
        concurrency: READ_BACK_AT_ONCE,
        attempts: READ_BACK_ATTEMPTS,
    };
    let path = folder.path().join("ledger.csv");
    let csv =
        File::create(&path).with_context(|| format!("{} cannot be created", path.display()))?;
    let reader = ledger
        .reader()
        .context("the write ledger cannot be read back")?;
    let report = sweep(reader, scenario, spans, &how, BufWriter::new(csv), |_| {}).await?;
    std::fs::remove_file(folder.path().join("ledger.wal")).ok();
    Ok(Some(report))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
