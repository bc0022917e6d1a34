//! Journeys and their steps: what a user does.

use std::time::Duration;

use super::{Capture, Expect, JourneyId, LedgerRule, StepId};
use crate::scenario::template::Template;

/// A scripted user path.
#[derive(Debug, Clone)]
pub struct Journey {
    /// As gates and reports name it.
    pub name: String,
    /// Its steps, in order.
    pub steps: std::ops::Range<StepId>,
    /// Pause between steps.
    pub think: Think,
    /// Closed users start iterations at least this far apart.
    pub pacing: Option<Duration>,
    /// What happens to the rest of an iteration when a step fails.
    pub on_failure: OnFailure,
}

/// What happens to the rest of an iteration when a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The iteration ends: later steps need what this one would have captured.
    Stop,
    /// The next step is tried.
    Continue,
}

/// Pause between steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Think {
    /// None.
    None,
    /// Always the same.
    Constant(Duration),
    /// Uniform between the two.
    Uniform(Duration, Duration),
    /// Exponential with this mean, cut at ten times the mean.
    Exponential(Duration),
}

/// One request of a journey.
#[derive(Debug, Clone)]
pub struct Step {
    /// As gates and reports name it.
    pub name: String,
    /// The journey it belongs to.
    pub journey: JourneyId,
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query (`/api/x?y=z`), or an absolute URL.
    pub url: Template,
    /// Besides the defaults; same names replace them.
    pub headers: Vec<(String, Template)>,
    /// What is sent.
    pub body: Body,
    /// What makes the answer a success. Without a status rule any status below 400 is one.
    pub expect: Expect,
    /// What later steps need.
    pub captures: Vec<Capture>,
    /// From send to last byte.
    pub timeout: Duration,
    /// Whether 3xx answers are followed.
    pub redirects: bool,
    /// Instead of the journey's.
    pub think: Option<Think>,
    /// This write must still be there at the end.
    pub ledger: Option<LedgerRule>,
}

impl Step {
    /// Whether it changes something: everything but GET, HEAD and OPTIONS.
    #[must_use]
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Its own templates in the order in which they are rendered: URL, headers, body, ledger,
    /// expectations.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let headers = self.headers.iter().map(|(_, value)| value);
        let ledger = self.ledger.iter();
        std::iter::once(&self.url)
            .chain(headers)
            .chain(self.body.templates())
            .chain(ledger.flat_map(|rule| [&rule.key, &rule.read_back]))
            .chain(self.expect.templates())
    }
}

/// What is sent.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON text with templates inside; `Content-Type: application/json` unless given.
    Json(Template),
    /// `application/x-www-form-urlencoded`; values are encoded when rendered.
    Form(Vec<(String, Template)>),
    /// These bytes.
    Raw(Template),
}

impl Body {
    /// Its templates.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (whole, fields): (Option<&Template>, &[(String, Template)]) = match self {
            Self::None => (None, &[]),
            Self::Json(template) | Self::Raw(template) => (Some(template), &[]),
            Self::Form(fields) => (None, fields),
        };
        whole
            .into_iter()
            .chain(fields.iter().map(|(_, template)| template))
    }
}
