//! After the load: balance the ledger, cut the time into phases, judge, write, say.

use std::time::Duration;

use anyhow::Context as _;

use super::RunArgs;
use super::books;
use super::canary;
use super::conduct::Played;
use super::facts;
use super::folder::RunFolder;
use super::interrupt::{Interrupts, Wish};
use super::pages;
use super::progress::Progress;
use super::read_back::balance;
use super::series;
use super::spans;
use super::stage::Stage;
use crate::gate::{Ending, ExitCode};
use crate::load;
use crate::measure::aggregate::aggregate;
use crate::measure::phases::{LoadSpan, phases};
use crate::measure::recording;
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
    let spans = spans::of_faults(&played);
    let ledger = match &played.ledger {
        Some(ledger) => {
            let place = (stage.base_url.as_str(), folder.path());
            let progress = Progress::new(Duration::ZERO, args.quiet);
            let stop = interrupts.next();
            Some(balance(ledger, scenario, &spans, place, stop, progress).await?)
        }
        None => None,
    };
    let tls = load::tls_config(&scenario.http)
        .map_err(|why| anyhow::anyhow!("TLS cannot be set up to read the target's books: {why}"))?;
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .tls_backend_preconfigured(tls)
        .build()
        .context("the client that reads the target's books cannot be made")?;
    let books = tokio::select! {
        books = books::read(stage, &client) => books,
        () = interrupts.next() => None,
    };
    let told = pages::observed(&scenario.metrics, &played.tracks, played.clock);
    let observed = tokio::select! {
        observed = series::read(stage, played.clock, load.ended, told) => Some(observed),
        () = interrupts.next() => None,
    };
    let latency = spans::latency(folder, scenario, &spans, load)?;
    let windows = phases(scenario, &spans, load);
    let plan = report::plan(scenario, windows);
    let reader = recording::Reader::open(folder.path(), recording::StepNames::of(scenario))?;
    let measured = aggregate(reader, &plan)?;
    let ending = if played.interrupted || interrupts.wish() > Wish::Finish {
        Ending::Interrupted
    } else if played.observed.abort.is_some()
        || played.observed.is_aborted_by_hand()
        || !played.observed.gave_up.is_empty()
    {
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
        drill: facts::drill(args, scenario, &played),
        events: played.observed.events.clone(),
        books,
        ledger: ledger
            .as_ref()
            .filter(|_| scenario.steps.iter().any(|step| step.ledger.is_some()))
            .map(|report| facts::ledger(&report.total)),
        canary: canary::summary(scenario, &played, ledger.as_ref()),
        samples: &samples,
        slowest: &played.load.slowest,
        connections: Some(facts::connections(&played.load)),
        generator: facts::generator(&played),
        invalid_causes: facts::invalid_causes(&played),
        lanes: facts::lanes(scenario, stage, &played),
        observed: observed.filter(|observed| !observed.is_empty()),
        tracks: &played.tracks,
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
    if let Some(otlp) = &played.otlp
        && let Err(why) = otlp.conclude(&summary).await
    {
        eprintln!("warning: {why}");
    }
    let code = ExitCode::of_run(
        summary.verdict,
        ending,
        summary.faults.iter().any(|fault| !fault.is_clean()),
        args.strict,
    );
    Ok((summary, code))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
