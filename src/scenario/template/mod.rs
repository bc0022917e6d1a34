//! Templates: texts with `${…}` in them, compiled once and rendered into a byte buffer.

mod alone;
mod bindings;
mod compile;
mod escape;
mod expression;
mod number;
mod sets;
mod slots;
mod syntax;

use std::fmt;

use crate::scenario::syntax::Place;
use expression::Expression;
use syntax::Piece;

pub(crate) use bindings::{Bindings, Later, Zone, is_name};
pub(crate) use compile::check_variable_name;
pub(crate) use escape::Escape;
pub(crate) use syntax::TemplateError;

/// A compiled text.
///
/// What it renders is already escaped for its place where that depends on the single value: values in
/// a URL are percent-encoded, texts inside JSON strings JSON-escaped. Header and form values render
/// as they are.
#[derive(Clone, Default)]
pub struct Template {
    parts: Vec<Part>,
    source: String,
    secret: bool,
}

/// A piece of a template.
#[derive(Clone)]
enum Part {
    Literal(String),
    Fill(Expression, Escape),
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
    /// Different in every run. It goes into `uuid()` alone: a key must never come twice, or a
    /// target that keeps its data answers a repeated run with the first run's orders.
    pub run: u64,
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
    /// A division by zero, or a result beyond all bounds.
    #[error("the calculation has no result: a division by zero or a number too large")]
    NoResult,
}

impl Template {
    /// A text without anything to fill in.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            source: text.clone(),
            parts: vec![Part::Literal(text)],
            secret: false,
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

    /// As written, for people: values of the environment are not filled in.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it holds a value of the environment, which no report may show.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// Appends the rendered text.
    ///
    /// # Errors
    /// See [`RenderError`]; `out` then holds the part before the failure.
    pub fn render(&self, context: &mut Context<'_>, out: &mut Vec<u8>) -> Result<(), RenderError> {
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Part::Fill(expression, escape) => expression.write(context, *escape, out)?,
            }
        }
        Ok(())
    }

    /// Compiles a text that stands at `at`.
    ///
    /// # Errors
    /// What is wrong with it, and where in the text.
    pub(crate) fn compile(
        text: &str,
        escape: Escape,
        bindings: &mut Bindings<'_>,
        at: Place,
    ) -> Result<Self, TemplateError> {
        let mut builder = Builder::default();
        builder.text(text, escape, bindings, at)?;
        Ok(builder.finish())
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({:?})", self.source)
    }
}

/// Puts a template together from several texts, such as the strings of a JSON document.
#[derive(Default)]
pub(crate) struct Builder {
    template: Template,
}

impl Builder {
    /// Appends a text that is what it is.
    pub(crate) fn literal(&mut self, text: &str) {
        self.template.source.push_str(text);
        self.push_literal(text);
    }

    fn push_literal(&mut self, text: &str) {
        match self.template.parts.last_mut() {
            Some(Part::Literal(last)) => last.push_str(text),
            _ => self.template.parts.push(Part::Literal(text.to_owned())),
        }
    }

    /// Appends a text with templates in it.
    pub(crate) fn text(
        &mut self,
        text: &str,
        escape: Escape,
        bindings: &mut Bindings<'_>,
        at: Place,
    ) -> Result<(), TemplateError> {
        self.template.source.push_str(text);
        for piece in syntax::pieces(text)? {
            match piece {
                Piece::Literal(text) => self.escaped_literal(&text, escape),
                Piece::Expression(written) => {
                    let compiled = compile::compile(&written, bindings, at)?;
                    // A template that begins with a value is given a whole URL by it.
                    let whole = escape == Escape::Url && self.template.parts.is_empty();
                    let escape = match (compiled.raw, escape) {
                        (true, Escape::Url) => Escape::WholeUrl,
                        (true, _) => Escape::Plain,
                        (false, _) if whole => Escape::WholeUrl,
                        (false, _) => escape,
                    };
                    self.fill(compiled, escape);
                }
            }
        }
        Ok(())
    }

    /// Appends a JSON value: a text in quotes, unless it is one `${…}` that yields a number or is `raw`.
    pub(crate) fn json_text(
        &mut self,
        text: &str,
        bindings: &mut Bindings<'_>,
        at: Place,
    ) -> Result<(), TemplateError> {
        let pieces = syntax::pieces(text)?;
        if let [Piece::Expression(written)] = pieces.as_slice() {
            let compiled = compile::compile(written, bindings, at)?;
            let numeric = compile::is_numeric(&compiled.expression, bindings);
            if numeric || compiled.raw {
                self.template.source.push_str(text);
                self.fill(compiled, Escape::Plain);
            } else {
                self.literal("\"");
                self.template.source.push_str(text);
                self.fill(compiled, Escape::Json);
                self.literal("\"");
            }
            return Ok(());
        }
        self.literal("\"");
        self.text(text, Escape::Json, bindings, at)?;
        self.literal("\"");
        Ok(())
    }

    fn escaped_literal(&mut self, text: &str, escape: Escape) {
        // What the author wrote into a URL is meant as it is, but for what no request line can hold.
        let escape = match escape {
            Escape::Url => Escape::WholeUrl,
            other => other,
        };
        let mut bytes = Vec::with_capacity(text.len());
        escape.push(text, &mut bytes);
        self.push_literal(&String::from_utf8(bytes).unwrap_or_default());
    }

    fn fill(&mut self, compiled: compile::Compiled, escape: Escape) {
        self.template.secret |= compiled.secret;
        if let Expression::Text(text) = &compiled.expression {
            let mut bytes = Vec::with_capacity(text.len());
            escape.push(text, &mut bytes);
            self.push_literal(&String::from_utf8(bytes).unwrap_or_default());
        } else {
            self.template
                .parts
                .push(Part::Fill(compiled.expression, escape));
        }
    }

    /// The template.
    pub(crate) fn finish(self) -> Template {
        self.template
    }
}

#[cfg(test)]
mod tests;
