//! The run itself: load and faults at once, until the schedule, the user or a guard ends it.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::RunArgs;
use super::alerts;
use super::canary;
use super::event_log::EventLog;
use super::exposition::{self, Exposition};
use super::folder::RunFolder;
use super::interrupt::{Interrupts, Wish};
use super::observed::Observed;
use super::observer::{Inputs, Observer, Stops};
use super::operator::Desk;
use super::otlp::Otlp;
use super::pages;
use super::progress::Progress;
use super::stage::Stage;
use crate::chaos::conductor::{self, ConductorInput, Limits};
use crate::chaos::journal::{Index, Journal};
use crate::chaos::record::ChaosEvent;
use crate::chaos::schedule::{self, Outlook};
use crate::gate::ExitCode;
use crate::load::{self, LoadError, LoadOutcome, LoadPlan, NoLedger, WriteLog};
use crate::measure::clock::RunClock;
use crate::measure::ledger::Ledger;
use crate::measure::recording;
use crate::observe::pages::Track;
use crate::report::otlp::Resource;
use crate::scenario::{FaultId, Scenario};

/// Everything a run left behind.
#[derive(Debug)]
pub(super) struct Played {
    /// The one clock.
    pub clock: RunClock,
    /// What the engine did.
    pub load: LoadOutcome,
    /// What it did for the canaries.
    pub canary: Option<LoadOutcome>,
    /// What the faults came to.
    pub chaos: conductor::Outcome,
    /// What users saw.
    pub observed: Observed,
    /// The scenario's metrics, by their index.
    pub tracks: Vec<Track>,
    /// Who is told of the run when it is over.
    pub otlp: Option<Otlp>,
    /// The write ledger, when a step keeps one.
    pub ledger: Option<Arc<Ledger>>,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

impl Played {
    /// For a user who did not want to wait for the report.
    pub(super) fn code_without_report(&self) -> ExitCode {
        if self.chaos.is_dirty() {
            ExitCode::UndoFailed
        } else {
            ExitCode::Interrupted
        }
    }
}

/// The operator's, and the faults that they release.
pub(super) type Seat = (Desk, watch::Receiver<Vec<FaultId>>);

/// Plays a scenario on a stage that is set. With an operator, faults wait for them.
pub(super) async fn conduct(
    args: &RunArgs,
    scenario: &Arc<Scenario>,
    stage: &Stage,
    folder: &RunFolder,
    interrupts: &mut Interrupts,
    (mut progress, seat): (Progress, Option<Seat>),
) -> anyhow::Result<Played> {
    let clock = RunClock::start();
    let ledger = open_ledger(scenario, folder)?;
    let journal = open_journal(stage, folder).await?;
    let (plans, inputs, chaos_events) = wire(args, scenario, stage, clock, ledger.as_ref());
    let mut beside = Beside::begin(
        args,
        scenario,
        stage,
        folder,
        (clock, &chaos_events, &mut progress),
    )
    .await?;
    let stop_load = plans.main.stop.clone();
    let (outlook, outlook_seen) = watch::channel(Outlook::default());
    let (stop_chaos, chaos_stopped) = watch::channel(schedule::Stop::No);

    let reading = pages::begin(scenario, stage, clock).await;
    let recording = recording::Writer::create(
        folder.path(),
        recording::StepNames::of(scenario),
        clock.started().unix_us,
    )?;
    let events = EventLog::create(folder.path())?;

    let (desk, releases) = seat.unzip();
    let loads = start_loads(plans).await?;
    folder.keep();
    progress.say(&format!(
        "load started, until {:.0} s from now",
        seconds(&loads.main, clock)
    ));
    let began = loads.main.began();
    let mut observer = Observer::new(
        scenario,
        clock,
        recording,
        events,
        outlook,
        Stops {
            load: stop_load.clone(),
            chaos: stop_chaos.clone(),
        },
        (progress, desk),
    );
    observer.scheduled(began, loads.main.scheduled_end());
    observer.expose(beside.exposition.take());
    let observer = tokio::spawn(observer.watch(inputs));
    let conductor = tokio::spawn(conductor::conduct(ConductorInput {
        scenario: Arc::clone(scenario),
        run: folder.id().to_owned(),
        providers: stage.providers.clone(),
        journal,
        clock,
        load_started: began,
        outlook: outlook_seen,
        releases,
        stop: chaos_stopped,
        events: chaos_events,
        limits: Limits::default(),
    }));

    let (load, canary) = follow_loads(loads, &stop_load, &stop_chaos, interrupts).await?;
    let interrupted = interrupts.wish() > Wish::Finish;
    stop_chaos.send_if_modified(|stop| std::mem::replace(stop, later(*stop)) != later(*stop));
    let mut conductor = conductor;
    let chaos = loop {
        tokio::select! {
            outcome = &mut conductor => break outcome.context("the conductor of faults panicked")?,
            () = interrupts.at_least(Wish::Leave), if *stop_chaos.borrow() != schedule::Stop::Leave => {
                stop_chaos.send_replace(schedule::Stop::Leave);
            }
        }
    };
    beside.tasks.shutdown().await;
    let tracks = match reading {
        Some(reading) => reading.finish().await,
        None => Vec::new(),
    };
    let observed = observer.await.context("the observer panicked")?;
    Ok(Played {
        clock,
        load,
        canary,
        chaos,
        observed,
        tracks,
        otlp: beside.otlp,
        ledger,
        interrupted,
    })
}

/// What goes on beside the load. Its tasks end with the run, for better or worse: their channels keep
/// the observer listening.
struct Beside {
    tasks: JoinSet<()>,
    exposition: Option<Exposition>,
    otlp: Option<Otlp>,
}

impl Beside {
    /// Begins: hearing alerts, telling metrics.
    async fn begin(
        args: &RunArgs,
        scenario: &Scenario,
        stage: &Stage,
        folder: &RunFolder,
        (clock, events, progress): (RunClock, &mpsc::UnboundedSender<ChaosEvent>, &mut Progress),
    ) -> anyhow::Result<Self> {
        let mut beside = Self {
            tasks: JoinSet::new(),
            exposition: None,
            otlp: None,
        };
        if let Some(prometheus) = &stage.prometheus {
            let prometheus = Arc::clone(prometheus);
            let watch = alerts::watch(prometheus, clock, events.clone());
            beside.tasks.spawn(watch);
        }
        if args.prometheus.is_none() && args.otlp.is_none() {
            return Ok(beside);
        }
        let exposition = Exposition::of(scenario);
        let registry = Arc::new(exposition.registry(scenario, folder.id()));
        beside.exposition = Some(exposition);
        if let Some(address) = args.prometheus {
            let (bound, served) = exposition::serve(address, Arc::clone(&registry)).await?;
            progress.say(&format!("metrics at http://{bound}/metrics"));
            beside.tasks.spawn(served);
        }
        if let Some(endpoint) = &args.otlp {
            let resource = Resource {
                scenario: scenario.name.clone(),
                run: folder.id().to_owned(),
            };
            let otlp = Otlp::new(endpoint, registry, resource, clock)?;
            beside.tasks.spawn(otlp.clone().follow());
            beside.otlp = Some(otlp);
        }
        Ok(beside)
    }
}

/// No new faults once the load is over; what is stricter stays.
fn later(stop: schedule::Stop) -> schedule::Stop {
    match stop {
        schedule::Stop::No => schedule::Stop::Finish,
        stricter => stricter,
    }
}

/// The journeys' load, and that of the canaries beside it.
struct Pair<T> {
    main: T,
    canary: Option<T>,
}

impl Pair<load::Running> {
    /// Blocks until both have ended. Canaries do not outlive the load that they accompany.
    fn wait(self, stop: &load::Stop) -> Result<(LoadOutcome, Option<LoadOutcome>), LoadError> {
        let main = self.main.wait();
        // By itself an end that is early is only the pause after the last arrival.
        if main
            .as_ref()
            .map_or(true, |main| !main.data_ran_out.is_empty())
        {
            stop.soft();
        }
        let canary = self.canary.map(load::Running::wait);
        Ok((main?, canary.transpose()?))
    }
}

/// Waits for the end of the load, and passes on what the user wishes meanwhile.
async fn follow_loads(
    loads: Pair<load::Running>,
    stop_load: &load::Stop,
    stop_chaos: &watch::Sender<schedule::Stop>,
    interrupts: &mut Interrupts,
) -> anyhow::Result<(LoadOutcome, Option<LoadOutcome>)> {
    let stop = stop_load.clone();
    let mut waiting = tokio::task::spawn_blocking(move || loads.wait(&stop));
    let mut next = Some(Wish::StopAndReport);
    loop {
        let wish = next;
        tokio::select! {
            outcomes = &mut waiting => return Ok(outcomes.context("the load's thread panicked")??),
            () = interrupts.at_least(wish.unwrap_or(Wish::Leave)), if wish.is_some() => {
                if wish == Some(Wish::StopAndReport) {
                    stop_load.soft();
                    stop_chaos.send_replace(schedule::Stop::Finish);
                    next = Some(Wish::Leave);
                } else {
                    stop_load.hard();
                    stop_chaos.send_replace(schedule::Stop::Leave);
                    next = None;
                }
            }
        }
    }
}

/// The channels between engine, conductor and observer.
fn wire(
    args: &RunArgs,
    scenario: &Arc<Scenario>,
    stage: &Stage,
    clock: RunClock,
    ledger: Option<&Arc<Ledger>>,
) -> (Pair<LoadPlan>, Inputs, mpsc::UnboundedSender<ChaosEvent>) {
    let (intervals, intervals_seen) = mpsc::unbounded_channel();
    let (pulses, pulses_seen) = mpsc::unbounded_channel();
    let (health, generator_seen) = mpsc::unbounded_channel();
    let (chaos, chaos_seen) = mpsc::unbounded_channel();
    let write_log: Arc<dyn WriteLog> = match ledger {
        Some(ledger) => Arc::clone(ledger) as Arc<dyn WriteLog>,
        None => Arc::new(NoLedger),
    };
    let plan = LoadPlan {
        scenario: Arc::clone(scenario),
        base_url: stage.base_url.clone(),
        clock,
        workers: usize::from(args.workers),
        stop: load::Stop::new(),
        intervals,
        pulses,
        health,
        write_log,
    };
    let (canary, canary_seen) = canary::plan(scenario, &plan);
    let inputs = Inputs {
        intervals: intervals_seen,
        pulses: pulses_seen,
        canary: canary_seen,
        generator: generator_seen,
        chaos: chaos_seen,
    };
    (Pair { main: plan, canary }, inputs, chaos)
}

/// Begins both loads at the same instant.
async fn start_loads(plans: Pair<LoadPlan>) -> anyhow::Result<Pair<load::Running>> {
    let clock = plans.main.clock;
    let start = move || {
        let main = load::prepare(plans.main)?;
        let canary = plans.canary.map(load::prepare).transpose()?;
        let now = clock.now();
        Ok(Pair {
            main: main.begin(now),
            canary: canary.map(|canary| canary.begin(now)),
        })
    };
    let started = tokio::task::spawn_blocking(start).await;
    match started.context("the load's thread panicked")? {
        Ok(running) => Ok(running),
        Err(error @ (LoadError::Unreachable { .. } | LoadError::BadUrl { .. })) => {
            Err(crate::cli::UsageError(error.to_string()).into())
        }
        Err(error) => Err(error.into()),
    }
}

fn open_ledger(scenario: &Scenario, folder: &RunFolder) -> anyhow::Result<Option<Arc<Ledger>>> {
    let canaries = scenario.canary.iter().flat_map(|canary| &canary.writers);
    let mut steps = scenario
        .steps
        .iter()
        .chain(canaries.map(|writer| &writer.step));
    if steps.all(|step| step.ledger.is_none()) {
        return Ok(None);
    }
    let path = folder.path().join("ledger.wal");
    let ledger = Ledger::create(&path)
        .with_context(|| format!("the write ledger {} cannot be created", path.display()))?;
    Ok(Some(Arc::new(ledger)))
}

async fn open_journal(stage: &Stage, folder: &RunFolder) -> anyhow::Result<Arc<Journal>> {
    let places = stage
        .providers
        .iter()
        .map(|provider| provider.place())
        .collect();
    let journal = Journal::create(folder.path(), folder.id(), places, &Index::of_user()).await?;
    Ok(Arc::new(journal))
}

fn seconds(load: &load::Running, clock: RunClock) -> f64 {
    load.scheduled_end().saturating_sub(clock.now()) as f64 / 1e6
}
