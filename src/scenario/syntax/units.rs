//! Quantities as people write them: `200ms`, `1m30s`, `40/s`, `99.9%`. Always with a unit.

use std::time::Duration;

/// Longest duration accepted: a year.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// Highest rate accepted, per second: far above what one generator can do.
const HIGHEST_RATE: f64 = 10_000_000.0;

/// Units of time in nanoseconds.
const UNITS: [(&str, u128); 8] = [
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Reads `200ms`, `1.5s`, `1m30s`, `2h`.
///
/// # Errors
/// What is wrong and how to write it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a duration is missing: write 200ms, 30s or 5m".into());
    }
    if text.starts_with('-') {
        return Err(format!("`{text}` is negative: a duration is not"));
    }
    let mut nanoseconds = 0_u128;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let Some(decimal) = Decimal::parse(number) else {
            return Err(format!(
                "`{text}` is not a duration: write 200ms, 30s or 1m30s"
            ));
        };
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let unit = after[..end].trim();
        if unit.is_empty() {
            return Err(format!(
                "`{text}` has no unit: write {number}ms or {number}s"
            ));
        }
        let (_, scale) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| {
                let likely = likely_unit(unit);
                format!(
                    "`{unit}` is not a unit of time: write {number}{likely} (us, ms, s, m, h, d)"
                )
            })?;
        nanoseconds = nanoseconds.saturating_add(decimal.times(*scale));
        rest = after[end..].trim_start();
    }
    match u64::try_from(nanoseconds).map(Duration::from_nanos) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        _ => Err(format!("`{text}` is longer than a year")),
    }
}

/// A number as written, so that 0.3 s is exactly 300 ms.
#[derive(Debug, Clone, Copy)]
struct Decimal {
    /// All digits without the point.
    digits: u64,
    /// How many of them follow the point.
    decimals: u32,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction}");
        let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
        // Eighteen digits are more than any duration needs, and fit.
        (plain && (1..=18).contains(&digits.len())).then_some(())?;
        Some(Self {
            digits: digits.parse().ok()?,
            decimals: u32::try_from(fraction.len()).ok()?,
        })
    }

    fn times(self, factor: u128) -> u128 {
        u128::from(self.digits) * factor / 10_u128.pow(self.decimals)
    }
}

fn likely_unit(unit: &str) -> &'static str {
    let unit = unit.to_lowercase();
    match unit.as_str() {
        u if u.starts_with("ms") || u.starts_with("mil") => "ms",
        u if u.starts_with("mic") || u.starts_with('u') => "us",
        u if u.starts_with('m') => "m",
        u if u.starts_with('h') => "h",
        u if u.starts_with('d') => "d",
        _ => "s",
    }
}

/// Reads `40/s`, `300/min`, `1000/h` into a rate per second.
///
/// # Errors
/// What is wrong and how to write it.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (number, after) = split_number(text);
    let value: f64 = number
        .parse()
        .map_err(|_| format!("`{text}` is not a rate: write 40/s or 300/min"))?;
    let unit = after.trim();
    if unit.is_empty() {
        return Err(format!("`{text}` has no unit: write {number}/s"));
    }
    let per = unit.strip_prefix('/').map(str::trim);
    let scale = match per {
        Some("s" | "sec" | "second") => 1.0,
        Some("m" | "min" | "minute") => 60.0,
        Some("h" | "hour") => 3_600.0,
        _ => {
            return Err(format!(
                "`{unit}` is not a unit of rates: write {number}/s, {number}/min or {number}/h"
            ));
        }
    };
    if value < 0.0 {
        return Err(format!("`{text}` is negative: a rate is not"));
    }
    let rate = value / scale;
    if rate > HIGHEST_RATE {
        return Err(format!("`{text}` is more than ten million a second"));
    }
    Ok(rate)
}

/// Reads `99.9%` into 0.999.
///
/// # Errors
/// What is wrong and how to write it.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (number, after) = split_number(text);
    let value: f64 = number
        .parse()
        .map_err(|_| format!("`{text}` is not a percentage: write 99%"))?;
    if after.trim() == "%" {
        return Ok(hundredth(number));
    }
    if after.is_empty() {
        let percent = if value <= 1.0 { value * 100.0 } else { value };
        return Err(format!(
            "`{text}` has no unit: write {}%",
            (percent * 1e6).round() / 1e6
        ));
    }
    Err(format!("`{text}` is not a percentage: write {number}%"))
}

/// A hundredth of a number in decimal notation; `99.9 / 100.0` would not be 0.999.
pub(crate) fn hundredth(number: &str) -> f64 {
    format!("{number}e-2").parse().unwrap_or(f64::NAN)
}

/// The number at the start of a text, and what follows it.
fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .char_indices()
        .find(|&(at, c)| !(c.is_ascii_digit() || c == '.' || at == 0 && matches!(c, '-' | '+')))
        .map_or(text.len(), |(at, _)| at);
    text.split_at(end)
}

/// A duration as one would write it: the largest unit that keeps it short.
pub(crate) fn show_duration(duration: Duration) -> String {
    let us = duration.as_micros();
    let s = duration.as_secs_f64();
    match us {
        0 => "0s".into(),
        _ if us < 1_000 => format!("{us}us"),
        _ if us < 1_000_000 => format!("{}ms", us as f64 / 1e3),
        _ => format!("{} s", (s * 1e3).round() / 1e3).replace(' ', ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_exact() {
        for (text, us) in [
            ("200ms", 200_000),
            ("0.3s", 300_000),
            ("1m30s", 90_000_000),
            ("1h 5m", 3_900_000_000),
            ("5min", 300_000_000),
            ("10us", 10),
            ("0s", 0),
            (" 2 s ", 2_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_micros(us)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_how_to_write_it() {
        for (text, message) in [
            ("200", "`200` has no unit: write 200ms or 200s"),
            ("", "a duration is missing: write 200ms, 30s or 5m"),
            (
                "soon",
                "`soon` is not a duration: write 200ms, 30s or 1m30s",
            ),
            (
                "1..2s",
                "`1..2s` is not a duration: write 200ms, 30s or 1m30s",
            ),
            ("-1s", "`-1s` is negative: a duration is not"),
            ("400d", "`400d` is longer than a year"),
            (
                "5 minutes",
                "`minutes` is not a unit of time: write 5m (us, ms, s, m, h, d)",
            ),
        ] {
            assert_eq!(duration(text), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn rates_are_per_second() {
        for (text, per_second) in [
            ("40/s", 40.0),
            ("300/min", 5.0),
            ("1800/h", 0.5),
            ("0.5/s", 0.5),
        ] {
            assert_eq!(rate(text), Ok(per_second), "{text}");
        }
        assert_eq!(rate("40"), Err("`40` has no unit: write 40/s".to_owned()));
        assert!(rate("99999999/s").is_err());
    }

    #[test]
    fn percentages_are_shares() {
        assert_eq!(percent("99.9%"), Ok(0.999));
        assert_eq!(
            percent("0.99"),
            Err("`0.99` has no unit: write 99%".to_owned())
        );
        assert_eq!(percent("5"), Err("`5` has no unit: write 5%".to_owned()));
        assert!(percent("many").is_err());
    }

    proptest! {
        #[test]
        fn durations_round_trip(us in 0_u64..30_000_000_000_000) {
            // Shown to the millisecond from a second on.
            let us = if us >= 1_000_000 { us / 1_000 * 1_000 } else { us };
            let written = Duration::from_micros(us);
            prop_assert_eq!(duration(&show_duration(written)), Ok(written));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,20}") {
            let _ = (duration(&text), rate(&text), percent(&text));
        }

        #[test]
        fn almost_quantities_do_not_panic(text in "[-+.0-9]{0,6}[a-zµ%/ ]{0,4}[0-9.]{0,3}[a-z]{0,2}") {
            let _ = (duration(&text), rate(&text), percent(&text));
        }
    }
}
