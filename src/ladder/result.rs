//! What a climb came to: `ladder.json`.

use serde::{Deserialize, Serialize};

use crate::capacity::result::Capacity;
use crate::capacity::search::Outcome;
use crate::gate::{ExitCode, Verdict};
use crate::measure::units;

/// Version of its format.
pub const SCHEMA_VERSION: u32 = 1;

/// What each rung carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// [`SCHEMA_VERSION`] of the build that wrote it.
    pub schema_version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// What has to hold, as the scenario writes it.
    pub limits: Vec<String>,
    /// How far apart the rate that holds and the one that fails may be: 0.15 is 15 %.
    pub precision: f64,
    /// Whether it ended before the last rung because the user did not want to wait.
    pub is_interrupted: bool,
    /// From the bottom up, as far as it went.
    pub rungs: Vec<Rung>,
    /// Version of this tool.
    pub tool: String,
}

/// One rung.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// Its place on the ladder, from 1.
    pub number: usize,
    /// What it is called.
    pub name: String,
    /// The topology: a bundled one's name, or a file.
    pub topology: String,
    /// What that says of itself.
    pub description: String,
    /// What it states of its parts: the rate hangs on that, and not on this machine.
    pub stated: Vec<String>,
    /// Pass: its rate is known. Fail: not even the lowest holds. Invalid: the runs do not say.
    /// Inconclusive: too few requests to be sure, or interrupted.
    pub verdict: Verdict,
    /// One sentence: how much, and what limits it.
    pub reason: String,
    /// Iterations per second that were held. Absent when none was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The lowest rate that failed. Absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails_at: Option<f64>,
    /// Its rate over that of the rung before. Absent for the first, and where one is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bought: Option<f64>,
    /// Response time at the rate that was held, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<u64>,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<u64>,
    /// Rates that were tried.
    pub steps: usize,
    /// Where `capacity.html` and the steps' reports are, relative to `ladder.json`. Absent when
    /// nothing was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

impl Rung {
    /// One of which nothing is known yet but its place.
    #[must_use]
    pub fn unmeasured(number: usize) -> Self {
        Self {
            number,
            name: String::new(),
            topology: String::new(),
            description: String::new(),
            stated: Vec::new(),
            verdict: Verdict::Inconclusive,
            reason: String::new(),
            rate: None,
            fails_at: None,
            bought: None,
            p50_us: None,
            p99_us: None,
            steps: 0,
            folder: None,
        }
    }

    /// With what its search came to.
    #[must_use]
    pub fn measured(self, found: &Capacity, folder: String) -> Self {
        let mut held = found.steps.iter().rev();
        let held = held.find(|step| Some(step.rate) == found.rate && step.outcome == Outcome::Held);
        Self {
            verdict: found.verdict,
            reason: found.reason.clone(),
            rate: found.rate,
            fails_at: found.fails_at,
            p50_us: held.and_then(|step| step.p50_us),
            p99_us: held.and_then(|step| step.p99_us),
            steps: found.steps.len(),
            folder: Some(folder),
            ..self
        }
    }

    /// What it bought: `×1.84`; nothing where that is not known.
    #[must_use]
    pub fn gain(&self) -> Option<String> {
        self.bought.map(|times| format!("×{times:.2}"))
    }
}

impl Ladder {
    /// Adds a rung, and says what it bought.
    pub fn add(&mut self, mut rung: Rung) {
        let before = self.rungs.last().and_then(|before| before.rate);
        rung.bought = rung.rate.zip(before).map(|(rate, before)| rate / before);
        self.rungs.push(rung);
    }

    /// Where to begin looking on the next rung: below what the last one held, because a rung may
    /// also cost something; `lowest` at least.
    #[must_use]
    pub fn begin_at(&self, lowest: f64) -> f64 {
        const BELOW: f64 = 0.7;
        let mut known = self.rungs.iter().rev().filter_map(|rung| rung.rate);
        known.next().map_or(lowest, |rate| {
            ((rate * BELOW * 10.0).round() / 10.0).max(lowest)
        })
    }

    /// The most that any rung held.
    #[must_use]
    pub fn highest(&self) -> Option<f64> {
        let rates = self.rungs.iter().filter_map(|rung| rung.rate);
        rates.reduce(f64::max)
    }

    /// One sentence: from where to where.
    #[must_use]
    pub fn headline(&self) -> String {
        let mut known = self.rungs.iter().filter(|rung| rung.rate.is_some());
        let told = |rung: &Rung| {
            let rate = rung.rate.map_or_else(String::new, units::rate);
            format!("{rate} on “{}”", rung.name)
        };
        let stopped = match self.is_interrupted {
            true => " It was interrupted there.",
            false => "",
        };
        let first = known.next();
        match (first, known.next_back()) {
            (None, _) => format!("No rung's rate is known.{stopped}"),
            (Some(only), None) => format!("{}.{stopped}", told(only)),
            (Some(first), Some(last)) => {
                let times = last.rate.unwrap_or(0.0) / first.rate.unwrap_or(1.0);
                format!(
                    "From {} to {}: ×{times:.1}.{stopped}",
                    told(first),
                    told(last)
                )
            }
        }
    }

    /// What the process is to return.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let has = |verdict| self.rungs.iter().any(|rung| rung.verdict == verdict);
        if self.is_interrupted {
            ExitCode::Interrupted
        } else if has(Verdict::Invalid) {
            ExitCode::Invalid
        } else if has(Verdict::Fail) {
            ExitCode::GateFailed
        } else {
            ExitCode::Pass
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(number: usize, rate: Option<f64>, verdict: Verdict) -> Rung {
        Rung {
            name: format!("rung {number}"),
            verdict,
            rate,
            ..Rung::unmeasured(number)
        }
    }

    fn climbed(rungs: &[(Option<f64>, Verdict)]) -> Ladder {
        let mut ladder = Ladder {
            schema_version: SCHEMA_VERSION,
            scenario: String::new(),
            limits: Vec::new(),
            precision: 0.2,
            is_interrupted: false,
            rungs: Vec::new(),
            tool: String::new(),
        };
        for (index, (rate, verdict)) in rungs.iter().enumerate() {
            ladder.add(rung(index + 1, *rate, *verdict));
        }
        ladder
    }

    #[test]
    fn a_rung_bought_its_rate_over_that_of_the_one_before() {
        use Verdict::{Invalid, Pass};
        let ladder = climbed(&[
            (Some(10.0), Pass),
            (Some(15.0), Pass),
            (None, Invalid),
            (Some(12.0), Pass),
        ]);
        let bought: Vec<_> = ladder.rungs.iter().map(Rung::gain).collect();
        assert_eq!(bought, [None, Some("×1.50".to_owned()), None, None]);
        assert_eq!(
            ladder.headline(),
            "From 10.0/s on “rung 1” to 12.0/s on “rung 4”: ×1.2."
        );
        assert_eq!(ladder.exit_code(), ExitCode::Invalid);
    }

    #[test]
    fn the_next_rung_begins_below_what_is_known_and_never_below_the_lowest() {
        assert_eq!(climbed(&[]).begin_at(5.0), 5.0);
        let known = climbed(&[(Some(40.0), Verdict::Pass), (None, Verdict::Invalid)]);
        assert_eq!(known.begin_at(5.0), 28.0);
        assert_eq!(known.begin_at(30.0), 30.0);
    }

    #[test]
    fn an_interrupted_climb_says_so() {
        let mut ladder = climbed(&[(Some(8.0), Verdict::Pass)]);
        ladder.is_interrupted = true;
        assert_eq!(
            ladder.headline(),
            "8.0/s on “rung 1”. It was interrupted there."
        );
        assert_eq!(ladder.exit_code(), ExitCode::Interrupted);
        assert_eq!(climbed(&[]).headline(), "No rung's rate is known.");
        assert_eq!(
            climbed(&[(None, Verdict::Fail)]).exit_code(),
            ExitCode::GateFailed
        );
    }
}
