//! A stated time, written with its unit: `"40ms"`, `"1.5s"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whole milliseconds, at least one: no timer of this machine is finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Millis(u32);

impl Millis {
    /// One second.
    pub const SECOND: Self = Self(1_000);

    /// So many milliseconds; none for zero.
    #[must_use]
    pub fn new(ms: u32) -> Option<Self> {
        (ms > 0).then_some(Self(ms))
    }

    /// In milliseconds.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl From<Millis> for Duration {
    fn from(time: Millis) -> Self {
        Self::from_millis(time.0.into())
    }
}

impl FromStr for Millis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a time: write milliseconds or seconds, such as \"40ms\" or \"1.5s\""
            )
        };
        let text = text.trim();
        let (number, unit) = match text.strip_suffix("ms") {
            Some(number) => (number, 1.0),
            None => (text.strip_suffix('s').ok_or_else(wrong)?, 1_000.0),
        };
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        let ms = number * unit;
        if !(1.0..=3_600_000.0).contains(&ms) || ms.fract() != 0.0 {
            return Err(format!(
                "`{text}`: a stated time is a whole number of milliseconds, from 1ms to an hour"
            ));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within range"
        )]
        Ok(Self(ms as u32))
    }
}

impl TryFrom<String> for Millis {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Millis> for String {
    fn from(time: Millis) -> Self {
        time.to_string()
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ms if ms.is_multiple_of(1_000) => write!(f, "{}s", ms / 1_000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_are_read_as_they_are_written() {
        for (text, ms, written) in [
            ("40ms", 40, "40ms"),
            ("1.5s", 1_500, "1500ms"),
            ("2 s", 2_000, "2s"),
        ] {
            let time: Millis = text.parse().unwrap();
            assert_eq!((time.get(), time.to_string().as_str()), (ms, written));
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        for wrong in ["40", "0ms", "0.5ms", "-1s", "fast", "2h"] {
            assert!(wrong.parse::<Millis>().is_err(), "{wrong}");
        }
    }
}
