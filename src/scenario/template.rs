//! Templates: texts with `${…}` in them, compiled once and rendered into a byte buffer.

/// A compiled text.
#[derive(Debug, Clone, Default)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone)]
enum Part {
    Literal(String),
    Slot(usize),
}

/// A variable of an iteration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Value {
    /// Nothing captured yet.
    #[default]
    Unset,
    /// One text.
    Text(String),
    /// Several, from `pick = "all"`.
    List(Vec<String>),
}

/// What a template may draw on while it is rendered.
#[derive(Debug)]
pub struct Context<'a> {
    /// The iteration's variables.
    pub slots: &'a mut [Value],
    /// The iteration's row of each data set.
    pub rows: &'a [&'a [String]],
    /// The iteration's own generator, so that a seed repeats a run whatever the timing.
    pub random: &'a mut fastrand::Rng,
    /// Number of the iteration within its load, from 0.
    pub iteration: u64,
    /// Number of the user within its load, from 0.
    pub user: u64,
}

/// A template could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A captured variable has no value in this iteration.
    #[error("variable `{0}` has no value: the step that captures it failed or found nothing")]
    Unset(String),
    /// Arithmetic on something that is not a number.
    #[error("`{0}` is not a number")]
    NotANumber(String),
}

impl Template {
    /// A text without anything to fill in.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self {
            parts: vec![Part::Literal(text.into())],
        }
    }

    /// The text, when there is nothing to fill in: callers can then prepare it once.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the rendered text.
    ///
    /// # Errors
    /// See [`RenderError`]; `out` then holds the part before the failure.
    pub fn render(&self, context: &mut Context<'_>, out: &mut Vec<u8>) -> Result<(), RenderError> {
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Part::Slot(slot) => match &context.slots[*slot] {
                    Value::Unset => return Err(RenderError::Unset(slot.to_string())),
                    Value::Text(text) => out.extend_from_slice(text.as_bytes()),
                    Value::List(texts) => out.extend_from_slice(texts.join(",").as_bytes()),
                },
            }
        }
        Ok(())
    }
}
