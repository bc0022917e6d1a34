//! Quantities as people write them: `200ms`, `1m30s`, `40/s`, `99.9%`. Always with a unit.

use std::time::Duration;

/// Longest duration accepted: a year.
const LONGEST_S: f64 = 366.0 * 86_400.0;
/// Highest rate accepted, per second: far above what one generator can do.
const HIGHEST_RATE: f64 = 10_000_000.0;

const UNITS: [(&str, f64); 8] = [
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("min", 60.0),
    ("h", 3_600.0),
    ("d", 86_400.0),
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
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let value: f64 = number
            .parse()
            .map_err(|_| format!("`{text}` is not a duration: write 200ms, 30s or 1m30s"))?;
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
        seconds += value * scale;
        rest = after[end..].trim_start();
    }
    if seconds > LONGEST_S {
        return Err(format!("`{text}` is longer than a year"));
    }
    // Via nanoseconds: 0.3 s is then exactly 300 ms, not 299.999999 ms.
    Ok(Duration::from_nanos((seconds * 1e9).round() as u64))
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
        return Ok(value / 100.0);
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
