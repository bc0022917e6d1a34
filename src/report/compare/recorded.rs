//! A run's seconds, step by step, as `run.hlog` has them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use crate::measure::interval_log::{HlogReader, tag_of};
use crate::measure::quantile::Sparse;
use crate::measure::recording::HLOG;
use crate::measure::timeline::Bounded;
use crate::measure::window::{PhaseKind, PhaseWindow, windows_of_second};
use crate::report::Summary;
use crate::report::summary::Phase;

/// Response times of all requests of each step, over time: one after the other, seconds or longer
/// stretches in a long run.
#[derive(Debug, Default)]
pub struct Recorded {
    whole: Steps,
    steady: Steps,
}

/// By tag.
type Steps = HashMap<String, Bounded<Sparse>>;

/// Which seconds are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Those in which nothing was broken and the load was at its height.
    Steady,
    /// All.
    Whole,
}

impl Recorded {
    /// A step's seconds.
    #[must_use]
    pub fn of(&self, journey: &str, step: &str, basis: Basis) -> Option<&Bounded<Sparse>> {
        let steps = match basis {
            Basis::Steady => &self.steady,
            Basis::Whole => &self.whole,
        };
        steps.get(&tag_of(journey, step))
    }

    /// Whether there is any steady second.
    #[must_use]
    pub fn is_ever_steady(&self) -> bool {
        !self.steady.is_empty()
    }
}

/// Reads what a run folder recorded of this run; none where there is no recording.
///
/// # Errors
/// The recording is there and cannot be read.
pub fn read(folder: &Path, run: &Summary) -> io::Result<Option<Recorded>> {
    let path = folder.join(HLOG);
    let named = |error: io::Error| {
        io::Error::new(
            error.kind(),
            format!("cannot read {}: {error}", path.display()),
        )
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(named(error)),
    };
    let mut recorded = Recorded::default();
    let mut seconds = SteadySeconds::of(&run.phases);
    let mut log = HlogReader::new(BufReader::new(file));
    while let Some(line) = log.read().map_err(named)? {
        // What follows a `;` is another time than the response time of all.
        if line.tag.contains(';') {
            continue;
        }
        let times = Sparse::from(&line.histogram);
        if let Some(position) = seconds.position(line.second) {
            let steady = recorded.steady.entry(line.tag.clone()).or_default();
            steady.add(position, times.clone());
        }
        recorded
            .whole
            .entry(line.tag)
            .or_default()
            .add(line.second, times);
    }
    Ok(Some(recorded))
}

/// Numbers the steady seconds of a run.
struct SteadySeconds {
    windows: Vec<PhaseWindow>,
    /// The last one that was asked for, and its number if it is steady.
    last: Option<(u64, Option<u64>)>,
    count: u64,
}

impl SteadySeconds {
    fn of(phases: &[Phase]) -> Self {
        let window = |phase: &Phase| PhaseWindow {
            name: phase.name.clone(),
            kind: phase.kind,
            fault: None,
            from: phase.from_us,
            to: phase.to_us,
        };
        Self {
            windows: phases.iter().map(window).collect(),
            last: None,
            count: 0,
        }
    }

    /// The number of a second, which must not be earlier than the one before; none: not steady.
    fn position(&mut self, second: u64) -> Option<u64> {
        if let Some((_, position)) = self.last.filter(|(last, _)| *last == second) {
            return position;
        }
        let windows = windows_of_second(&self.windows, second);
        let steady = |index: &usize| self.windows[*index].kind == PhaseKind::Steady;
        let is_steady = !windows.is_empty() && windows.iter().all(steady);
        let position = is_steady.then_some(self.count);
        self.count += u64::from(is_steady);
        self.last = Some((second, position));
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_seconds_are_numbered_without_those_of_ramps_and_faults() {
        let phase = |kind: PhaseKind, from: u64, to: u64| Phase {
            name: kind.name().to_owned(),
            kind,
            from_us: from * 1_000_000,
            to_us: to * 1_000_000,
            count: 0,
            failed: 0,
            response_time_us: None,
            service_time_us: None,
        };
        let mut seconds = SteadySeconds::of(&[
            phase(PhaseKind::Ramp, 0, 2),
            phase(PhaseKind::Steady, 2, 4),
            phase(PhaseKind::Fault, 4, 6),
            phase(PhaseKind::Steady, 6, 8),
        ]);
        // Several lines of the log are of one second; and some seconds have none.
        let asked = [0, 1, 2, 2, 3, 4, 6, 7, 7, 8];
        let numbers = asked.map(|second| seconds.position(second));
        let (none, some) = (None, Some);
        assert_eq!(
            numbers,
            [
                none,
                none,
                some(0),
                some(0),
                some(1),
                none,
                some(2),
                some(3),
                some(3),
                none
            ]
        );
    }
}
