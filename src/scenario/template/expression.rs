//! Compiled expressions: names have become slots and cells, nothing is left to look up.

use std::time::{SystemTime, UNIX_EPOCH};

use super::escape::Escape;
use super::number::{Number, Operator};
use super::{Context, RenderError, Value};

/// A compiled expression.
#[derive(Clone)]
pub(super) enum Expression {
    Number(Number),
    Text(Box<str>),
    Slot {
        slot: usize,
        name: Box<str>,
    },
    Cell {
        set: usize,
        column: usize,
    },
    Iteration,
    User,
    NowMs,
    Uuid,
    Random(Box<Expression>, Box<Expression>),
    RandomOf(Box<[Expression]>),
    RandomOfList {
        slot: usize,
        name: Box<str>,
    },
    RandomText(Box<Expression>),
    Negative(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// The text as a number, as it is or without its decimals.
    Num(Box<Expression>),
    Int(Box<Expression>),
    /// How many a list holds.
    Count {
        slot: usize,
        name: Box<str>,
    },
    /// A text made from a text.
    Transform(Transform, Box<Expression>),
    Assign {
        slot: usize,
        value: Box<Expression>,
    },
}

/// Functions from text to text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transform {
    Text,
    Upper,
    Lower,
    Trim,
    Base64,
    UrlEncode,
    Json,
}

impl Expression {
    /// Whether it surely yields a number, so that JSON can hold it without quotes.
    pub(super) fn is_numeric(&self, numeric_slot: impl Fn(usize) -> bool + Copy) -> bool {
        match self {
            Self::Number(_)
            | Self::Iteration
            | Self::User
            | Self::NowMs
            | Self::Random(..)
            | Self::Negative(_)
            | Self::Binary(..)
            | Self::Num(_)
            | Self::Int(_)
            | Self::Count { .. } => true,
            Self::Slot { slot, .. } => numeric_slot(*slot),
            Self::RandomOf(choices) => choices.iter().all(|c| c.is_numeric(numeric_slot)),
            Self::Assign { value, .. } => value.is_numeric(numeric_slot),
            Self::Text(_)
            | Self::Cell { .. }
            | Self::Uuid
            | Self::RandomOfList { .. }
            | Self::RandomText(_)
            | Self::Transform(..) => false,
        }
    }

    /// Appends its value, escaped for its place.
    pub(super) fn write(
        &self,
        context: &mut Context<'_>,
        escape: Escape,
        out: &mut Vec<u8>,
    ) -> Result<(), RenderError> {
        match self {
            Self::Text(text) => escape.push(text, out),
            Self::Slot { slot, name } => match &context.slots[*slot] {
                Value::Text(text) => escape.push(text, out),
                Value::List(texts) => push_list(texts, escape, out),
                Value::Unset => return Err(RenderError::Unset(name.to_string())),
            },
            Self::Cell { set, column } => escape.push(cell(context, *set, *column), out),
            Self::Uuid => escape.push(uuid(context.random, context.run, &mut [0; 36]), out),
            Self::RandomOf(choices) => {
                let choice = context.random.usize(..choices.len());
                choices[choice].write(context, escape, out)?;
            }
            Self::RandomOfList { slot, name } => match &context.slots[*slot] {
                Value::List(texts) if !texts.is_empty() => {
                    escape.push(&texts[context.random.usize(..texts.len())], out);
                }
                Value::Text(text) => escape.push(text, out),
                _ => return Err(RenderError::Unset(name.to_string())),
            },
            Self::RandomText(length) => {
                // Bounded: a mistake in arithmetic must not fill the memory.
                let length = length.number(context)?.float().clamp(0.0, 65_536.0) as usize;
                for _ in 0..length {
                    out.push(context.random.alphanumeric() as u8);
                }
            }
            Self::Transform(transform, inner) => {
                let text = inner.text(context)?;
                transform.push(&text, inner, escape, out);
            }
            Self::Assign { slot, value } => {
                let text = value.text(context)?;
                escape.push(&text, out);
                context.slots[*slot] = Value::Text(text);
            }
            numeric => {
                let number = numeric.number(context)?;
                // Digits, `-` and `.` need no escape anywhere; only a form or a URL could object to
                // nothing of them.
                number.write(out);
            }
        }
        Ok(())
    }

    /// Its value as a number.
    fn number(&self, context: &mut Context<'_>) -> Result<Number, RenderError> {
        Ok(match self {
            Self::Number(number) => *number,
            Self::Iteration => Number::Int(context.iteration as i64),
            Self::User => Number::Int(context.user as i64),
            Self::NowMs => Number::Int(now_ms()),
            Self::Random(low, high) => {
                let (low, high) = (low.number(context)?, high.number(context)?);
                random(context.random, low, high)
            }
            Self::Negative(inner) => {
                let inner = inner.number(context)?;
                calculate(Operator::Subtract, Number::Int(0), inner)?
            }
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.number(context)?, right.number(context)?);
                calculate(*operator, left, right)?
            }
            Self::Int(inner) => inner.number(context)?.truncate(),
            Self::Num(inner) => inner.number(context)?,
            Self::Count { slot, .. } => Number::Int(match &context.slots[*slot] {
                Value::Unset => 0,
                Value::Text(_) => 1,
                Value::List(texts) => texts.len() as i64,
            }),
            Self::Slot { slot, name } => match &context.slots[*slot] {
                Value::Text(text) => parse(text)?,
                Value::List(texts) => return Err(RenderError::NotANumber(texts.join(","))),
                Value::Unset => return Err(RenderError::Unset(name.to_string())),
            },
            Self::Cell { set, column } => parse(cell(context, *set, *column))?,
            other => parse(&other.text(context)?)?,
        })
    }

    /// Its value as a text of its own.
    fn text(&self, context: &mut Context<'_>) -> Result<String, RenderError> {
        let mut out = Vec::new();
        self.write(context, Escape::Plain, &mut out)?;
        // Every writer appends whole UTF-8 texts.
        Ok(String::from_utf8(out).unwrap_or_default())
    }
}

impl Transform {
    fn push(self, text: &str, source: &Expression, escape: Escape, out: &mut Vec<u8>) {
        match self {
            Self::Text => escape.push(text, out),
            Self::Upper => escape.push(&text.to_uppercase(), out),
            Self::Lower => escape.push(&text.to_lowercase(), out),
            Self::Trim => escape.push(text.trim(), out),
            Self::Base64 => escape.push(&base64(text.as_bytes()), out),
            Self::UrlEncode => escape.push(&encoded(Escape::Url, text), out),
            Self::Json if source.is_numeric(|_| false) => escape.push(text, out),
            Self::Json => escape.push(&format!("\"{}\"", encoded(Escape::Json, text)), out),
        }
    }
}

fn encoded(escape: Escape, text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 8);
    escape.push(text, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn push_list(texts: &[String], escape: Escape, out: &mut Vec<u8>) {
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            escape.push(",", out);
        }
        escape.push(text, out);
    }
}

fn cell<'a>(context: &Context<'a>, set: usize, column: usize) -> &'a str {
    &context.rows[set][column]
}

fn parse(text: &str) -> Result<Number, RenderError> {
    Number::parse(text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        RenderError::NotANumber(shown)
    })
}

fn calculate(operator: Operator, left: Number, right: Number) -> Result<Number, RenderError> {
    left.apply(operator, right).ok_or(RenderError::NoResult)
}

/// Uniform, both ends included; whole when both ends are.
fn random(random: &mut fastrand::Rng, low: Number, high: Number) -> Number {
    match (low, high) {
        (Number::Int(low), Number::Int(high)) => {
            Number::Int(random.i64(low.min(high)..=low.max(high)))
        }
        (low, high) => {
            let (low, high) = (low.float(), high.float());
            Number::Float(low + (high - low) * random.f64())
        }
    }
}

/// Version 4 layout: unique within the run by the iteration's own generator, which draws as often
/// as ever, and among runs by the run's number.
fn uuid<'b>(random: &mut fastrand::Rng, run: u64, buffer: &'b mut [u8; 36]) -> &'b str {
    let mut run = fastrand::Rng::with_seed(run);
    let bytes = (random.u128(..) ^ run.u128(..)).to_le_bytes();
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .encode_lower(buffer)
}

/// The one place where a scenario reads a clock: the wall clock is what `now_ms()` asks for.
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_u32, |word, &byte| word << 8 | u32::from(byte));
        for digit in 0..4 {
            if digit <= chunk.len() {
                let index = word >> (18 - 6 * digit) & 63;
                out.push(char::from(DIGITS[index as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}
