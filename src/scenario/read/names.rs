//! Finding things by name, and keeping names apart.

use std::collections::BTreeMap;

use crate::scenario::model::{Journey, Step, StepId};
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Place};

/// The index of a name among those known; an unknown one is logged with what was probably meant.
pub(crate) fn find<'n>(
    log: &Log,
    found: Text<'_>,
    what: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<usize> {
    let known: Vec<&str> = known.into_iter().collect();
    let index = known.iter().position(|name| *name == found.text);
    if index.is_none() {
        value::unknown(log, found, what, known);
    }
    index
}

/// The step of this journey and name; an unknown one is logged with what was probably meant.
pub(crate) fn find_step(
    log: &Log,
    at: Place,
    (journey, step): (&str, &str),
    journeys: &[Journey],
    steps: &[Step],
) -> Option<StepId> {
    let text = journey.trim();
    let known = journeys.iter().map(|journey| journey.name.as_str());
    let journey = &journeys[find(log, Text { text, at }, "journey", known)?];
    let text = step.trim();
    let known = steps[journey.steps.clone()].iter();
    let known = known.map(|step| step.name.as_str());
    let step = find(log, Text { text, at }, "step", known)?;
    Some(journey.steps.start + step)
}

/// Names that must differ from each other.
#[derive(Debug, Default)]
pub(crate) struct Unique(BTreeMap<String, usize>);

impl Unique {
    /// Takes note of a name; one that is taken already is logged.
    pub(crate) fn claim(&mut self, log: &Log, name: &str, what: &str, at: Place) {
        let line = log.line(at);
        if let Some(first) = self.0.get(name) {
            log.error(
                at,
                format!("{what} `{name}` is already there, in line {first}"),
            );
        } else {
            self.0.insert(name.to_owned(), line);
        }
    }
}
