//! Axes: ranges that end on round numbers, and their labels.

use crate::measure::bands::is_round;
use crate::measure::units;

/// A range with labelled positions on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) ticks: Vec<(f64, String)>,
}

/// Run time in seconds, labelled `1:30`.
pub(super) fn time(seconds: f64) -> Axis {
    const STEPS: [f64; 16] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
        7_200.0, 14_400.0, 43_200.0,
    ];
    let to = seconds.max(1.0);
    let step = STEPS
        .into_iter()
        .find(|step| to / step <= 12.0)
        .unwrap_or(86_400.0);
    let label = |at: f64| {
        let whole = at.round() as u64;
        match whole {
            0..3_600 => format!("{}:{:02}", whole / 60, whole % 60),
            _ => format!("{}:{:02}:{:02}", whole / 3_600, whole / 60 % 60, whole % 60),
        }
    };
    let ticks = (0..)
        .map(|n| f64::from(n) * step)
        .take_while(|at| *at <= to)
        .map(|at| (at, label(at)))
        .collect();
    Axis {
        from: 0.0,
        to,
        ticks,
    }
}

/// Microseconds before and after an instant: `−200 ms`, `0`, `+1 s`.
pub(super) fn around(from: f64, to: f64) -> Axis {
    let magnitude = 10_f64.powf(((to - from) / 8.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| (to - from) / step <= 9.0)
        .unwrap_or(magnitude * 10.0);
    let label = |at: f64| match at {
        0.0 => "0".to_owned(),
        at if at < 0.0 => format!("−{}", plain_duration(-at)),
        at => format!("+{}", plain_duration(at)),
    };
    let first = (from / step).ceil() as i64;
    let last = (to / step).floor() as i64;
    let ticks = (first..=last)
        .map(|n| n as f64 * step)
        .map(|at| (at, label(at)))
        .collect();
    Axis { from, to, ticks }
}

/// Without the digits that a measured value has.
pub(in crate::report) fn plain_duration(us: f64) -> String {
    match us {
        us if us < 1e3 => format!("{us} µs"),
        us if us < 1e6 => format!("{} ms", us / 1e3),
        us => format!("{} s", us / 1e6),
    }
}

/// From zero to a round number at or above the largest value, in four or five steps.
pub(super) fn linear(largest: f64, label: impl Fn(f64) -> String) -> Axis {
    let largest = if largest > 0.0 { largest } else { 1.0 };
    let magnitude = 10_f64.powf((largest / 4.0).log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| largest / step <= 4.0)
        .unwrap_or(magnitude * 10.0);
    let steps = (largest / step).ceil().max(1.0);
    let ticks = (0..=steps as u32)
        .map(|n| f64::from(n) * step)
        .map(|at| (at, label(at)))
        .collect();
    Axis {
        from: 0.0,
        to: steps * step,
        ticks,
    }
}

/// Microseconds as their logarithm, whole decades: a range within one decade would otherwise get
/// no label at all.
pub(super) fn latency(smallest: u64, largest: u64) -> Axis {
    let from = log(smallest).floor();
    let to = log(largest).ceil().max(from + 1.0);
    let ticks = (from as i32..=to as i32)
        .map(|decade| (f64::from(decade), decade_label(decade)))
        .collect();
    Axis { from, to, ticks }
}

/// Bands of latency by their edges in microseconds, from the first to the last. Labels stand at 1, 2
/// and 5, or at 1 alone where that would be too many.
pub(super) fn bands(edges_us: &[u64]) -> Axis {
    const MOST_LABELS: usize = 10;
    let tick = |us: &u64| (log(*us), plain_duration(*us as f64));
    let round = || edges_us.iter().filter(|us| is_round(**us));
    let decades = || round().filter(|us| us.ilog10() != (*us - 1).max(1).ilog10());
    let ticks = if round().count() <= MOST_LABELS {
        round().map(tick).collect()
    } else {
        decades().map(tick).collect()
    };
    let at = |edge: Option<&u64>| edge.map_or(0.0, |us| log(*us));
    Axis {
        from: at(edges_us.first()),
        to: at(edges_us.last()),
        ticks,
    }
}

/// `10 ms`, without the digits that a measured value has.
fn decade_label(decade: i32) -> String {
    let us = 10_f64.powi(decade);
    match decade {
        ..3 => format!("{us} µs"),
        3..6 => format!("{} ms", us / 1e3),
        _ => format!("{} s", us / 1e6),
    }
}

/// Logarithm of microseconds; nothing is shorter than one.
pub(super) fn log(us: u64) -> f64 {
    (us.max(1) as f64).log10()
}

/// The axis of nines: 0, 90, 99, 99.9 … %, each as wide as the one before.
pub(super) fn nines(highest: f64) -> Axis {
    let to = nines_at(highest).max(1.0).ceil();
    let ticks = (0..=to as i32)
        .map(|nines| {
            let q = 1.0 - 10_f64.powi(-nines);
            (
                f64::from(nines),
                if nines == 0 {
                    "0".into()
                } else {
                    units::quantile(q)
                },
            )
        })
        .collect();
    Axis {
        from: 0.0,
        to,
        ticks,
    }
}

/// Where a quantile lies on the axis of nines.
pub(super) fn nines_at(q: f64) -> f64 {
    -(1.0 - q.min(0.999_999_9)).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn axes_end_on_round_numbers() {
        assert_eq!(
            labels(&linear(161.0, |at| at.to_string())),
            ["0", "50", "100", "150", "200"]
        );
        assert_eq!(
            labels(&linear(0.0, |at| at.to_string())).first(),
            Some(&"0")
        );
        assert_eq!(
            labels(&time(110.0)),
            [
                "0:00", "0:10", "0:20", "0:30", "0:40", "0:50", "1:00", "1:10", "1:20", "1:30",
                "1:40", "1:50"
            ]
        );
        assert_eq!(labels(&time(7_200.0)).last(), Some(&"2:00:00"));
    }

    #[test]
    fn moments_are_labelled_by_their_distance() {
        assert_eq!(
            labels(&around(-200_000.0, 600_000.0)),
            [
                "−200 ms",
                "−100 ms",
                "0",
                "+100 ms",
                "+200 ms",
                "+300 ms",
                "+400 ms",
                "+500 ms",
                "+600 ms"
            ]
        );
        assert_eq!(labels(&around(-2e6, 7e6)).last(), Some(&"+7 s"));
    }

    #[test]
    fn latencies_span_whole_decades() {
        let axis = latency(120, 880);
        assert_eq!((axis.from, axis.to), (2.0, 3.0));
        assert_eq!(labels(&axis), ["100 µs", "1 ms"]);
        assert_eq!(labels(&latency(0, 12_000_000)).last(), Some(&"100 s"));
    }

    #[test]
    fn bands_are_labelled_at_one_two_and_five_where_there_is_room() {
        let edges: Vec<u64> = (10..24).map(crate::measure::bands::edge_us).collect();
        let axis = bands(&edges);
        assert_eq!((axis.from, axis.to), (2.0, log(2_000)));
        assert_eq!(
            labels(&axis),
            ["100 µs", "200 µs", "500 µs", "1 ms", "2 ms"]
        );
        let edges: Vec<u64> = (0..60).map(crate::measure::bands::edge_us).collect();
        assert_eq!(
            labels(&bands(&edges)),
            ["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"]
        );
    }

    #[test]
    fn each_nine_is_as_wide_as_the_one_before() {
        assert_eq!(
            labels(&nines(0.9995)),
            ["0", "p90", "p99", "p99.9", "p99.99"]
        );
    }
}
