//! What a template may name at its place in the scenario.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::scenario::model::DataSet;
use crate::scenario::surroundings::Surroundings;
use crate::scenario::syntax::Place;

/// A variable that exists from some point of a journey on.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) slot: usize,
    /// Whether what it holds is surely a number.
    pub(crate) numeric: bool,
    pub(crate) defined_at: Place,
    pub(crate) used: Cell<bool>,
}

/// Who captures a name that is not visible yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Later {
    /// This very step, from the answer to what is being built.
    ThisStep,
    /// A later step, by its name.
    Step(String),
}

/// `${zone}` in what a canary writes.
#[derive(Debug)]
pub(crate) struct Zone {
    /// None: the canary has no zones.
    pub(crate) name: Option<String>,
    pub(crate) used: Cell<bool>,
}

/// The names that are visible.
#[derive(Debug)]
pub(crate) struct Bindings<'a> {
    pub(crate) data: &'a [DataSet],
    pub(crate) surroundings: &'a dyn Surroundings,
    pub(crate) variables: Vec<Variable>,
    /// Names that are captured, but not yet.
    pub(crate) later: BTreeMap<String, Later>,
    /// Why no variable is visible here, where that is so.
    pub(crate) no_variables: Option<&'static str>,
    /// Only in a canary.
    pub(crate) zone: Option<Zone>,
    /// Highest number of slots any journey needs.
    pub(crate) slots: usize,
}

impl<'a> Bindings<'a> {
    /// Data and environment only.
    pub(crate) fn new(data: &'a [DataSet], surroundings: &'a dyn Surroundings) -> Self {
        Self {
            data,
            surroundings,
            variables: Vec::new(),
            later: BTreeMap::new(),
            no_variables: None,
            zone: None,
            slots: 0,
        }
    }

    /// Forgets the variables of the journey before.
    pub(crate) fn start_journey(&mut self) {
        self.variables.clear();
        self.later.clear();
    }

    /// The variable of this name, marked as used.
    pub(crate) fn variable(&self, name: &str) -> Option<&Variable> {
        let variable = self.variables.iter().find(|known| known.name == name)?;
        variable.used.set(true);
        Some(variable)
    }

    /// Makes a variable visible from here on; a known name keeps its slot.
    pub(crate) fn define(&mut self, name: &str, numeric: bool, at: Place) -> usize {
        if let Some(known) = self.variables.iter_mut().find(|known| known.name == name) {
            known.numeric = numeric;
            return known.slot;
        }
        let slot = self.variables.len();
        self.variables.push(Variable {
            name: name.to_owned(),
            slot,
            numeric,
            defined_at: at,
            used: Cell::new(false),
        });
        self.slots = self.slots.max(self.variables.len());
        slot
    }
}

/// Whether `${name}` can say this name.
pub(crate) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_')
}
