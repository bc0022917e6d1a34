//! A door for `benches/micro.rs`, which measures hot parts that nothing else outside may call.

use std::sync::Arc;
use std::time::Duration;

use super::journey::{Document, check_json, json_paths};
use super::pacing::{Arrivals, RateCurve};
use super::record::{Outcome, Recorder};
use crate::measure::clock::Micros;
use crate::scenario::extract::{Found, JsonPaths};
use crate::scenario::template::Context;
use crate::scenario::{RateSegment, Spread, Step};

/// A worker's recorder.
#[derive(Debug)]
pub struct Recording(Recorder);

impl Recording {
    /// For so many steps.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        Self(Recorder::new(steps, 0))
    }

    /// Counts a request of that step that was answered well: run times, microseconds.
    pub fn request(&mut self, step: usize, intended: Micros, sent_at: Micros, done_at: Micros) {
        self.0.record(&Outcome {
            step,
            intended,
            sent_at,
            done_at,
            error: None,
            status: Some(200),
            bytes_sent: 0,
            bytes_received: 1_024,
            zone: Some(b"a"),
            pod: Some(b"shop-1"),
        });
    }
}

/// The arrivals of an open load.
#[derive(Debug)]
pub struct Schedule(Arrivals);

impl Schedule {
    /// From one rate to another, both per second.
    #[must_use]
    pub fn ramp(from: f64, to: f64, over: Duration, spread: Spread) -> Self {
        let curve = RateCurve::new(&[RateSegment { from, to, over }]);
        Self(Arrivals::new(Arc::new(curve), spread, 42, 0))
    }
}

impl Iterator for Schedule {
    type Item = Micros;

    /// When the next iteration is due, microseconds from the load's start.
    fn next(&mut self) -> Option<Micros> {
        self.0.next_due(Micros::MAX).map(|arrival| arrival.due)
    }
}

/// A step's JSON expectations with what a user keeps for them.
#[derive(Debug)]
pub struct Checking {
    paths: JsonPaths,
    found: Found,
    scratch: Vec<u8>,
}

impl Checking {
    /// Of that step.
    #[must_use]
    pub fn new(step: &Step) -> Self {
        Self {
            paths: json_paths(step),
            found: Found::default(),
            scratch: Vec::new(),
        }
    }

    /// Whether the body is as the step, which is that of [`new`](Self::new), expects.
    pub fn holds(&mut self, step: &Step, body: &[u8], context: &mut Context<'_>) -> bool {
        let mut document = Document::new(body, &self.paths, &mut self.found);
        check_json(&step.expect, &mut document, context, &mut self.scratch).is_ok()
    }
}
