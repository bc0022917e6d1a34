//! Every template of a step, for questions about all of them.

use crate::scenario::template::Template;
use crate::scenario::{Body, Expect, HttpDefaults, Step, ValueRule};

/// What goes into the request: URL, headers (the scenario's too), body.
pub(crate) fn of_request<'s>(
    step: &'s Step,
    http: &'s HttpDefaults,
) -> impl Iterator<Item = &'s Template> {
    let (whole, fields): (Option<&Template>, &[(String, Template)]) = match &step.body {
        Body::None => (None, &[]),
        Body::Json(template) | Body::Raw(template) => (Some(template), &[]),
        Body::Form(fields) => (None, fields),
    };
    let named = http.headers.iter().chain(&step.headers).chain(fields);
    std::iter::once(&step.url)
        .chain(whole)
        .chain(named.map(|(_, template)| template))
}

/// What the answer is compared with.
pub(crate) fn of_expectations(expect: &Expect) -> impl Iterator<Item = &Template> {
    let json = expect.json.iter().map(|(_, rule)| rule);
    let headers = expect.headers.iter().map(|(_, rule)| rule);
    let rules = json.chain(headers).filter_map(|rule| match rule {
        ValueRule::Equals(template) | ValueRule::Contains(template) => Some(template),
        ValueRule::Present | ValueRule::Absent | ValueRule::Matches(_) => None,
    });
    rules.chain(&expect.body_contains).chain(&expect.body_lacks)
}

/// What the ledger is told.
pub(crate) fn of_ledger(step: &Step) -> impl Iterator<Item = &Template> {
    step.ledger
        .iter()
        .flat_map(|rule| [&rule.key, &rule.read_back])
}
