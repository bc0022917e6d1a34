//! How long a load lasts and how it is stretched or multiplied.

use std::time::Duration;

use super::model::{Fault, FaultStart, Load, Scenario, Shape};

impl Shape {
    /// The sum of its segments.
    #[must_use]
    pub fn length(&self) -> Duration {
        match self {
            Self::Arrivals { segments, .. } => segments.iter().map(|segment| segment.over).sum(),
            Self::Users { segments, .. } => segments.iter().map(|segment| segment.over).sum(),
        }
    }
}

impl Scenario {
    /// When the last load ends, counted from the start of the run.
    #[must_use]
    pub fn load_length(&self) -> Duration {
        load_length(&self.loads)
    }
}

/// When the last of these loads ends.
pub(crate) fn load_length(loads: &[Load]) -> Duration {
    let lengths = loads.iter().map(|load| load.shape.length());
    lengths.max().unwrap_or_default()
}

/// Stretches or shrinks all schedules, the faults' starts and how long they are held.
pub(crate) fn stretch(loads: &mut [Load], faults: &mut [Fault], factor: f64) {
    for load in loads {
        match &mut load.shape {
            Shape::Arrivals { segments, .. } => {
                for segment in segments {
                    segment.over = times(segment.over, factor);
                }
            }
            Shape::Users { segments, .. } => {
                for segment in segments {
                    segment.over = times(segment.over, factor);
                }
            }
        }
    }
    for fault in faults {
        if let FaultStart::At(at) = &mut fault.start {
            *at = times(*at, factor);
        }
        fault.hold = fault.hold.map(|hold| times(hold, factor));
    }
}

/// To the microsecond, so that thirds do not add up to 29.999 999 999 s.
fn times(duration: Duration, factor: f64) -> Duration {
    Duration::from_micros((duration.as_secs_f64() * factor * 1e6).round() as u64)
}

/// Multiplies rates and users. Whoever came before still comes: a positive number stays positive.
pub(crate) fn multiply(loads: &mut [Load], factor: f64) {
    let users = |count: usize| match count {
        0 => 0,
        count => ((count as f64 * factor).round() as usize).max(1),
    };
    for load in loads {
        match &mut load.shape {
            Shape::Arrivals {
                segments,
                max_users,
                ..
            } => {
                *max_users = users(*max_users);
                for segment in segments {
                    segment.from *= factor;
                    segment.to *= factor;
                }
            }
            Shape::Users { segments, .. } => {
                for segment in segments {
                    segment.from = users(segment.from);
                    segment.to = users(segment.to);
                }
            }
        }
    }
}
