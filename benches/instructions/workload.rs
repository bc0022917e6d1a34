//! The parts of a request's way through the engine that are counted.

use std::hint::black_box;
use std::time::Duration;

use loadtest::load::bench::{Checking, Recording, Schedule};
use loadtest::scenario::extract::{Found, JsonPath, JsonPaths, Need};
use loadtest::scenario::{Body, Spread};

use crate::shop::{answer, captured, context, shop};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Path, header and body of a step.
    Templates,
    /// Two values out of 1 KB of JSON.
    Capture,
    /// Four JSON expectations.
    Checks,
    /// One request into the recorder.
    Recording,
    /// The next arrival of a ramp, Poisson.
    Pacing,
}

impl Workload {
    /// In the order of the table.
    pub(crate) const ALL: [Self; 5] = [
        Self::Templates,
        Self::Capture,
        Self::Checks,
        Self::Recording,
        Self::Pacing,
    ];

    /// As in `limits.toml`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Templates => "templates",
            Self::Capture => "capture",
            Self::Checks => "checks",
            Self::Recording => "recording",
            Self::Pacing => "pacing",
        }
    }

    /// Does it so many times.
    pub(crate) fn run(self, rounds: u64) {
        match self {
            Self::Templates => templates(rounds),
            Self::Capture => capture(rounds),
            Self::Checks => checks(rounds),
            Self::Recording => recording(rounds),
            Self::Pacing => pacing(rounds),
        }
    }
}

fn templates(rounds: u64) {
    let scenario = shop();
    let step = &scenario.steps[1];
    let Body::Json(body) = &step.body else {
        panic!("the step has a JSON body")
    };
    let (mut slots, mut random) = (captured(), fastrand::Rng::with_seed(1));
    let mut out = Vec::new();
    for _ in 0..rounds {
        let mut context = context(&mut slots, &mut random);
        out.clear();
        for template in [&step.url, &step.headers[0].1, body] {
            template.render(&mut context, &mut out).expect("renders");
        }
        black_box(out.len());
    }
}

fn capture(rounds: u64) {
    let path = |text| (JsonPath::parse(text).expect("a path"), Need::Text);
    let paths = JsonPaths::new(["$.token", "$.items[1].id"].map(path).into());
    let (body, mut found) = (answer(), Found::default());
    for _ in 0..rounds {
        let body = black_box(body.as_bytes());
        paths.look(body, &mut found).expect("JSON");
        for path in 0..2 {
            black_box(found.texts(body, path).last().map(str::to_owned));
        }
    }
}

fn checks(rounds: u64) {
    let scenario = shop();
    let step = &scenario.steps[1];
    let body = answer();
    let (mut slots, mut random) = (captured(), fastrand::Rng::with_seed(1));
    let mut context = context(&mut slots, &mut random);
    let mut checking = Checking::new(step);
    for _ in 0..rounds {
        assert!(checking.holds(step, black_box(body.as_bytes()), &mut context));
    }
}

fn recording(rounds: u64) {
    let service = |number: u64| 200 + number * 7_919 % 3_000;
    let mut recording = Recording::new(5);
    for number in 0..rounds {
        let done_at = number % 1_000_000 + 5_000;
        let sent_at = done_at - service(number);
        recording.request((number % 5) as usize, sent_at - 100, sent_at, done_at);
    }
}

fn pacing(rounds: u64) {
    let ramp = Schedule::ramp(1_000.0, 50_000.0, Duration::from_secs(600), Spread::Poisson);
    for due in ramp.take(usize::try_from(rounds).expect("fits")) {
        black_box(due);
    }
}
