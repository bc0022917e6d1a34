//! What a provider writes down around each call that changes something.
//!
//! One change may take several calls, and a tool that is killed between two of them has to find its
//! way back: so each call is on disk before it is made, with the facts that undoing it needs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::Pending;

/// A call that changes something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// As the API names it, with its arguments: `PATCH node node-1: unschedulable`.
    pub what: String,
    /// The resource it changes, so that it can be found again.
    pub on: String,
    /// The call that takes it back; none: nothing does, or nothing needs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// What undoing has to know of the time before, and of what came of the call. No secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

impl Call {
    /// A call without anything to remember.
    pub fn new(what: impl Into<String>, on: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            on: on.into(),
            ..Self::default()
        }
    }

    /// How it is taken back.
    #[must_use]
    pub fn undone_by(mut self, undo: impl Into<String>) -> Self {
        self.undo = Some(undo.into());
        self
    }

    /// Something that undoing has to know.
    #[must_use]
    pub fn knowing(mut self, fact: impl Into<String>, value: impl Into<String>) -> Self {
        self.facts.insert(fact.into(), value.into());
        self
    }
}

/// A call that was written down, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Which of its change's calls, from 0.
    pub number: u32,
    /// What was to be called. Its facts include those that came of it.
    pub call: Call,
    /// What came of it.
    pub outcome: CallOutcome,
}

/// What is known of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum CallOutcome {
    /// It may have been made.
    Unknown,
    /// It was made.
    Made,
    /// It was answered by an error; it may have been made all the same.
    Failed {
        /// The answer.
        reason: String,
    },
}

/// Where a provider writes its calls. Every method returns when what it was told is durable.
pub trait Ink: Send + Sync {
    /// A call is about to be made. Without an answer it must not be.
    fn intend(&self, call: Call) -> Pending<'_, u32>;

    /// The call was made, and these facts came of it.
    fn made(&self, number: u32, facts: BTreeMap<String, String>) -> Pending<'_, ()>;

    /// The call failed.
    fn failed(&self, number: u32, reason: String) -> Pending<'_, ()>;
}

/// Follows the calls of one change.
pub fn follow(calls: &mut Vec<CallRecord>, number: u32, what: Told) {
    let known = calls.iter_mut().find(|record| record.number == number);
    match (what, known) {
        (Told::Intended(call), None) => calls.push(CallRecord {
            number,
            call,
            outcome: CallOutcome::Unknown,
        }),
        (Told::Made(facts), Some(record)) => {
            record.call.facts.extend(facts);
            record.outcome = CallOutcome::Made;
        }
        (Told::Failed(reason), Some(record)) => record.outcome = CallOutcome::Failed { reason },
        // A number is given once, and an outcome belongs to an intent.
        (Told::Intended(_), Some(_)) | (Told::Made(_) | Told::Failed(_), None) => {}
    }
}

/// What is told of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is about to be made.
    Intended(Call),
    /// It was made; facts that came of it.
    Made(BTreeMap<String, String>),
    /// It failed.
    Failed(String),
}

/// Ink that nothing survives: for changes without a journal, and for tests.
#[derive(Debug, Default)]
pub struct Slate(Mutex<Vec<CallRecord>>);

impl Slate {
    /// What was written.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<CallRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ink for Slate {
    fn intend(&self, call: Call) -> Pending<'_, u32> {
        let mut calls = self.lock();
        let number = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        follow(&mut calls, number, Told::Intended(call));
        Box::pin(std::future::ready(Ok(number)))
    }

    fn made(&self, number: u32, facts: BTreeMap<String, String>) -> Pending<'_, ()> {
        follow(&mut self.lock(), number, Told::Made(facts));
        Box::pin(std::future::ready(Ok(())))
    }

    fn failed(&self, number: u32, reason: String) -> Pending<'_, ()> {
        follow(&mut self.lock(), number, Told::Failed(reason));
        Box::pin(std::future::ready(Ok(())))
    }
}
