//! Numbers of template arithmetic: whole as long as they can be.

use std::io::Write as _;

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Number {
    /// Reads a text as a number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(number) = text.parse() {
            return Some(Self::Int(number));
        }
        // `inf` and `nan` are words, not numbers, to anyone who receives them.
        let number: f64 = text.parse().ok()?;
        number.is_finite().then_some(Self::Float(number))
    }

    /// As a float.
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    /// The whole number towards zero.
    pub(super) fn truncate(self) -> Self {
        match self {
            Self::Int(_) => self,
            Self::Float(number) => Self::Int(number as i64),
        }
    }

    /// The result; `None` for a division by zero or a result beyond all bounds.
    pub(super) fn apply(self, operator: Operator, other: Self) -> Option<Self> {
        if let (Self::Int(a), Self::Int(b)) = (self, other)
            && let Some(whole) = whole(operator, a, b)
        {
            return Some(Self::Int(whole));
        }
        let (a, b) = (self.float(), other.float());
        let result = match operator {
            Operator::Add => a + b,
            Operator::Subtract => a - b,
            Operator::Multiply => a * b,
            Operator::Divide => a / b,
            Operator::Remainder => a % b,
        };
        result.is_finite().then_some(Self::Float(result))
    }

    /// Appends its digits; a whole float has no decimals.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        // Writing to a vector cannot fail.
        let _ = match self {
            Self::Int(number) => write!(out, "{number}"),
            Self::Float(number) => write!(out, "{number}"),
        };
    }
}

/// The result if it is whole: 6 / 3 is 2, 7 / 2 is not.
fn whole(operator: Operator, a: i64, b: i64) -> Option<i64> {
    match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide if a.checked_rem(b)? == 0 => a.checked_div(b),
        Operator::Divide => None,
        Operator::Remainder => a.checked_rem(b),
    }
}
