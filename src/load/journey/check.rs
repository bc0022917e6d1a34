//! Whether an answer is what the step expects.

use std::borrow::Cow;
use std::time::Duration;

use super::document::Document;
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

/// Checks everything, the status first. `scratch` is room for what values are compared with.
/// Nothing is put into words unless it fails.
///
/// # Errors
/// The first expectation that does not hold.
pub(crate) fn check(
    expect: &Expect,
    answer: &Answer<'_>,
    document: &mut Document<'_>,
    service_us: Micros,
    context: &mut Context<'_>,
    scratch: &mut Vec<u8>,
) -> Result<(), Fault> {
    status(&expect.status, answer.status())?;
    json(expect, document, context, scratch)?;
    for (name, rule) in &expect.headers {
        let found = || answer.headers(name).map(String::from_utf8_lossy);
        holds(rule, found, || format!("header `{name}`"), context, scratch)?;
    }
    body(expect, answer, context, scratch)?;
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

/// Checks what is expected of the body as JSON.
///
/// # Errors
/// The first expectation that does not hold.
pub(crate) fn json(
    expect: &Expect,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    scratch: &mut Vec<u8>,
) -> Result<(), Fault> {
    for (number, (path, rule)) in expect.json.iter().enumerate() {
        let found = document
            .expected(number)
            .map_err(|why| Fault::new(ErrorKind::Expectation, why.to_string()))?;
        let subject = || format!("JSON path {}", path.as_str());
        holds(rule, || found.iter(), subject, context, scratch)?;
    }
    Ok(())
}

/// Whether any of the found values satisfies the rule (none, for [`ValueRule::Absent`]).
fn holds<V: AsRef<str>, I: Iterator<Item = V>>(
    rule: &ValueRule,
    found: impl Fn() -> I,
    subject: impl Fn() -> String,
    context: &mut Context<'_>,
    scratch: &mut Vec<u8>,
) -> Result<(), Fault> {
    let wanted = match rule {
        ValueRule::Equals(template) | ValueRule::Contains(template) => {
            rendered(template, context, scratch)?
        }
        ValueRule::Present | ValueRule::Absent | ValueRule::Matches(_) => Cow::Borrowed(""),
    };
    let any = |test: &dyn Fn(&str) -> bool| found().any(|value| test(value.as_ref()));
    let passed = match rule {
        ValueRule::Present => found().next().is_some(),
        ValueRule::Absent => found().next().is_none(),
        ValueRule::Equals(_) => any(&|value| value == wanted),
        ValueRule::Contains(_) => any(&|value| value.contains(&*wanted)),
        ValueRule::Matches(pattern) => any(&|value| pattern.is_match(value.as_bytes())),
    };
    if passed {
        return Ok(());
    }
    let wanted = match rule {
        ValueRule::Present => "to be present".to_owned(),
        ValueRule::Absent => "to be absent".to_owned(),
        ValueRule::Equals(_) => format!("to be `{wanted}`"),
        ValueRule::Contains(_) => format!("to contain `{wanted}`"),
        ValueRule::Matches(_) => "to match its pattern".to_owned(),
    };
    let got = match found().next() {
        Some(value) => format!("it is `{}`", value.as_ref()),
        None => "it is not there".to_owned(),
    };
    Err(unmet(format!("expected {} {wanted}, {got}", subject())))
}

fn body(
    expect: &Expect,
    answer: &Answer<'_>,
    context: &mut Context<'_>,
    scratch: &mut Vec<u8>,
) -> Result<(), Fault> {
    let contains = |text: &str| memchr::memmem::find(answer.body(), text.as_bytes()).is_some();
    for template in &expect.body_contains {
        let text = rendered(template, context, scratch)?;
        if !contains(&text) {
            return Err(unmet(format!("expected the body to contain `{text}`")));
        }
    }
    for template in &expect.body_lacks {
        let text = rendered(template, context, scratch)?;
        if contains(&text) {
            return Err(unmet(format!("expected the body not to contain `{text}`")));
        }
    }
    match &expect.body_matches {
        Some(pattern) if !pattern.is_match(answer.body()) => {
            Err(unmet("expected the body to match its pattern"))
        }
        _ => Ok(()),
    }
}

/// Fixed texts are used as they are, without a copy.
fn rendered<'t>(
    template: &'t Template,
    context: &mut Context<'_>,
    scratch: &'t mut Vec<u8>,
) -> Result<Cow<'t, str>, Fault> {
    if let Some(text) = template.as_literal() {
        return Ok(Cow::Borrowed(text));
    }
    scratch.clear();
    template
        .render(context, scratch)
        .map_err(|error| Fault::new(ErrorKind::Template, error.to_string()))?;
    Ok(String::from_utf8_lossy(scratch))
}
