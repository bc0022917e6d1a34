//! Whether an answer is what the step expects.

use std::time::Duration;

use super::document::{Document, text};
use crate::load::exchange::Answer;
use crate::measure::clock::Micros;
use crate::measure::outcome::ErrorKind;
use crate::scenario::template::{Context, Template};
use crate::scenario::{Expect, StatusRule, ValueRule};

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// Checks everything, the status first.
///
/// # Errors
/// The first expectation that does not hold.
pub(crate) fn check(
    expect: &Expect,
    answer: &Answer<'_>,
    document: &Document<'_>,
    service_us: Micros,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    status(&expect.status, answer.status())?;
    for (path, rule) in &expect.json {
        let found = document
            .select(path)
            .map_err(|why| Fault::new(ErrorKind::Expectation, why))?;
        let found = found.iter().filter(|value| !value.is_null());
        let subject = || format!("JSON path {}", path.as_str());
        holds(rule, found.map(|value| text(value)), subject, context)?;
    }
    for (name, rule) in &expect.headers {
        let found = answer.headers(name).map(String::from_utf8_lossy);
        holds(rule, found, || format!("header `{name}`"), context)?;
    }
    body(expect, answer, context)?;
    if let Some(limit) = expect.within
        && Duration::from_micros(service_us) > limit
    {
        return Err(unmet(format!(
            "expected an answer within {limit:?}, it took {:?}",
            Duration::from_micros(service_us)
        )));
    }
    Ok(())
}

fn unmet(message: impl Into<String>) -> Fault {
    Fault::new(ErrorKind::Expectation, message)
}

fn status(rules: &[StatusRule], status: u16) -> Result<(), Fault> {
    let allowed = if rules.is_empty() {
        status < 400
    } else {
        rules.iter().any(|rule| rule.allows(status))
    };
    if allowed {
        return Ok(());
    }
    let wanted: Vec<String> = rules
        .iter()
        .map(|rule| match rule {
            StatusRule::Exactly(code) => code.to_string(),
            StatusRule::Between(low, high) => format!("{low}–{high}"),
        })
        .collect();
    let wanted = if wanted.is_empty() {
        "below 400".to_owned()
    } else {
        wanted.join(" or ")
    };
    Err(Fault::new(
        ErrorKind::Status,
        format!("expected status {wanted}, got {status}"),
    ))
}

/// Whether any of the found values satisfies the rule (none, for [`ValueRule::Absent`]).
fn holds<V: AsRef<str>>(
    rule: &ValueRule,
    mut found: impl Iterator<Item = V>,
    subject: impl Fn() -> String,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let mut seen = None;
    let mut any = |test: &dyn Fn(&str) -> bool| {
        found.any(|value| {
            let passed = test(value.as_ref());
            seen.get_or_insert_with(|| value.as_ref().to_owned());
            passed
        })
    };
    let (passed, wanted) = match rule {
        ValueRule::Present => (any(&|_| true), "to be present".to_owned()),
        ValueRule::Absent => (!any(&|_| true), "to be absent".to_owned()),
        ValueRule::Equals(template) => {
            let wanted = rendered(template, context)?;
            (any(&|value| value == wanted), format!("to be `{wanted}`"))
        }
        ValueRule::Contains(template) => {
            let wanted = rendered(template, context)?;
            (
                any(&|value| value.contains(&wanted)),
                format!("to contain `{wanted}`"),
            )
        }
        ValueRule::Matches(pattern) => (
            any(&|value| pattern.is_match(value.as_bytes())),
            "to match its pattern".to_owned(),
        ),
    };
    if passed {
        return Ok(());
    }
    let got = match seen {
        Some(value) => format!("it is `{value}`"),
        None => "it is not there".to_owned(),
    };
    Err(unmet(format!("expected {} {wanted}, {got}", subject())))
}

fn body(expect: &Expect, answer: &Answer<'_>, context: &mut Context<'_>) -> Result<(), Fault> {
    let contains = |text: &str| memchr::memmem::find(answer.body(), text.as_bytes()).is_some();
    for template in &expect.body_contains {
        with_text(template, context, |text| {
            if contains(text) {
                return Ok(());
            }
            Err(unmet(format!("expected the body to contain `{text}`")))
        })?;
    }
    for template in &expect.body_lacks {
        with_text(template, context, |text| {
            if contains(text) {
                return Err(unmet(format!("expected the body not to contain `{text}`")));
            }
            Ok(())
        })?;
    }
    match &expect.body_matches {
        Some(pattern) if !pattern.is_match(answer.body()) => {
            Err(unmet("expected the body to match its pattern"))
        }
        _ => Ok(()),
    }
}

/// Fixed texts are used as they are, without a copy.
fn with_text(
    template: &Template,
    context: &mut Context<'_>,
    test: impl FnOnce(&str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    match template.as_literal() {
        Some(text) => test(text),
        None => test(&rendered(template, context)?),
    }
}

fn rendered(template: &Template, context: &mut Context<'_>) -> Result<String, Fault> {
    let mut out = Vec::new();
    template
        .render(context, &mut out)
        .map_err(|error| Fault::new(ErrorKind::Template, error.to_string()))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}
