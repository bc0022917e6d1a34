//! Cuts a run's time into phases, so that an outage never hides in a steady average. Pure.

use super::clock::Micros;
use super::window::{PhaseKind, PhaseWindow};
use crate::scenario::{FaultId, Load, Scenario, Shape};

/// When a fault began, ended for users, and ended for the infrastructure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSpan {
    /// Which.
    pub fault: FaultId,
    /// T0.
    pub accepted: Micros,
    /// T5; none: users were not served again by the end of the run.
    pub recovered: Option<Micros>,
    /// The later of T5 and the undo; none: not by the end of the run.
    pub window_end: Option<Micros>,
    /// T7, if it came after the window's end.
    pub restored: Option<Micros>,
}

impl FaultSpan {
    fn window(&self, end: Micros) -> (Micros, Micros) {
        let to = self.window_end.unwrap_or(end).clamp(self.accepted, end);
        // A fault that nobody felt still has a window: the moment in which it happened.
        (
            self.accepted,
            to.max((self.accepted + SHORTEST_WINDOW_US).min(end)),
        )
    }
}

/// Requests are told apart by the second.
const SHORTEST_WINDOW_US: Micros = 1_000_000;

/// When the load's schedules run, run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadSpan {
    /// Their `t = 0`.
    pub began: Micros,
    /// When the last request ended.
    pub ended: Micros,
}

/// Every fault's window, and what lies between them: ramp, steady, recovery.
#[must_use]
pub fn phases(scenario: &Scenario, faults: &[FaultSpan], load: LoadSpan) -> Vec<PhaseWindow> {
    let end = load.ended;
    let faults: Vec<&FaultSpan> = faults.iter().filter(|span| span.accepted < end).collect();
    let mut windows: Vec<PhaseWindow> = faults
        .iter()
        .map(|span| {
            let (from, to) = span.window(end);
            let name = scenario.faults[span.fault].name.clone();
            PhaseWindow {
                name,
                kind: PhaseKind::Fault,
                fault: Some(span.fault),
                from,
                to,
            }
        })
        .collect();
    windows.extend(between(&faults, plateau(&scenario.loads, load), load));
    windows.sort_by_key(|window| (window.from, window.to));
    windows
}

/// The stretches outside all fault windows.
fn between(faults: &[&FaultSpan], plateau: LoadSpan, load: LoadSpan) -> Vec<PhaseWindow> {
    let mut cuts = vec![load.began, plateau.began, plateau.ended, load.ended];
    for span in faults {
        let (from, to) = span.window(load.ended);
        cuts.extend([from, to]);
        cuts.extend(span.restored);
    }
    cuts.retain(|cut| (load.began..=load.ended).contains(cut));
    cuts.sort_unstable();
    cuts.dedup();
    let mut windows: Vec<PhaseWindow> = Vec::new();
    for pair in cuts.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let broken = |span: &&&FaultSpan| {
            let window = span.window(load.ended);
            window.0 <= from && from < window.1
        };
        if faults.iter().any(|span| broken(&span)) {
            continue;
        }
        let restoring = |span: &&&FaultSpan| {
            span.accepted <= from && span.restored.is_some_and(|restored| from < restored)
        };
        let (name, kind) = if faults.iter().any(|span| restoring(&span)) {
            ("recovery", PhaseKind::Recovery)
        } else if from < plateau.began {
            ("ramp", PhaseKind::Ramp)
        } else if from >= plateau.ended {
            ("ramp down", PhaseKind::Ramp)
        } else {
            ("steady", PhaseKind::Steady)
        };
        match windows.last_mut() {
            Some(last) if last.name == name && last.to == from => last.to = to,
            _ => windows.push(PhaseWindow {
                name: name.into(),
                kind,
                fault: None,
                from,
                to,
            }),
        }
    }
    windows
}

/// From when the last load stops its first rise until the first begins its final fall.
fn plateau(loads: &[Load], load: LoadSpan) -> LoadSpan {
    let mut began = load.began;
    let mut ended = load.ended;
    for shape in loads.iter().map(|load| &load.shape) {
        let segments = segments(shape);
        let length = |parts: &mut dyn Iterator<Item = &(f64, f64, Micros)>| -> Micros {
            parts.map(|(_, _, over)| *over).sum()
        };
        let rise = length(&mut segments.iter().take_while(|(from, to, _)| to > from));
        let fall = length(&mut segments.iter().rev().take_while(|(from, to, _)| to < from));
        let total = length(&mut segments.iter());
        began = began.max(load.began + rise);
        ended = ended.min(load.began + total - fall);
    }
    let began = began.min(load.ended);
    LoadSpan {
        began,
        ended: ended.max(began),
    }
}

/// `(from, to, length)` of each stretch.
fn segments(shape: &Shape) -> Vec<(f64, f64, Micros)> {
    let micros = |over: std::time::Duration| u64::try_from(over.as_micros()).unwrap_or(u64::MAX);
    match shape {
        Shape::Arrivals { segments, .. } => segments
            .iter()
            .map(|part| (part.from, part.to, micros(part.over)))
            .collect(),
        Shape::Users { segments, .. } => segments
            .iter()
            .map(|part| (part.from as f64, part.to as f64, micros(part.over)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Micros = 1_000_000;

    fn span(accepted: Micros, window_end: Option<Micros>, restored: Option<Micros>) -> FaultSpan {
        FaultSpan {
            fault: 0,
            accepted,
            recovered: window_end,
            window_end,
            restored,
        }
    }

    fn words(windows: &[PhaseWindow]) -> Vec<(&str, Micros, Micros)> {
        windows
            .iter()
            .map(|w| (w.name.as_str(), w.from / S, w.to / S))
            .collect()
    }

    #[test]
    fn time_between_faults_is_ramp_steady_or_recovery() {
        let load = LoadSpan {
            began: 0,
            ended: 100 * S,
        };
        let plateau = LoadSpan {
            began: 10 * S,
            ended: 95 * S,
        };
        let faults = [
            span(25 * S, Some(30 * S), Some(40 * S)),
            span(60 * S, Some(62 * S), None),
        ];
        let windows = between(&faults.iter().collect::<Vec<_>>(), plateau, load);
        assert_eq!(
            words(&windows),
            [
                ("ramp", 0, 10),
                ("steady", 10, 25),
                ("recovery", 30, 40),
                ("steady", 40, 60),
                ("steady", 62, 95),
                ("ramp down", 95, 100),
            ]
        );
    }

    #[test]
    fn a_fault_that_never_ends_leaves_nothing_steady_after_it() {
        let load = LoadSpan {
            began: 0,
            ended: 50 * S,
        };
        let faults = [span(20 * S, None, None)];
        let windows = between(&faults.iter().collect::<Vec<_>>(), load, load);
        assert_eq!(words(&windows), [("steady", 0, 20)]);
    }
}
