//! Phases: labels on the run's time, so that an outage never hides in a steady average.

use serde::{Deserialize, Serialize};

use super::clock::Micros;
use crate::scenario::{FaultId, Load, Scenario, Shape};

/// A label on a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseWindow {
    /// `ramp`, `steady`, `fault: lose a pod`, `recovery: lose a pod`.
    pub name: String,
    /// Which kind.
    pub kind: PhaseKind,
    /// Inclusive.
    pub from_us: Micros,
    /// Exclusive.
    pub to_us: Micros,
}

/// Kinds of phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseKind {
    /// The load's schedule still rises.
    Ramp,
    /// Full load and no fault.
    Steady,
    /// From a fault's acceptance until the SLO held again and the fault was undone.
    Fault(FaultId),
    /// After a fault's window, while the infrastructure restores its redundancy.
    Recovery(FaultId),
    /// The load's schedule falls to its end.
    RampDown,
}

/// When a fault began, ended for users, and ended for the infrastructure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSpan {
    /// Which.
    pub fault: FaultId,
    /// T0.
    pub accepted: Micros,
    /// The later of T5 and the undo; none: not by the end of the run.
    pub window_end: Option<Micros>,
    /// T7, if it came after the window's end.
    pub restored: Option<Micros>,
}

/// Cuts `0..end` into phases without gaps. Where fault windows overlap, the later fault's begins
/// when it was accepted.
#[must_use]
pub fn phases(scenario: &Scenario, faults: &[FaultSpan], end: Micros) -> Vec<PhaseWindow> {
    let mut cuts = vec![0, end];
    let (ramp_end, down_from) = plateau(&scenario.loads, end);
    cuts.extend([ramp_end, down_from]);
    for span in faults {
        cuts.push(span.accepted);
        cuts.extend(span.window_end);
        cuts.extend(span.restored);
    }
    cuts.retain(|cut| *cut <= end);
    cuts.sort_unstable();
    cuts.dedup();
    let mut windows: Vec<PhaseWindow> = Vec::new();
    for pair in cuts.windows(2) {
        let kind = kind_at(pair[0], faults, ramp_end, down_from);
        match windows.last_mut() {
            Some(last) if last.kind == kind => last.to_us = pair[1],
            _ => windows.push(PhaseWindow {
                name: name(kind, scenario),
                kind,
                from_us: pair[0],
                to_us: pair[1],
            }),
        }
    }
    windows
}

fn kind_at(at: Micros, faults: &[FaultSpan], ramp_end: Micros, down_from: Micros) -> PhaseKind {
    let in_window = |span: &&FaultSpan| {
        span.accepted <= at && span.window_end.is_none_or(|window_end| at < window_end)
    };
    let restoring = |span: &&FaultSpan| {
        span.accepted <= at && span.restored.is_some_and(|restored| at < restored)
    };
    let latest = |span: &&FaultSpan| span.accepted;
    if let Some(span) = faults.iter().filter(in_window).max_by_key(latest) {
        PhaseKind::Fault(span.fault)
    } else if let Some(span) = faults.iter().filter(restoring).max_by_key(latest) {
        PhaseKind::Recovery(span.fault)
    } else if at < ramp_end {
        PhaseKind::Ramp
    } else if at >= down_from {
        PhaseKind::RampDown
    } else {
        PhaseKind::Steady
    }
}

fn name(kind: PhaseKind, scenario: &Scenario) -> String {
    match kind {
        PhaseKind::Ramp => "ramp".into(),
        PhaseKind::Steady => "steady".into(),
        PhaseKind::RampDown => "ramp down".into(),
        PhaseKind::Fault(fault) => format!("fault: {}", scenario.faults[fault].name),
        PhaseKind::Recovery(fault) => format!("recovery: {}", scenario.faults[fault].name),
    }
}

/// When the last load stops rising for the first time, and when the first begins its final fall.
fn plateau(loads: &[Load], end: Micros) -> (Micros, Micros) {
    let mut ramp_end = 0;
    let mut down_from = end;
    for load in loads {
        let segments = segments(&load.shape);
        let rising = segments.iter().take_while(|(from, to, _)| to > from);
        ramp_end = ramp_end.max(rising.map(|(_, _, over)| *over).sum());
        let total: Micros = segments.iter().map(|(_, _, over)| *over).sum();
        let falling = segments.iter().rev().take_while(|(from, to, _)| to < from);
        down_from = down_from.min(total - falling.map(|(_, _, over)| *over).sum::<Micros>());
    }
    (ramp_end.min(end), down_from.max(ramp_end))
}

/// `(from, to, length)` of each stretch.
fn segments(shape: &Shape) -> Vec<(f64, f64, Micros)> {
    let micros = |over: std::time::Duration| u64::try_from(over.as_micros()).unwrap_or(u64::MAX);
    match shape {
        Shape::Arrivals { segments, .. } => segments
            .iter()
            .map(|part| (part.from, part.to, micros(part.over)))
            .collect(),
        Shape::Users { segments } => segments
            .iter()
            .map(|part| (part.from as f64, part.to as f64, micros(part.over)))
            .collect(),
    }
}
