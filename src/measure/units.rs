//! Figures as people read them. Every report uses these, so that the same figure reads the same.

/// `0 s`, `850 µs`, `8.53 ms`, `234 ms`, `12.3 s`, `2 min 05 s`: three significant digits.
#[must_use]
pub fn duration(us: f64) -> String {
    match us {
        us if us < 0.0 => format!("−{}", duration(-us)),
        0.0 => "0 s".into(),
        us if us < 999.5 => format!("{} µs", us.round()),
        us if us < 9_995.0 => format!("{:.2} ms", us / 1e3),
        us if us < 99_950.0 => format!("{:.1} ms", us / 1e3),
        us if us < 999_500.0 => format!("{:.0} ms", us / 1e3),
        us if us < 9_995_000.0 => format!("{:.2} s", us / 1e6),
        us if us < 99_950_000.0 => format!("{:.1} s", us / 1e6),
        us => {
            let seconds = (us / 1e6).round();
            format!("{} min {:02} s", (seconds / 60.0).floor(), seconds % 60.0)
        }
    }
}

/// The same, or a dash where it is not known.
#[must_use]
pub fn micros_if_known(us: Option<u64>) -> String {
    us.map_or("–".to_owned(), micros)
}

/// [`duration()`] of whole microseconds.
#[must_use]
pub fn micros(us: u64) -> String {
    duration(us as f64)
}

/// An instant of run time: `42.318 s`, `1:12.4` from a minute on with the precision of its size.
#[must_use]
pub fn instant(us: u64) -> String {
    if us < 60_000_000 {
        format!("{:.3} s", us as f64 / 1e6)
    } else {
        let millis = us / 1_000;
        format!(
            "{}:{:02}.{:03}",
            millis / 60_000,
            millis / 1_000 % 60,
            millis % 1_000
        )
    }
}

/// `12,345`
#[must_use]
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A ratio 0…1 as a percentage that never rounds to perfection: 0.999 99 is `99.999 %`, not `100 %`.
#[must_use]
pub fn percent(ratio: f64) -> String {
    let distance = (ratio.min(1.0 - ratio)).abs() * 100.0;
    let decimals = match distance {
        0.0 => 0,
        d if d >= 1.0 => 1,
        d if d >= 0.1 => 2,
        d if d >= 0.01 => 3,
        _ => 4,
    };
    format!("{:.decimals$} %", ratio * 100.0)
}

/// `40.0/s`, `1,240/s`
#[must_use]
pub fn rate(per_second: f64) -> String {
    if per_second < 99.95 {
        format!("{per_second:.1}/s")
    } else {
        format!("{}/s", count(per_second.round() as u64))
    }
}

/// `p50`, `p99.9`, `max` of a quantile 0…1.
#[must_use]
pub fn quantile(q: f64) -> String {
    if q >= 1.0 {
        return "max".into();
    }
    // 0.999 * 100 is 99.9 only once rounded.
    let percent = (q * 1e8).round() / 1e6;
    format!("p{percent}")
}

/// `1.2 kB`, `3.4 MB`
#[must_use]
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits_at_every_scale() {
        let shown: Vec<String> = [
            7.0,
            850.0,
            999.6,
            8_534.0,
            42_300.0,
            234_400.0,
            1_500_000.0,
            12_345_678.0,
            125e6,
        ]
        .map(duration)
        .into();
        assert_eq!(
            shown,
            [
                "7 µs",
                "850 µs",
                "1.00 ms",
                "8.53 ms",
                "42.3 ms",
                "234 ms",
                "1.50 s",
                "12.3 s",
                "2 min 05 s"
            ]
        );
        assert_eq!(duration(-42_300.0), "−42.3 ms");
    }

    #[test]
    fn instants_tell_milliseconds() {
        assert_eq!(instant(42_318_400), "42.318 s");
        assert_eq!(instant(72_400_000), "1:12.400");
    }

    #[test]
    fn percentages_never_round_to_perfection() {
        let shown = [1.0, 0.0, 0.999_99, 0.999, 0.982, 0.5, 0.000_02].map(percent);
        assert_eq!(
            shown,
            [
                "100 %",
                "0 %",
                "99.9990 %",
                "99.90 %",
                "98.2 %",
                "50.0 %",
                "0.0020 %"
            ]
        );
    }

    #[test]
    fn counts_are_grouped_and_quantiles_are_named() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0.5, 0.95, 0.999, 0.9999, 1.0].map(quantile),
            ["p50", "p95", "p99.9", "p99.99", "max"]
        );
    }
}
