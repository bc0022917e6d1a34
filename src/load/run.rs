//! Bringing a load run up and waiting for what it leaves.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use super::exchange::{CONNECT_TIMEOUT, Connector, Failure};
use super::gate::OpenGate;
use super::health;
use super::journey::Program;
use super::pacing::{Arrivals, RateCurve};
use super::plan::{LoadError, LoadOutcome, LoadPlan};
use super::record::{Collected, Outlets, Report, collect};
use super::seats::{self, Seat};
use super::shared::Shared;
use super::thread::{self, Lines};
use super::worker::{Parts, Worker};
use crate::measure::clock::{Micros, RunClock};
use crate::measure::outcome::ErrorKind;
use crate::scenario::{HttpDefaults, Scenario, Shape};

/// Users that do not stand ready by then never will.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// A load run that has begun.
#[derive(Debug)]
pub struct Running {
    clock: RunClock,
    began: Micros,
    scheduled_end: Micros,
    scenario: Arc<Scenario>,
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<Result<(), LoadError>>>,
    collector: JoinHandle<Collected>,
}

impl Running {
    /// When the schedules began, run time: a load's `t = 0`.
    #[must_use]
    pub fn began(&self) -> Micros {
        self.began
    }

    /// When the last schedule ends, run time.
    #[must_use]
    pub fn scheduled_end(&self) -> Micros {
        self.scheduled_end
    }

    /// Blocks until the load has ended and everything measured has been handed over.
    ///
    /// # Errors
    /// [`LoadError::WorkerPanicked`], [`LoadError::System`] and [`LoadError::Engine`].
    pub fn wait(self) -> Result<LoadOutcome, LoadError> {
        let mut result = Ok(());
        for worker in self.workers {
            let ended = worker.join().map_err(|_| LoadError::WorkerPanicked);
            result = result.and(ended.and_then(|ended| ended));
        }
        let ended = self.clock.now();
        let mut collected = self
            .collector
            .join()
            .map_err(|_| LoadError::WorkerPanicked)?;
        result?;
        let ran_out = self.shared.ran_out();
        Ok(LoadOutcome {
            began: self.began,
            duration: Duration::from_micros(ended.saturating_sub(self.began)),
            totals: collected.totals,
            start_lag_us: collected.lag_us,
            wire: collected.wire,
            slowest: collected.slowest.take(),
            cpu_seconds: collected.cpu_seconds,
            max_users: collected.most_users,
            data_ran_out: ran_out
                .into_iter()
                .map(|set| self.scenario.data[set].name.clone())
                .collect(),
        })
    }
}

/// A load run whose users stand ready. Dropped, it never begins.
#[derive(Debug)]
pub struct Ready {
    clock: RunClock,
    length: Micros,
    scenario: Arc<Scenario>,
    shared: Arc<Shared>,
    begin: watch::Sender<Option<Micros>>,
    workers: Vec<JoinHandle<Result<(), LoadError>>>,
    collector: JoinHandle<Collected>,
}

impl Ready {
    /// Lets the schedules begin at this run time, which is now or has just been: loads that are
    /// given the same begin and end together.
    #[must_use]
    pub fn begin(self, began: Micros) -> Running {
        self.begin.send_replace(Some(began));
        Running {
            clock: self.clock,
            began,
            scheduled_end: began + self.length,
            scenario: self.scenario,
            shared: self.shared,
            workers: self.workers,
            collector: self.collector,
        }
    }
}

/// Checks that the target can be reached, starts the generator's threads and returns once all
/// users stand ready. Blocking: call it outside async code.
///
/// # Errors
/// See [`LoadError`]; then nothing runs.
pub fn prepare(plan: LoadPlan) -> Result<Ready, LoadError> {
    health::raise_descriptor_limit();
    let program = Program::new(&plan.scenario, &plan.base_url).map_err(|cause| {
        let url = plan.base_url.clone();
        LoadError::BadUrl { url, cause }
    })?;
    let program = Arc::new(program);
    probe(&program, &plan.scenario.http, plan.clock)?;

    let loads = &plan.scenario.loads;
    let users: usize = loads.iter().map(|load| seats::users(&load.shape)).sum();
    let workers = plan.workers.clamp(1, users.max(1));
    let length = loads
        .iter()
        .map(|load| seats::length(&load.shape))
        .max()
        .unwrap_or(0);

    let shared = Arc::new(Shared::new(&plan.scenario));
    let (reports, report_rx) = mpsc::channel();
    let (ready, ready_rx) = mpsc::channel();
    let (begin, begin_rx) = watch::channel(None);
    let mut threads = Vec::with_capacity(workers);
    for index in 0..workers {
        let worker = Arc::new(worker(&plan, &program, &shared, index, workers));
        let lines = Lines {
            worker: index,
            stop: plan.stop.clone(),
            ready: ready.clone(),
            begin: begin_rx.clone(),
            length,
            reports: reports.clone(),
        };
        threads.push(spawn(format!("load-{index}"), move || {
            thread::run(&worker, &lines)
        })?);
    }
    drop((reports, ready));
    all_ready(&ready_rx, workers)?;
    let collector = collector(&plan, report_rx, workers)?;
    Ok(Ready {
        clock: plan.clock,
        length,
        scenario: plan.scenario,
        shared,
        begin,
        workers: threads,
        collector,
    })
}

/// [`prepare`], then [`Ready::begin`] at once.
///
/// # Errors
/// As [`prepare`].
pub fn start(plan: LoadPlan) -> Result<Running, LoadError> {
    let clock = plan.clock;
    Ok(prepare(plan)?.begin(clock.now()))
}

/// [`start`], then [`Running::wait`].
///
/// # Errors
/// As theirs.
pub fn run(plan: LoadPlan) -> Result<LoadOutcome, LoadError> {
    start(plan)?.wait()
}

/// Connects once, so that a wrong address is told before anything is measured.
fn probe(program: &Program, http: &HttpDefaults, clock: RunClock) -> Result<(), LoadError> {
    let connector = Connector::new(http, &program.origin, clock);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| LoadError::System {
            what: "start a runtime",
            source,
        })?;
    let connected = runtime.block_on(connector.connect(&program.origin, 0, CONNECT_TIMEOUT));
    connected
        .map(drop)
        .map_err(|failure| unreachable(program.origin.url(), &failure))
}

fn unreachable(url: String, failure: &Failure) -> LoadError {
    let untrusted = failure.kind == ErrorKind::Tls && failure.message.contains("certificate");
    let next = match untrusted {
        true => {
            "name the authority that vouches for it with `ca` in [http.tls], or the name that it \
                 is for with `server_name`"
                .to_owned()
        }
        false => {
            format!("check that it runs and that this machine may connect to it (`curl -v {url}`)")
        }
    };
    LoadError::Unreachable {
        cause: failure.to_string(),
        url,
        next,
    }
}

fn worker(
    plan: &LoadPlan,
    program: &Arc<Program>,
    shared: &Arc<Shared>,
    index: usize,
    workers: usize,
) -> Worker {
    let scenario = plan.scenario.clone();
    let seats = seats::seats(&scenario.loads, index, workers);
    Worker::new(Parts {
        clock: plan.clock,
        program: program.clone(),
        write_log: plan.write_log.clone(),
        shared: shared.clone(),
        gates: gates(&scenario, &seats, index, workers),
        seats,
        connector: Connector::new(&scenario.http, &program.origin, plan.clock),
        scenario,
    })
}

/// One worker's gates, in the order of the open loads.
fn gates(scenario: &Scenario, seats: &[Seat], index: usize, workers: usize) -> Vec<Arc<OpenGate>> {
    let open = scenario.loads.iter().enumerate();
    open.filter_map(|(load, spec)| {
        let Shape::Arrivals {
            segments,
            spread,
            max_users,
        } = &spec.shape
        else {
            return None;
        };
        let curve = Arc::new(RateCurve::new(segments));
        let arrivals = Arrivals::new(curve, *spread, scenario.seed, load);
        let users = seats.iter().filter(|seat| seat.load == load).count();
        // Workers without a user of this load must not be dealt any of its arrivals.
        let dealt = workers.min((*max_users).max(1));
        Some(Arc::new(OpenGate::new(&arrivals, users, index, dealt)))
    })
    .collect()
}

/// Waits until every worker's users stand ready.
fn all_ready(ready: &Receiver<Result<(), LoadError>>, workers: usize) -> Result<(), LoadError> {
    for _ in 0..workers {
        match ready.recv_timeout(READY_TIMEOUT) {
            Ok(result) => result?,
            Err(_) => {
                let why = "did not bring all users to the start".to_owned();
                return Err(LoadError::Engine(why));
            }
        }
    }
    Ok(())
}

fn collector(
    plan: &LoadPlan,
    reports: Receiver<Report>,
    workers: usize,
) -> Result<JoinHandle<Collected>, LoadError> {
    let outlets = Outlets {
        intervals: plan.intervals.clone(),
        pulses: plan.pulses.clone(),
        health: plan.health.clone(),
    };
    spawn("collector".into(), move || {
        collect(&reports, workers, &outlets)
    })
}

fn spawn<T: Send + 'static>(
    name: String,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, LoadError> {
    std::thread::Builder::new()
        .name(name)
        .spawn(body)
        .map_err(|source| LoadError::System {
            what: "start a thread",
            source,
        })
}
