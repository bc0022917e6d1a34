//! What a run comes to, and the number a pipeline reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::result::{GateResult, GateVerdict};
use crate::measure::validity::InvalidCause;

/// What a run comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every gate held.
    Pass,
    /// A gate did not hold.
    Fail,
    /// Too little was measured to tell.
    Inconclusive,
    /// The run measured something other than the target: its figures mean nothing.
    Invalid,
}

impl Verdict {
    /// As in headings: `PASS`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Invalid => "INVALID",
        }
    }
}

/// Decides: an invalid run can neither pass nor fail, a failed gate outranks an undecided one.
#[must_use]
pub fn decide(gates: &[GateResult], invalid_causes: &[InvalidCause]) -> Verdict {
    let any = |verdict| gates.iter().any(|gate| gate.verdict == verdict);
    if !invalid_causes.is_empty() {
        Verdict::Invalid
    } else if any(GateVerdict::Fail) {
        Verdict::Fail
    } else if any(GateVerdict::Inconclusive) {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    }
}

/// How the run came to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The load's schedule was over.
    #[default]
    Completed,
    /// A guard stopped it.
    Aborted,
    /// A person or the pipeline stopped it.
    Interrupted,
}

/// What the process returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Pass, or nothing worse than a warning.
    Pass,
    /// A defect of this tool or of the machine.
    Internal,
    /// The command line or the scenario is wrong; nothing was started.
    Usage,
    /// A gate did not hold.
    GateFailed,
    /// The run's figures mean nothing.
    Invalid,
    /// Too little was measured, and `--strict` asks for certainty.
    Inconclusive,
    /// A fault could not be undone: the environment needs a person.
    UndoFailed,
    /// Stopped by Ctrl-C or SIGTERM.
    Interrupted,
}

impl ExitCode {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::GateFailed => 3,
            Self::Invalid => 4,
            Self::Inconclusive => 5,
            Self::UndoFailed => 6,
            Self::Interrupted => 130,
        }
    }

    /// The code of a run that came to its end. A dirty environment outranks everything, because
    /// whatever runs next would be measured on it; an interruption outranks the verdict, because
    /// the gates judged only a part of the run.
    #[must_use]
    pub fn of_run(verdict: Verdict, ending: Ending, undo_failed: bool, strict: bool) -> Self {
        if undo_failed {
            return Self::UndoFailed;
        }
        if ending == Ending::Interrupted {
            return Self::Interrupted;
        }
        match verdict {
            Verdict::Invalid => Self::Invalid,
            Verdict::Fail => Self::GateFailed,
            // A run that a guard stopped did not do what the scenario asks for.
            Verdict::Pass | Verdict::Inconclusive if ending == Ending::Aborted => Self::GateFailed,
            Verdict::Inconclusive if strict => Self::Inconclusive,
            Verdict::Pass | Verdict::Inconclusive => Self::Pass,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::validity::Cause;

    #[test]
    fn the_most_urgent_cause_decides_the_exit_code() {
        use Ending::{Aborted, Completed, Interrupted};
        use Verdict::{Fail, Inconclusive, Invalid, Pass};
        let code = |verdict, ending, dirty, strict| {
            ExitCode::of_run(verdict, ending, dirty, strict).code()
        };
        let table = [
            (Pass, Completed, false, false, 0),
            (Fail, Completed, false, false, 3),
            (Invalid, Completed, false, false, 4),
            (Inconclusive, Completed, false, false, 0),
            (Inconclusive, Completed, false, true, 5),
            (Pass, Aborted, false, false, 3),
            (Inconclusive, Aborted, false, true, 3),
            (Invalid, Aborted, false, false, 4),
            (Pass, Interrupted, false, false, 130),
            (Fail, Interrupted, false, false, 130),
            (Pass, Completed, true, false, 6),
            (Fail, Interrupted, true, true, 6),
        ];
        for (verdict, ending, dirty, strict, expected) in table {
            assert_eq!(
                code(verdict, ending, dirty, strict),
                expected,
                "{verdict:?} {ending:?} {dirty} {strict}"
            );
        }
    }

    #[test]
    fn an_invalid_run_neither_passes_nor_fails() {
        let gate = |verdict| GateResult {
            id: "run/whole/errors".into(),
            text: "errors < 1%".into(),
            line: 1,
            phase: "whole run".into(),
            measured: None,
            op: "<".into(),
            limit: 0.01,
            unit: super::super::Unit::Ratio,
            interval: None,
            margin: None,
            samples: None,
            verdict,
            explanation: String::new(),
        };
        let (pass, fail, unsure) = (
            gate(GateVerdict::Pass),
            gate(GateVerdict::Fail),
            gate(GateVerdict::Inconclusive),
        );
        assert_eq!(decide(&[], &[]), Verdict::Pass);
        assert_eq!(
            decide(&[pass.clone(), unsure.clone()], &[]),
            Verdict::Inconclusive
        );
        assert_eq!(decide(&[pass, unsure, fail.clone()], &[]), Verdict::Fail);
        for cause in Cause::ALL {
            let causes = [cause.found("so it was")];
            for gates in [vec![], vec![fail.clone()]] {
                let verdict = decide(&gates, &causes);
                assert_eq!(verdict, Verdict::Invalid, "{cause:?}");
                let code = ExitCode::of_run(verdict, Ending::Completed, false, false);
                assert_eq!(code.code(), 4, "{cause:?}");
            }
        }
    }
}
