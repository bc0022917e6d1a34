//! `loadtest run`: load, faults, report, verdict.

mod alerts;
mod books;
mod canary;
mod conclude;
mod conduct;
mod event_log;
mod exposition;
mod facts;
mod folder;
mod interrupt;
mod narrate;
mod observed;
mod observer;
mod operator;
mod otlp;
mod pages;
mod progress;
mod read_back;
mod rerun;
mod series;
mod spans;
mod stage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::chaos::plan::{self, Depth};
use crate::cli::UsageError;
use crate::cli::override_args::OverrideArgs;
use crate::cli::quantities::http_url;
use crate::cli::scenario_file;
use crate::cli::style::Style;
use crate::gate::ExitCode;
use crate::measure::clock::{Micros, RunClock};
use crate::report::Summary;
use crate::report::console::{self, Colours};
use crate::scenario::Scenario;
pub(super) use folder::RunFolder;
pub(super) use interrupt::{Interrupts, Wish};
pub(super) use operator::{Command, Marks, Operator, Second, Sight};
pub(super) use progress::{Live, Progress};
pub(super) use stage::{Stage, start_stack};

pub(super) const EXAMPLES: &str = "\
Examples:
  loadtest run scenarios/checkout.toml
  loadtest run scenarios/checkout.toml -d 30s --no-faults        shorter, load only
  loadtest run shop.toml -t https://shop.staging.example -s 0.5  half the load, another target
  loadtest run shop.toml --plan 3f2a9c1b44d0e7a5                 only what `chaos plan` has shown
  loadtest run shop.toml --set gate.0.expect='p95 < 150ms' -o /tmp/runs
  loadtest run shop.toml --baseline dir:/srv/baselines --record
      Slower than before? Runs again, up to three times in all, while that cannot be told

Ctrl-C once stops the load, undoes what is open and still reports; twice undoes and leaves.";

/// What `loadtest run` takes.
#[derive(Debug, Args)]
pub(super) struct RunCommand {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    against: rerun::AgainstArgs,
}

/// What every run takes.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The scenario
    file: PathBuf,
    #[command(flatten)]
    overrides: OverrideArgs,
    /// Where the run folder goes
    #[arg(short, long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// Use the stack that `stack up --name NAME` started
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Threads that generate load
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    /// Start only if this is still what the faults would do: the hash that `chaos plan` printed
    #[arg(long, value_name = "HASH")]
    plan: Option<String>,
    /// An inconclusive run exits 5 instead of 0
    #[arg(long)]
    strict: bool,
    /// Revision of what is tested, for the report
    #[arg(long, value_name = "REV", env = "LOADTEST_REVISION")]
    revision: Option<String>,
    /// Serve the run's own metrics for Prometheus there while it lasts: 127.0.0.1:9464
    #[arg(long, value_name = "ADDR")]
    prometheus: Option<std::net::SocketAddr>,
    /// Send the run's metrics, and at its end the run and its faults as a trace, to an OpenTelemetry
    /// collector: http://127.0.0.1:4318. Headers come from OTEL_EXPORTER_OTLP_HEADERS
    #[arg(long, value_name = "URL", value_parser = http_url)]
    otlp: Option<String>,
    /// No progress, only the closing summary
    #[arg(short, long)]
    quiet: bool,
    /// It is a drill.
    #[arg(skip)]
    drill: Option<Attendance>,
    /// It is one of many: only the line that moves, no closing summary.
    #[arg(skip)]
    brief: bool,
    /// The words after `loadtest` that repeat it, where they are not those of `run`.
    #[arg(skip)]
    told_as: Vec<String>,
}

/// How a drill is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attendance {
    /// An operator releases the faults.
    Attended,
    /// By the scenario's times, and nothing is asked.
    Rehearsed,
}

impl RunArgs {
    /// A scenario of this tool's own, without words.
    pub(super) fn quietly(file: PathBuf) -> Self {
        Self {
            file,
            overrides: OverrideArgs::default(),
            out: PathBuf::new(),
            stack: None,
            workers: 1,
            plan: None,
            strict: false,
            revision: None,
            prometheus: None,
            otlp: None,
            quiet: true,
            drill: None,
            brief: true,
            told_as: Vec::new(),
        }
    }

    /// One of several runs whose command tells itself what they come to.
    pub(super) fn one_of_many(
        file: PathBuf,
        overrides: OverrideArgs,
        out: PathBuf,
        workers: u16,
    ) -> Self {
        Self {
            overrides,
            out,
            workers,
            quiet: false,
            ..Self::quietly(file)
        }
    }

    /// The same run, which these words after `loadtest` repeat.
    pub(super) fn told_as(self, words: Vec<String>) -> Self {
        Self {
            told_as: words,
            ..self
        }
    }

    /// The same run on the stack of that name, if there is one.
    pub(super) fn on_stack(self, stack: Option<String>) -> Self {
        Self { stack, ..self }
    }

    /// The same run as a drill of this plan, if it is one that can be held on to.
    pub(super) fn into_drill(self, attendance: Attendance, plan: Option<String>) -> Self {
        Self {
            plan: self.plan.or(plan),
            drill: Some(attendance),
            ..self
        }
    }

    /// The scenario's file, read with what the command line changes in it.
    pub(super) fn scenario(&self) -> Option<Scenario> {
        scenario_file::load(&self.file, &self.overrides.overrides())
    }

    /// The stack that was asked for.
    pub(super) fn stack(&self) -> Option<&str> {
        self.stack.as_deref()
    }
}

/// Runs a scenario to its end, and again while a comparison with a baseline cannot be decided.
///
/// # Errors
/// What kept it from running or reporting. A verdict is no error.
pub(super) fn run(command: &RunCommand) -> anyhow::Result<ExitCode> {
    let args = &command.run;
    let Some(scenario) = args.scenario() else {
        return Ok(ExitCode::Usage);
    };
    if let Some(place) = command.against.place() {
        return rerun::run(args, &command.against, place, scenario);
    }
    let finished = runtime()?.block_on(play_alone(args, Arc::new(scenario), listen()?))?;
    Ok(finished.code)
}

/// The tool's own threads; the load has others.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("loadtest")
        .enable_all()
        .build()
        .context("the tool's own threads cannot be started")
}

/// Ctrl-C as a run takes it.
pub(super) fn listen() -> anyhow::Result<Interrupts> {
    Interrupts::listen(
        "stopping the load, undoing faults, writing the report \
         (once more: undo and leave without a report)",
        "undoing faults and leaving",
    )
}

/// What a run that was played left behind.
#[derive(Debug)]
pub(super) struct Finished {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// What every report is made from; none for a run that was ended before there was anything to
    /// report, or by a user who did not want to wait for it.
    pub(super) summary: Option<Summary>,
    /// What the process is to return.
    pub(super) code: ExitCode,
}

/// [`play`] without an operator.
///
/// # Errors
/// What kept it from running or reporting. A verdict is no error.
pub(super) async fn play_alone(
    args: &RunArgs,
    scenario: Arc<Scenario>,
    interrupts: Interrupts,
) -> anyhow::Result<Finished> {
    let alone = async |_: &Stage, progress| Ok((progress, None));
    // Boxed: commands of several runs hold this future deep within their own.
    Box::pin(play(args, scenario, interrupts, alone)).await
}

/// Sets the stage, plays, reports, and takes down what was started. Once the stage is set,
/// `attend` says who follows it and whether there is an operator.
///
/// # Errors
/// What kept it from running or reporting. A verdict is no error.
pub(super) async fn play(
    args: &RunArgs,
    scenario: Arc<Scenario>,
    mut interrupts: Interrupts,
    attend: impl AsyncFnOnce(&Stage, Progress) -> anyhow::Result<(Progress, Option<Operator>)>,
) -> anyhow::Result<Finished> {
    let folder = RunFolder::create(&args.out, &scenario.name)?;
    let mut progress = match args.brief {
        true => Progress::line_only(length(&scenario)),
        false => Progress::new(length(&scenario), args.quiet),
    };
    progress.say(&format!(
        "{} → {}",
        scenario.source.path.display(),
        folder.path().display()
    ));

    let stage = tokio::select! {
        stage = Stage::set(&scenario, args.stack.as_deref(), folder.id(), &mut progress) => stage?,
        // Dropping the future takes down what was started.
        () = interrupts.at_least(Wish::StopAndReport) => {
            return Ok(Finished {
                folder: folder.path().to_owned(),
                summary: None,
                code: ExitCode::Interrupted,
            });
        }
    };

    let scenario = stage.trusted_by(scenario);
    let ready = match planned(args, &scenario, &stage).await {
        Ok(()) => attend(&stage, progress).await,
        Err(drifted) => Err(drifted),
    };
    let performed = match ready {
        Ok(followed) => perform(args, &scenario, &stage, &folder, &mut interrupts, followed).await,
        Err(error) => Err(error),
    };
    if let Ok(Performed {
        summary: Some(summary),
        ..
    }) = &performed
        && !args.brief
    {
        close(summary, &folder);
    }
    // Whatever happened, what was started for this run does not outlive it.
    let struck = stage.strike().await;
    let performed = performed?;
    struck?;
    Ok(Finished {
        folder: folder.path().to_owned(),
        summary: performed.summary,
        code: performed.code,
    })
}

/// Refuses to go on when the faults would not do any more what was planned.
async fn planned(args: &RunArgs, scenario: &Scenario, stage: &Stage) -> anyhow::Result<()> {
    let Some(planned) = &args.plan else {
        return Ok(());
    };
    let provider = |kind| stage.providers.get(kind).map(Arc::clone);
    let now = plan::resolve(scenario, provider, Depth::Calls).await;
    if now.hash().as_ref() == Some(planned) {
        return Ok(());
    }
    Err(UsageError(format!(
        "the faults would not do any more what plan {planned} says, so nothing was touched. Now \
         they would do this{}:\n{}\n  next: read it, and run with --plan of what \
         `loadtest chaos plan {}` prints",
        now.hash()
            .map_or_else(String::new, |hash| format!(" (plan {hash})")),
        now.describe(),
        args.file.display()
    ))
    .into())
}

/// A run that came to its end.
#[derive(Debug)]
pub(super) struct Performed {
    /// Its one clock.
    pub(super) clock: RunClock,
    /// When the schedules began, run time.
    pub(super) began: Micros,
    /// What every report is made from; none for a user who did not want to wait for it.
    pub(super) summary: Option<Summary>,
    /// What the process is to return.
    pub(super) code: ExitCode,
}

/// Plays a scenario on a stage that is set, and writes the reports into the folder.
///
/// # Errors
/// What kept it from running or reporting.
pub(super) async fn perform(
    args: &RunArgs,
    scenario: &Arc<Scenario>,
    stage: &Stage,
    folder: &RunFolder,
    interrupts: &mut Interrupts,
    (progress, operator): (Progress, Option<Operator>),
) -> anyhow::Result<Performed> {
    let (seat, leave) = operator
        .map(|operator| {
            let (desk, releases, leave) = operator.seated(interrupts);
            ((desk, releases), leave)
        })
        .unzip();
    let followed = (progress, seat);
    let played = conduct::conduct(args, scenario, stage, folder, interrupts, followed).await;
    // Whatever happened, what follows is said on the screen as it was.
    if let Some(leave) = leave {
        leave.leave().await;
    }
    let played = played?;
    let (clock, began) = (played.clock, played.load.began);
    let (summary, code) = if interrupts.wish() == Wish::Leave {
        (None, played.code_without_report())
    } else {
        let (summary, code) =
            conclude::conclude(args, scenario, stage, folder, interrupts, played).await?;
        (Some(summary), code)
    };
    Ok(Performed {
        clock,
        began,
        summary,
        code,
    })
}

/// Prints the closing summary.
fn close(summary: &Summary, folder: &RunFolder) {
    let colours = Colours::wanted(Style::of_stdout().is_colour());
    print!("{}", console::render(summary, colours));
    println!("  report   {}", folder.path().join("report.html").display());
}

/// How long the schedules run.
fn length(scenario: &Scenario) -> Duration {
    scenario.load_length()
}
