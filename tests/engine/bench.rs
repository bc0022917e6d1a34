//! Scenarios built from the model, run against a server, with everything they leave.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hdrhistogram::Histogram;
use loadtest::load::{
    LoadError, LoadOutcome, LoadPlan, NoLedger, Running, Stop, WriteId, WriteLog, WriteOutcome,
};
use loadtest::measure::clock::{Micros, RunClock};
use loadtest::measure::generator::GeneratorSample;
use loadtest::measure::interval::{ErrorSample, Interval, Pulse, histogram};
use loadtest::measure::outcome::ErrorKind;
use loadtest::scenario::surroundings::Machine;
use loadtest::scenario::template::Template;
use loadtest::scenario::{
    Body, DataSet, Expect, Guard, HttpDefaults, Journey, Load, OnFailure, Overrides, RateSegment,
    Scenario, Shape, Slo, Source, Spread, Step, StepId, Target, Think, UserSegment, parse,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::server::Server;

/// A GET of that path that expects any status below 400.
pub(crate) fn get(path: &str) -> Step {
    Step {
        name: path.to_owned(),
        journey: 0,
        method: "GET".to_owned(),
        url: Template::literal(path),
        headers: Vec::new(),
        body: Body::None,
        expect: Expect::default(),
        captures: Vec::new(),
        timeout: Duration::from_secs(10),
        redirects: true,
        think: None,
        ledger: None,
    }
}

/// A POST with that raw body.
pub(crate) fn post(path: &str, body: &str) -> Step {
    Step {
        method: "POST".to_owned(),
        body: Body::Raw(Template::literal(body)),
        ..get(path)
    }
}

/// So many arrivals per second for so long, then as much time as they need: the run ends with the
/// last iteration, so that a busy machine cuts nothing short.
pub(crate) fn arrivals(rate: f64, seconds: f64, max_users: usize) -> Shape {
    let hold = |rate: f64, seconds: f64| RateSegment {
        from: rate,
        to: rate,
        over: Duration::from_secs_f64(seconds),
    };
    Shape::Arrivals {
        segments: vec![hold(rate, seconds), hold(0.0, 600.0)],
        spread: Spread::Even,
        max_users,
    }
}

/// The same, but the run ends with the schedule.
pub(crate) fn arrivals_until(rate: f64, seconds: f64, max_users: usize) -> Shape {
    let mut shape = arrivals(rate, seconds, max_users);
    if let Shape::Arrivals { segments, .. } = &mut shape {
        segments.truncate(1);
    }
    shape
}

/// So many users for so long.
pub(crate) fn users(count: usize, over: Duration) -> Shape {
    Shape::Users {
        segments: vec![UserSegment {
            from: count,
            to: count,
            over,
        }],
        at_once: false,
    }
}

/// One journey of these steps under that load.
pub(crate) fn scenario(steps: Vec<Step>, shape: Shape) -> Scenario {
    Scenario {
        name: "engine".into(),
        description: String::new(),
        seed: 42,
        source: Source {
            path: "engine.toml".into(),
            text: String::new(),
            hash: String::new(),
            overrides: Vec::new(),
        },
        target: Target::Url(String::new()),
        http: HttpDefaults {
            timeout: Duration::from_secs(10),
            ..HttpDefaults::default()
        },
        data: Vec::<DataSet>::new(),
        loads: vec![Load {
            name: "load".into(),
            journeys: vec![(0, 1)],
            shape,
        }],
        journeys: vec![Journey {
            name: "journey".into(),
            steps: 0..steps.len(),
            think: Think::None,
            pacing: None,
            on_failure: OnFailure::Stop,
        }],
        steps,
        slots: 8,
        faults: Vec::new(),
        prometheus: None,
        metrics: Vec::new(),
        scrape: Vec::new(),
        aws: Default::default(),
        kubernetes: loadtest::scenario::KubernetesSpec::default(),
        runbook: Vec::new(),
        canary: None,
        guard: Guard {
            healthy_before: Duration::ZERO,
            wait_at_most: Duration::ZERO,
            abort_when: Vec::new(),
        },
        slo: Slo {
            availability: 0.99,
            p99: None,
            held_for: Duration::from_secs(1),
        },
        gates: Vec::new(),
    }
}

/// An `[http]` section as the language reads it, with files beside `tests/engine/tls`.
pub(crate) fn http(section: &str) -> HttpDefaults {
    let text = format!(
        "target = \"http://127.0.0.1:1\"\njourney = {{ name = \"j\", steps = {{ get = \"/\" }} }}\n\
         load = {{ users = {{ count = 1, for = \"1s\" }} }}\n{section}"
    );
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/tls/scenario.toml");
    let read = parse(&text, &here, &Overrides::default(), &Machine);
    read.unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .scenario
        .http
}

/// Everything a run leaves.
pub(crate) struct Left {
    pub(crate) outcome: LoadOutcome,
    pub(crate) intervals: Vec<Interval>,
    pub(crate) pulses: Vec<Pulse>,
    pub(crate) health: Vec<GeneratorSample>,
}

/// A run that has begun.
pub(crate) struct Begun {
    pub(crate) running: Running,
    pub(crate) stop: Stop,
    pub(crate) clock: RunClock,
    intervals: UnboundedReceiver<Interval>,
    pulses: UnboundedReceiver<Pulse>,
    health: UnboundedReceiver<GeneratorSample>,
}

/// How to run it.
pub(crate) struct Manner {
    pub(crate) workers: usize,
    pub(crate) log: Arc<dyn WriteLog>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            workers: 1,
            log: Arc::new(NoLedger),
        }
    }
}

pub(crate) fn begin(
    scenario: Scenario,
    base_url: &str,
    manner: Manner,
) -> Result<Begun, LoadError> {
    let (intervals, interval_rx) = unbounded_channel();
    let (pulses, pulse_rx) = unbounded_channel();
    let (health, health_rx) = unbounded_channel();
    let stop = Stop::new();
    let clock = RunClock::start();
    let running = loadtest::load::start(LoadPlan {
        scenario: Arc::new(scenario),
        base_url: base_url.to_owned(),
        clock,
        workers: manner.workers,
        stop: stop.clone(),
        intervals,
        pulses,
        health,
        write_log: manner.log,
    })?;
    Ok(Begun {
        running,
        stop,
        clock,
        intervals: interval_rx,
        pulses: pulse_rx,
        health: health_rx,
    })
}

impl Begun {
    pub(crate) fn wait(mut self) -> Left {
        let outcome = self.running.wait().expect("the run ends well");
        Left {
            outcome,
            intervals: drain(&mut self.intervals),
            pulses: drain(&mut self.pulses),
            health: drain(&mut self.health),
        }
    }
}

fn drain<T>(channel: &mut UnboundedReceiver<T>) -> Vec<T> {
    std::iter::from_fn(|| channel.blocking_recv()).collect()
}

pub(crate) fn run(scenario: Scenario, base_url: &str) -> Left {
    begin(scenario, base_url, Manner::default())
        .expect("the run begins")
        .wait()
}

/// Runs each step once, whatever becomes of the others.
pub(crate) fn once(steps: Vec<Step>) -> (Left, Server) {
    let server = Server::start();
    let left = once_at(scenario(steps, one()), &server);
    (left, server)
}

/// One arrival.
pub(crate) fn one() -> Shape {
    arrivals(1.0, 1.0, 1)
}

/// Runs a scenario of [`one`] arrival, trying every step, and stops as soon as it is through.
pub(crate) fn once_at(mut scenario: Scenario, server: &Server) -> Left {
    scenario.journeys[0].on_failure = OnFailure::Continue;
    run(scenario, &server.url())
}

/// Sums over a whole run of one step.
#[derive(Debug)]
pub(crate) struct Sum {
    pub(crate) ok: u64,
    pub(crate) failed: u64,
    pub(crate) response: Histogram<u64>,
    pub(crate) service: Histogram<u64>,
    pub(crate) errors: Vec<(ErrorKind, u64)>,
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

impl Left {
    pub(crate) fn sum(&self, step: StepId) -> Sum {
        let mut sum = Sum {
            ok: 0,
            failed: 0,
            response: histogram(),
            service: histogram(),
            errors: Vec::new(),
            received: 0,
            sent: 0,
        };
        let mut errors = std::collections::BTreeMap::new();
        let steps = self.intervals.iter().flat_map(|interval| &interval.steps);
        for part in steps.filter(|part| part.step == step) {
            sum.ok += part.ok_response_us.len();
            sum.failed += part.failed_response_us.len();
            for histogram in [&part.ok_response_us, &part.failed_response_us] {
                sum.response.add(histogram).unwrap();
            }
            for histogram in [&part.ok_service_us, &part.failed_service_us] {
                sum.service.add(histogram).unwrap();
            }
            for (kind, count) in &part.errors {
                *errors.entry(*kind).or_insert(0) += count;
            }
            sum.received += part.bytes_received;
            sum.sent += part.bytes_sent;
        }
        sum.errors = errors.into_iter().collect();
        sum
    }

    pub(crate) fn samples(&self) -> Vec<ErrorSample> {
        let samples = self.pulses.iter().flat_map(|pulse| pulse.samples.clone());
        samples.collect()
    }
}

/// A ledger that remembers what it was told.
#[derive(Default)]
pub(crate) struct Remembered {
    pub(crate) begun: Mutex<Vec<(StepId, String, String)>>,
    pub(crate) ended: Mutex<Vec<(u64, WriteOutcome)>>,
}

impl WriteLog for Remembered {
    fn begin(&self, step: StepId, key: &str, read_back: &str, _: Micros) -> WriteId {
        let mut begun = self.begun.lock().unwrap();
        begun.push((step, key.to_owned(), read_back.to_owned()));
        WriteId(begun.len() as u64 - 1)
    }

    fn end(&self, id: WriteId, outcome: WriteOutcome, _: Micros) {
        self.ended.lock().unwrap().push((id.0, outcome));
    }
}
