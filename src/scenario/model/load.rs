//! Who arrives when: the open and the closed model.

use std::time::Duration;

use super::JourneyId;

/// Who arrives when.
#[derive(Debug, Clone)]
pub struct Load {
    /// For people: the journey's name, or the given one.
    pub name: String,
    /// What they do, with weights (all positive).
    pub journeys: Vec<(JourneyId, u32)>,
    /// Open or closed.
    pub shape: Shape,
}

/// Open or closed model.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Iterations start on schedule, whatever the target does.
    Arrivals {
        /// Consecutive, from the run's start.
        segments: Vec<RateSegment>,
        /// How they are spaced.
        spread: Spread,
        /// At most this many iterations at once; more wait, and their wait counts as response time.
        max_users: usize,
    },
    /// This many users loop.
    Users {
        /// Consecutive, from the run's start.
        segments: Vec<UserSegment>,
        /// Where the count jumps up, all begin in the same instant, not one after another.
        at_once: bool,
    },
}

/// A stretch of an arrival schedule: the rate changes linearly (a hold has `from == to`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateSegment {
    /// Iterations per second at its start.
    pub from: f64,
    /// Iterations per second at its end.
    pub to: f64,
    /// Its length.
    pub over: Duration,
}

/// A stretch of a user schedule: the count changes linearly (a hold has `from == to`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserSegment {
    /// Users at its start.
    pub from: usize,
    /// Users at its end.
    pub to: usize,
    /// Its length.
    pub over: Duration,
}

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Equal distances.
    Even,
    /// Exponential distances from the seed, as independent users arrive.
    Poisson,
}
