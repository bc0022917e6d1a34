//! A worker's thread from its start to its last report.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::goose_adapter::{self, Life};
use super::health::ThreadMeter;
use super::plan::LoadError;
use super::record::Report;
use super::stop::{Stop, Urgency};
use super::ticker::{self, Timer};
use super::user;
use super::worker::Worker;
use crate::measure::clock::Micros;

/// How long requests in flight may take when the schedules are over.
const GRACE: Duration = Duration::from_secs(5);
/// And after a soft stop.
const SOFT_GRACE: Duration = Duration::from_millis(300);
/// Between two reports.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// What a worker's thread talks to.
pub(crate) struct Lines {
    pub(crate) worker: usize,
    pub(crate) stop: Stop,
    /// Says that all users stand ready, or why they never will.
    pub(crate) ready: Sender<Result<(), LoadError>>,
    /// When the schedules begin, once known.
    pub(crate) begin: watch::Receiver<Option<Micros>>,
    /// How long the schedules are, microseconds.
    pub(crate) length: Micros,
    pub(crate) reports: Sender<Report>,
}

/// Runs the worker to its end. Requests that are then still in flight are dropped with the runtime.
///
/// # Errors
/// [`LoadError::System`] and [`LoadError::Engine`]; both are also sent to `ready` if they come
/// before the users stand ready.
pub(crate) fn run(worker: &Arc<Worker>, lines: &Lines) -> Result<(), LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| LoadError::System {
            what: "start its runtime",
            source,
        })?;
    let meter = ThreadMeter::new();
    let result = runtime.block_on(live(worker, lines, &meter));
    // Now, while the recorder still listens to what is cut off.
    drop(runtime);
    let now = worker.clock.now();
    let mut last = {
        let mut recorder = worker.recorder();
        recorder.made(&worker.connector.made());
        let totals = recorder.totals;
        recorder.totals.arrivals_dropped = totals
            .arrivals_scheduled
            .saturating_sub(totals.arrivals_started);
        recorder.last_report(lines.worker, now)
    };
    last.time = meter.read();
    // The collector only goes away after this.
    let _ = lines.reports.send(last);
    result
}

async fn live(worker: &Arc<Worker>, lines: &Lines, meter: &ThreadMeter) -> Result<(), LoadError> {
    let users = goose_adapter::drive(worker.seats.len(), lives(worker, &lines.begin));
    tokio::select! {
        ended = users => ended,
        result = conduct(worker, lines, meter) => result,
    }
}

/// Each user's life: stand ready, do one iteration after another, then rest for good.
fn lives(worker: &Arc<Worker>, begin: &watch::Receiver<Option<Micros>>) -> Life {
    let worker = worker.clone();
    let begin = begin.clone();
    Arc::new(move |seat| {
        let (worker, begin) = (worker.clone(), begin.clone());
        Box::pin(async move {
            let origin = worker.stand_ready(begin).await;
            user::live(&worker, seat, origin).await;
            worker.goes_home();
            std::future::pending().await
        })
    })
}

/// The course of the run: begin together, tick and report while it lasts, end in good order.
async fn conduct(
    worker: &Arc<Worker>,
    lines: &Lines,
    meter: &ThreadMeter,
) -> Result<(), LoadError> {
    // Before users open connections: they may take every descriptor there is.
    let mut timer = match Timer::new(worker.keeper.clock) {
        Ok(timer) => timer,
        Err(source) => {
            let what = "set its timer";
            let _ = lines.ready.send(Err(LoadError::System { what, source }));
            return Ok(());
        }
    };
    worker.all_ready().await;
    let _ = lines.ready.send(Ok(()));
    let mut begin = lines.begin.clone();
    let Ok(origin) = begin.wait_for(Option::is_some).await.map(|origin| *origin) else {
        return Ok(());
    };
    let origin = origin.unwrap_or(0);
    for gate in &worker.gates {
        gate.begin(origin);
    }
    let end = origin + lines.length;
    let course = async {
        tokio::select! {
            () = worker.all_home() => {
                worker.end(false);
                return;
            }
            () = worker.keeper.sleep_until(end) => worker.end(false),
            () = lines.stop.at_least(Urgency::Soft) => worker.end(true),
        }
        last_answers(worker, lines).await;
    };
    // A task of its own: its many wake-ups are then not this one's.
    let ticking = worker.clone();
    let mut ticker =
        tokio::spawn(
            async move { ticker::tick(&mut timer, &ticking.keeper, &ticking.gates).await },
        );
    tokio::select! {
        () = course => Ok(()),
        () = report(worker, lines, meter) => Ok(()),
        broken = &mut ticker => match broken {
            Ok(Err(source)) => Err(LoadError::System { what: "set its timer", source }),
            _ => Err(LoadError::WorkerPanicked),
        }
    }
}

/// Waits for requests in flight, as long as the manner of the end allows.
async fn last_answers(worker: &Worker, lines: &Lines) {
    let grace = if worker.ended_early() {
        SOFT_GRACE
    } else {
        GRACE
    };
    tokio::select! {
        () = worker.all_home() => {}
        () = tokio::time::sleep(grace) => {}
        () = lines.stop.at_least(Urgency::Hard) => worker.end(true),
        () = async {
            lines.stop.at_least(Urgency::Soft).await;
            worker.end(true);
            tokio::time::sleep(SOFT_GRACE).await;
        } => {}
    }
}

/// Hands over what was measured, ten times a second.
async fn report(worker: &Worker, lines: &Lines, meter: &ThreadMeter) {
    let mut ticks = tokio::time::interval(REPORT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let now = worker.clock.now();
        worker.count_offered();
        let mut report = worker.recorder().report(lines.worker, now);
        report.backlog = worker.gates.iter().map(|gate| gate.backlog()).sum();
        report.time = meter.read();
        let _ = lines.reports.send(report);
    }
}
