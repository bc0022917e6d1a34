//! Tells a person about faults as they happen.

use super::progress::{Live, Progress, clock};
use crate::chaos::record::{ChaosEvent, ChaosEventKind};
use crate::scenario::Scenario;

/// Says what happened to a fault, and keeps the moving line's words about it up to date.
pub(super) fn fault(
    progress: &mut Progress,
    live: &mut Live,
    scenario: &Scenario,
    event: &ChaosEvent,
) {
    let Some(fault) = event.fault else { return };
    let name = &scenario.faults[fault].name;
    let style = progress.style();
    let say = |progress: &mut Progress, words: String| {
        let name = style.strong(format!("[{name}]"));
        if progress.has_operator() {
            // A console has a clock of its own.
            return progress.say(&format!("{name} {words}"));
        }
        let at = style.dim(clock(event.at_us / 1_000_000));
        progress.say(&format!("{at} {name} {words}"));
    };
    match &event.what {
        ChaosEventKind::Planned { words, .. } => {
            live.fault = Some(name.clone());
            say(progress, words.clone());
        }
        ChaosEventKind::Waiting { why } => {
            live.fault = Some(format!("{name}: waiting"));
            say(progress, format!("waits: {why}"));
        }
        ChaosEventKind::HeldBack { reason } => {
            progress.warn(&format!("[{name}] held back: {reason}"));
        }
        ChaosEventKind::Accepted => live.fault = Some(name.clone()),
        ChaosEventKind::Effective => say(progress, "has taken effect".into()),
        ChaosEventKind::RolledBack { why } => say(progress, format!("is rolled back: {why}")),
        ChaosEventKind::Undoing => live.fault = Some(format!("{name}: undoing")),
        // Which of the two comes last depends on the fault; then it is over.
        ChaosEventKind::Undone => {
            live.fault = None;
            say(progress, style.good("undone"));
        }
        ChaosEventKind::Restored => {
            live.fault = None;
            say(progress, style.good("the infrastructure is whole again"));
        }
        ChaosEventKind::UndoFailed { reason, by_hand } => {
            live.fault = None;
            progress.warn(&format!("[{name}] could not be undone: {reason}"));
            for command in by_hand {
                progress.warn(&format!("  by hand: {command}"));
            }
        }
        ChaosEventKind::Refused { reason } => {
            live.fault = None;
            progress.warn(&format!("[{name}] refused: {reason}"));
        }
        ChaosEventKind::Failed { reason } => progress.warn(&format!("[{name}] failed: {reason}")),
        ChaosEventKind::Skipped { reason } => {
            live.fault = None;
            progress.warn(&format!("[{name}] skipped: {reason}"));
        }
        ChaosEventKind::GaveUp { reason } => {
            live.fault = None;
            progress.warn(&format!("[{name}] gave up: {reason}"));
        }
        ChaosEventKind::Problem { .. } | ChaosEventKind::Provider { .. } => {}
    }
}
