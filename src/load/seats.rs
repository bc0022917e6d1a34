//! Which user of which load sits on which worker.

use std::borrow::Cow;

use super::pacing::{Window, active_windows, end_of, most_users, one_after_another};
use crate::measure::clock::Micros;
use crate::scenario::{Load, Shape, UserSegment};

/// One user's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Index of the load.
    pub(crate) load: usize,
    /// Number of the user within its load.
    pub(crate) user: u64,
    pub(crate) role: Role,
}

/// How a user gets its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// Takes arrivals: index of the worker's gate, number of the user at it.
    Open { gate: usize, place: usize },
    /// Loops while one of its windows is open.
    Closed(Vec<Window>),
}

/// The seats of one worker of several. Gates are numbered in the order of the open loads.
pub(crate) fn seats(loads: &[Load], worker: usize, workers: usize) -> Vec<Seat> {
    let mut seats = Vec::new();
    let mut gates = 0;
    for (load, spec) in loads.iter().enumerate() {
        let mine = (worker..users(&spec.shape)).step_by(workers);
        let gate = gates;
        gates += usize::from(matches!(spec.shape, Shape::Arrivals { .. }));
        let segments = closed_segments(&spec.shape);
        seats.extend(mine.enumerate().map(|(place, user)| Seat {
            load,
            user: user as u64,
            role: match &segments {
                None => Role::Open { gate, place },
                Some(segments) => Role::Closed(active_windows(segments, user)),
            },
        }));
    }
    seats
}

/// The line that the users of a closed load follow.
fn closed_segments(shape: &Shape) -> Option<Cow<'_, [UserSegment]>> {
    match shape {
        Shape::Arrivals { .. } => None,
        Shape::Users {
            segments,
            at_once: true,
        } => Some(segments.into()),
        Shape::Users { segments, .. } => Some(one_after_another(segments).into()),
    }
}

/// Users that a load can ever have at once.
pub(crate) fn users(shape: &Shape) -> usize {
    match shape {
        Shape::Arrivals { max_users, .. } => *max_users,
        Shape::Users { segments, .. } => most_users(segments),
    }
}

/// When a load's schedule is over, microseconds from its start.
pub(crate) fn length(shape: &Shape) -> Micros {
    match shape {
        Shape::Arrivals { segments, .. } => super::pacing::RateCurve::new(segments).length_us(),
        Shape::Users { segments, .. } => end_of(segments),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scenario::{RateSegment, Spread};

    fn loads() -> Vec<Load> {
        let open = Shape::Arrivals {
            segments: vec![RateSegment {
                from: 1.0,
                to: 1.0,
                over: Duration::from_secs(3),
            }],
            spread: Spread::Even,
            max_users: 5,
        };
        let closed = Shape::Users {
            segments: vec![UserSegment {
                from: 4,
                to: 4,
                over: Duration::from_secs(2),
            }],
            at_once: false,
        };
        let load = |shape| Load {
            name: "x".into(),
            journeys: vec![(0, 1)],
            shape,
        };
        vec![load(closed.clone()), load(open), load(closed)]
    }

    #[test]
    fn every_user_sits_on_exactly_one_worker() {
        let mut all: Vec<(usize, u64)> = (0..3)
            .flat_map(|worker| seats(&loads(), worker, 3))
            .map(|seat| (seat.load, seat.user))
            .collect();
        all.sort_unstable();
        let expected: Vec<(usize, u64)> = [(0, 4), (1, 5), (2, 4)]
            .iter()
            .flat_map(|&(load, users)| (0..users).map(move |user| (load, user)))
            .collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn places_at_a_gate_are_numbered_without_gaps() {
        let places: Vec<_> = seats(&loads(), 1, 2)
            .into_iter()
            .filter_map(|seat| match seat.role {
                Role::Open { gate, place } => Some((gate, place, seat.user)),
                Role::Closed(_) => None,
            })
            .collect();
        assert_eq!(places, [(0, 0, 1), (0, 1, 3)]);
        assert_eq!(length(&loads()[1].shape), 3_000_000);
    }
}
