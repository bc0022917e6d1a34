//! What summaries of earlier builds hold in another form: causes were texts before they had names.

use serde::{Deserialize, Deserializer};

use crate::measure::saturation::Finding;
use crate::measure::validity::{Cause, InvalidCause};

/// A cause as either form has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Told<T> {
    Words(String),
    Named(T),
}

/// [`super::Summary::invalid_causes`] of any build.
pub(super) fn invalid_causes<'de, D>(from: D) -> Result<Vec<InvalidCause>, D::Error>
where
    D: Deserializer<'de>,
{
    named(from, |words| Cause::Unnamed.found(words))
}

/// [`super::Generator::causes`] of any build. Which of them were fatal is told by the summary's
/// `invalid_causes`.
pub(super) fn findings<'de, D>(from: D) -> Result<Vec<Finding>, D::Error>
where
    D: Deserializer<'de>,
{
    named(from, |words| Finding {
        cause: Cause::Unnamed,
        fatal: false,
        words,
    })
}

fn named<'de, D, T>(from: D, name: impl Fn(String) -> T) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let told = Vec::<Told<T>>::deserialize(from)?.into_iter();
    let one = |told| match told {
        Told::Words(words) => name(words),
        Told::Named(named) => named,
    };
    Ok(told.map(one).collect())
}
