//! Runs pair after pair, and puts the result together.

use std::path::Path;
use std::sync::Arc;

use super::AbArgs;
use super::server::Server;
use super::sides::{Version, Versions, read};
use crate::baseline::Metric;
use crate::cli::run::{Finished, Interrupts, RunArgs, Wish, play_alone};
use crate::cli::style::Style;
use crate::gate::ExitCode;
use crate::gate::Verdict;
use crate::gate::paired::{self, Pairs, Side, order};
use crate::measure::units;
use crate::report::Summary;
use crate::report::ab::{Ab, AbRun, End, SCHEMA_VERSION, is_a_sample};

/// Pairs that may be run instead of those that do not count.
const SPARE: usize = 2;

/// Both versions, and how they are measured.
#[derive(Debug)]
pub(super) struct Bout<'a> {
    pub(super) args: &'a AbArgs,
    pub(super) versions: &'a Versions,
    pub(super) metrics: &'a [Metric],
    /// The scenario's name.
    pub(super) scenario: &'a str,
    /// The folder of the result.
    pub(super) place: &'a Path,
}

/// What was run so far.
#[derive(Debug, Default)]
struct Tally {
    runs: Vec<AbRun>,
    /// (a, b) of each pair that counts.
    pairs: Vec<(Summary, Summary)>,
}

/// What a single run came to.
enum Ran {
    /// To its end.
    Whole(Box<Summary>),
    /// The user ended it.
    Interrupted,
    /// It left something broken.
    Dirty(Option<Box<Summary>>),
}

impl Bout<'_> {
    /// Runs pairs until enough of them count.
    ///
    /// # Errors
    /// What kept the first run from running or reporting.
    pub(super) async fn hold(&self, interrupts: Interrupts) -> anyhow::Result<(Ab, ExitCode)> {
        let wanted = usize::from(self.args.pairs);
        let mut tally = Tally::default();
        let mut end = End::Whole;
        let mut pair = 0;
        while tally.pairs.len() < wanted && pair < wanted + SPARE {
            match self.pair(pair, &mut tally, &interrupts).await {
                Ok(None) => pair += 1,
                Ok(Some(early)) => {
                    end = early;
                    break;
                }
                Err(error) if tally.runs.is_empty() => return Err(error),
                // What is known by now must not get lost with what went wrong since.
                Err(error) => {
                    end = End::Broken(format!("{error:#}"));
                    break;
                }
            }
        }
        Ok(self.result(tally, end))
    }

    /// Runs one pair; answers why no other follows, if none does.
    async fn pair(
        &self,
        pair: usize,
        tally: &mut Tally,
        interrupts: &Interrupts,
    ) -> anyhow::Result<Option<End>> {
        let mut seed = None;
        let mut both: [Option<Summary>; 2] = [None, None];
        for side in order(pair) {
            if interrupts.wish() > Wish::Finish {
                return Ok(Some(End::Interrupted));
            }
            self.say(pair, side, tally);
            let summary = match self.one(side, &mut seed, interrupts).await? {
                Ran::Whole(summary) => summary,
                Ran::Interrupted => return Ok(Some(End::Interrupted)),
                Ran::Dirty(summary) => {
                    let run = summary.map(|run| self.told(pair, side, &run));
                    tally.runs.extend(run);
                    return Ok(Some(End::Dirty));
                }
            };
            tally.runs.push(self.told(pair, side, &summary));
            both[side as usize] = Some(*summary);
        }
        if let [Some(a), Some(b)] = both {
            let counts = is_a_sample(&a) && is_a_sample(&b);
            let first = tally.runs.len().saturating_sub(2);
            tally.runs[first..]
                .iter_mut()
                .for_each(|run| run.counts = counts);
            if counts {
                tally.pairs.push((a, b));
            }
        }
        Ok(None)
    }

    /// Brings a version up, runs it, and takes it down again.
    async fn one(
        &self,
        side: Side,
        seed: &mut Option<u64>,
        interrupts: &Interrupts,
    ) -> anyhow::Result<Ran> {
        let version = self.versions.get(side);
        // Both runs of a pair have the same users, and those of the next pair are others.
        let scenario = read(version, *seed)?;
        *seed = Some(scenario.seed);
        let server = match &version.server {
            None => None,
            Some(_) => match self.bring_up(version, side, interrupts).await? {
                Some(server) => Some(server),
                None => return Ok(Ran::Interrupted),
            },
        };
        let args = RunArgs::one_of_many(
            version.file.clone(),
            version.overrides.clone(),
            self.place.join(name(side)),
            self.args.workers,
        );
        let played = play_alone(&args, Arc::new(scenario), interrupts.clone()).await;
        // Whatever became of the run, what was started for it does not outlive it.
        let ended = match server {
            Some(server) => server.end().await,
            None => Ok(()),
        };
        let Finished { summary, code, .. } = played?;
        ended?;
        Ok(match (code, summary) {
            (ExitCode::UndoFailed, summary) => Ran::Dirty(summary.map(Box::new)),
            (ExitCode::Interrupted, _) | (_, None) => Ran::Interrupted,
            (_, Some(summary)) => Ran::Whole(Box::new(summary)),
        })
    }

    /// None: the user does not want to wait for it.
    async fn bring_up(
        &self,
        version: &Version,
        side: Side,
        interrupts: &Interrupts,
    ) -> anyhow::Result<Option<Server>> {
        let Some((command, url)) = &version.server else {
            return Ok(None);
        };
        let log = self.place.join(format!("{}.log", name(side)));
        let mut interrupts = interrupts.clone();
        tokio::select! {
            server = Server::start((command, &version.words), url, &log, self.args.ready_within) => server.map(Some),
            // Dropping the future kills what was started.
            () = interrupts.at_least(Wish::StopAndReport) => Ok(None),
        }
    }

    fn told(&self, pair: usize, side: Side, run: &Summary) -> AbRun {
        let folder = format!("{}/{}", name(side), run.run.id);
        let style = Style::of_stderr();
        let p99 = run
            .requests
            .response_time_us
            .map(|times| units::micros(times.p99));
        eprintln!(
            "  {} p99 {} {}",
            run.verdict.word(),
            p99.as_deref().unwrap_or("–"),
            style.dim(&run.reason)
        );
        AbRun::of(pair + 1, side, folder, run)
    }

    fn say(&self, pair: usize, side: Side, tally: &Tally) {
        let spare = (pair >= usize::from(self.args.pairs))
            .then_some(" (instead of one that does not count)");
        eprintln!(
            "pair {} of {}{}, run {}: {} = {}",
            pair + 1,
            self.args.pairs,
            spare.unwrap_or(""),
            tally.runs.len() + 1,
            name(side),
            self.versions.get(side).words
        );
    }

    fn result(&self, tally: Tally, end: End) -> (Ab, ExitCode) {
        let ab = Ab {
            schema_version: SCHEMA_VERSION,
            verdict: Verdict::Inconclusive,
            reason: String::new(),
            exit_code: 0,
            scenario: self.scenario.to_owned(),
            a: self.versions.get(Side::A).words.clone(),
            b: self.versions.get(Side::B).words.clone(),
            margin: self.args.margin,
            metrics: paired::judge(&values(self.metrics, &tally.pairs), self.args.margin),
            runs: tally.runs,
            tool: format!("loadtest {}", env!("CARGO_PKG_VERSION")),
        };
        ab.decided(end, self.args.strict)
    }
}

fn name(side: Side) -> &'static str {
    match side {
        Side::A => "a",
        Side::B => "b",
    }
}

/// The metrics that were measured in every pair.
fn values(metrics: &[Metric], pairs: &[(Summary, Summary)]) -> Vec<Pairs> {
    let of = |metric: &Metric| -> Option<Vec<(f64, f64)>> {
        let pair = |(a, b): &(Summary, Summary)| Some((metric.of(a)?, metric.of(b)?));
        pairs.iter().map(pair).collect()
    };
    let measured = metrics.iter().filter_map(|metric| {
        Some(Pairs {
            metric: metric.to_string(),
            name: metric.name(),
            better: metric.better(),
            values: of(metric)?,
        })
    });
    measured.collect()
}
