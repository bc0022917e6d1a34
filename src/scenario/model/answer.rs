//! What an answer must be, what is taken from it, and which writes must last.

use std::time::Duration;

use crate::scenario::extract::{JsonPath, Pattern};
use crate::scenario::template::Template;

/// What makes an answer a success.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// Allowed statuses; empty: any below 400.
    pub status: Vec<StatusRule>,
    /// JSON paths and what they must yield.
    pub json: Vec<(JsonPath, ValueRule)>,
    /// Header names (lower case) and what their value must be.
    pub headers: Vec<(String, ValueRule)>,
    /// Texts that must occur in the body.
    pub body_contains: Vec<Template>,
    /// Texts that must not.
    pub body_lacks: Vec<Template>,
    /// A regular expression that must match the body.
    pub body_matches: Option<Pattern>,
    /// Service time limit.
    pub within: Option<Duration>,
}

impl Expect {
    /// What the answer is compared with.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let json = self.json.iter().map(|(_, rule)| rule);
        let headers = self.headers.iter().map(|(_, rule)| rule);
        let rules = json.chain(headers).filter_map(|rule| match rule {
            ValueRule::Equals(template) | ValueRule::Contains(template) => Some(template),
            ValueRule::Present | ValueRule::Absent | ValueRule::Matches(_) => None,
        });
        rules.chain(&self.body_contains).chain(&self.body_lacks)
    }
}

/// An allowed status or class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusRule {
    /// `201`
    Exactly(u16),
    /// `2xx` is `Between(200, 299)`.
    Between(u16, u16),
}

impl StatusRule {
    /// Whether the status is allowed.
    #[must_use]
    pub fn allows(self, status: u16) -> bool {
        match self {
            Self::Exactly(code) => code == status,
            Self::Between(low, high) => (low..=high).contains(&status),
        }
    }
}

/// What a value must be.
#[derive(Debug, Clone)]
pub enum ValueRule {
    /// There at all, and not null.
    Present,
    /// Not there, or null.
    Absent,
    /// Equal to this text once rendered (numbers and booleans by their JSON text).
    Equals(Template),
    /// Contains this text once rendered.
    Contains(Template),
    /// Matches.
    Matches(Pattern),
}

/// A value taken from an answer into a variable slot.
#[derive(Debug, Clone)]
pub struct Capture {
    /// For messages.
    pub name: String,
    /// Where it goes.
    pub slot: usize,
    /// Where it comes from.
    pub from: CaptureFrom,
    /// Which one, of several.
    pub pick: Pick,
    /// Used when nothing is found; without it that is an error of the step.
    pub default: Option<String>,
}

/// Where a capture comes from.
#[derive(Debug, Clone)]
pub enum CaptureFrom {
    /// Body as JSON.
    Json(JsonPath),
    /// Body as text: the first group, or the whole match.
    Regex(Pattern),
    /// A header, by lower-case name.
    Header(String),
    /// A cookie that this answer sets.
    Cookie(String),
}

/// Which one, of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The first.
    First,
    /// The last.
    Last,
    /// A seeded random one.
    Random,
    /// All of them, as a list for `random_of(name)`, or joined by commas in text.
    All,
}

/// A write that must still be there at the end.
#[derive(Debug, Clone)]
pub struct LedgerRule {
    /// Unique per write.
    pub key: Template,
    /// Read after the run, through the writer: 2xx means present, 404 and 410 absent.
    pub read_back: Template,
    /// How many copies the read-back says there are, to find duplicates; without it only presence.
    pub copies: Option<JsonPath>,
    /// Sent when it is read back, besides those of `[http]`. They need nothing of an iteration,
    /// which is over by then.
    pub headers: Vec<(String, Template)>,
}
