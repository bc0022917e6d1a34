//! Everything that can make a run INVALID, by name. What each means and what to do is told in
//! `docs/validity.md`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why figures mean nothing. Its id is stable: pipelines recognise it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A generator thread had no processor time left.
    GeneratorCpu,
    /// Arrivals started far too late although users were free, second after second.
    ScheduleLag,
    /// Many arrivals started late although users were free.
    LateArrivals,
    /// Arrivals that the schedule called for never started.
    DroppedArrivals,
    /// No file descriptors were left for connections.
    Descriptors,
    /// No local ports were left for connections.
    EphemeralPorts,
    /// The wall clock jumped, or the machine slept.
    ClockStep,
    /// A data set whose rows may be used once had none left.
    DataRanOut,
    /// The target did not meet the SLO when a fault was to begin.
    UnhealthyTarget,
    /// A fault of the scenario was never injected.
    FaultNotInjected,
    /// A fault was accepted and changed nothing while the load ran.
    FaultWithoutEffect,
    /// What was measured could not be written down.
    RecordingIncomplete,
    /// A part of this tool panicked.
    ToolDefect,
    /// Told without a name, by a build from before causes had names.
    Unnamed,
}

impl Cause {
    /// Every cause that a run can have, in the order of the handbook.
    pub const ALL: [Self; 13] = [
        Self::GeneratorCpu,
        Self::ScheduleLag,
        Self::LateArrivals,
        Self::DroppedArrivals,
        Self::Descriptors,
        Self::EphemeralPorts,
        Self::ClockStep,
        Self::DataRanOut,
        Self::UnhealthyTarget,
        Self::FaultNotInjected,
        Self::FaultWithoutEffect,
        Self::RecordingIncomplete,
        Self::ToolDefect,
    ];

    /// As in files, reports and the handbook: `generator-cpu`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::GeneratorCpu => "generator-cpu",
            Self::ScheduleLag => "schedule-lag",
            Self::LateArrivals => "late-arrivals",
            Self::DroppedArrivals => "dropped-arrivals",
            Self::Descriptors => "descriptors",
            Self::EphemeralPorts => "ephemeral-ports",
            Self::ClockStep => "clock-step",
            Self::DataRanOut => "data-ran-out",
            Self::UnhealthyTarget => "unhealthy-target",
            Self::FaultNotInjected => "fault-not-injected",
            Self::FaultWithoutEffect => "fault-without-effect",
            Self::RecordingIncomplete => "recording-incomplete",
            Self::ToolDefect => "tool-defect",
            Self::Unnamed => "unnamed",
        }
    }

    /// This cause, as it was found.
    #[must_use]
    pub fn found(self, words: impl Into<String>) -> InvalidCause {
        InvalidCause {
            cause: self,
            words: words.into(),
        }
    }
}

/// A cause as it was found in a run.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct InvalidCause {
    /// Which one.
    pub cause: Cause,
    /// What was seen, and what to do.
    pub words: String,
}

impl fmt::Display for InvalidCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            Cause::Unnamed => f.write_str(&self.words),
            cause => write!(f, "{}: {}", cause.id(), self.words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the handbook's table: `| id | when it is raised | what to do |`.
    fn rows(handbook: &str) -> Vec<Vec<&str>> {
        let rows = handbook.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
            .collect()
    }

    #[test]
    fn the_handbook_tells_of_exactly_these_causes() {
        let rows = rows(include_str!("../../docs/validity.md"));
        let told: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
        assert_eq!(told, Cause::ALL.map(Cause::id));
        for row in rows {
            assert_eq!(row.len(), 3, "{row:?}");
            assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        }
    }

    #[test]
    fn files_and_handbook_use_the_same_names() {
        for cause in Cause::ALL {
            let written = serde_json::to_value(cause).expect("a cause is a text");
            assert_eq!(written, cause.id());
        }
    }
}
