//! Journeys and loads that do not fit together.

use crate::scenario::model::{Load, Shape};
use crate::scenario::read::Journeys;
use crate::scenario::syntax::Log;

/// Journeys that nobody goes, and pacing that nothing follows.
pub(crate) fn check_loads(log: &Log, journeys: &Journeys, loads: &[Load]) {
    for (id, journey) in journeys.journeys.iter().enumerate() {
        let at = journeys.places[id];
        let goes = |load: &&Load| load.journeys.iter().any(|(other, _)| *other == id);
        let mut going = loads.iter().filter(goes).peekable();
        if going.peek().is_none() {
            let message = format!("journey \"{}\" is in no load: it never runs", journey.name);
            log.warn(at, message, "name it in a [[load]], or leave it out");
        } else if journey.pacing.is_some()
            && going.all(|load| matches!(load.shape, Shape::Arrivals { .. }))
        {
            let message = format!("the pacing of journey \"{}\" has no effect", journey.name);
            log.warn(
                at,
                message,
                "pacing is for a number of users; arrivals have their own schedule",
            );
        }
    }
}
