//! What two versions measured in turn came to: `ab.json`, and the pages made from it.

mod markdown;

pub use markdown::render as markdown;

use serde::{Deserialize, Serialize};

use super::Summary;
use crate::gate::paired::{FEWEST_PAIRS, Paired, Side};
use crate::gate::{Ending, ExitCode, GateVerdict, Verdict};

/// Version of the format of `ab.json`.
pub const SCHEMA_VERSION: u32 = 1;

/// Two versions measured in turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ab {
    /// [`SCHEMA_VERSION`] of the build that wrote it.
    pub schema_version: u32,
    /// What it comes to: whether b is surely worse than allowed.
    pub verdict: Verdict,
    /// One sentence: why.
    pub reason: String,
    /// The process's exit code.
    pub exit_code: u8,
    /// The scenario's name.
    pub scenario: String,
    /// What a is, in words.
    pub a: String,
    /// What b is, in words.
    pub b: String,
    /// What b may be worse by: 0.1 is 10 %.
    pub margin: f64,
    /// One for each metric that was measured in every pair.
    pub metrics: Vec<Paired>,
    /// In the order in which they were run.
    pub runs: Vec<AbRun>,
    /// Version of this tool.
    pub tool: String,
}

/// One of the runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AbRun {
    /// Which pair, counted from 1.
    pub pair: usize,
    /// Which of the two.
    pub side: Side,
    /// The run's name.
    pub run: String,
    /// Its folder, relative to that of `ab.json`.
    pub folder: String,
    /// What it came to by itself.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Whether its pair counts: both of it were run to their end, and are valid.
    pub counts: bool,
    /// Requests.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Response time of the whole run, microseconds. Absent without requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<u64>,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<u64>,
}

impl AbRun {
    /// Of a run's summary.
    #[must_use]
    pub fn of(pair: usize, side: Side, folder: String, run: &Summary) -> Self {
        let times = run.requests.response_time_us;
        Self {
            pair,
            side,
            run: run.run.id.clone(),
            folder,
            verdict: run.verdict,
            reason: run.reason.clone(),
            counts: is_a_sample(run),
            requests: run.requests.total,
            failed: run.requests.failed,
            p50_us: times.map(|times| times.p50),
            p99_us: times.map(|times| times.p99),
        }
    }
}

/// Whether a run's figures may be compared at all.
#[must_use]
pub fn is_a_sample(run: &Summary) -> bool {
    run.ending == Ending::Completed && run.verdict != Verdict::Invalid
}

/// How it came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// As many pairs as were asked for, or as could be had.
    Whole,
    /// The user did not want to wait.
    Interrupted,
    /// A fault of one of the runs could not be undone.
    Dirty,
    /// A run could not be made, for this reason.
    Broken(String),
}

impl Ab {
    /// Decides what the metrics come to together, and tells why; with the process's exit code.
    #[must_use]
    pub fn decided(mut self, end: End, strict: bool) -> (Self, ExitCode) {
        let pairs = self.metrics.first().map_or(0, |one| one.pairs);
        let first = |verdict| {
            let mut found = self.metrics.iter().filter(|one| one.verdict == verdict);
            let first = found.next().map(|one| one.explanation.clone());
            first.map(|words| (words, found.count()))
        };
        let told = |(words, more): (String, usize)| match more {
            0 => words,
            more => format!("{words}; {more} more below"),
        };
        (self.verdict, self.reason) = if pairs < FEWEST_PAIRS {
            let why = "the others were not run to their end, are invalid, or measured nothing";
            let reason =
                format!("Only {pairs} pairs count of the {FEWEST_PAIRS} that are needed: {why}");
            (Verdict::Invalid, reason)
        } else if let Some(worse) = first(GateVerdict::Fail) {
            (
                Verdict::Fail,
                format!("b is worse than allowed. {}", told(worse)),
            )
        } else if let Some(open) = first(GateVerdict::Inconclusive) {
            let why = "the pairs differ too much to tell, more of them (--pairs) would";
            (Verdict::Inconclusive, format!("{}: {why}", told(open)))
        } else {
            let reason = format!(
                "b is no worse than allowed in all {} metrics",
                self.metrics.len()
            );
            (Verdict::Pass, reason)
        };
        let (ending, dirty) = match &end {
            End::Whole | End::Broken(_) => (Ending::Completed, false),
            End::Interrupted => (Ending::Interrupted, false),
            End::Dirty => (Ending::Aborted, true),
        };
        match end {
            End::Whole => {}
            End::Interrupted => self.reason = format!("Interrupted. {}", self.reason),
            End::Broken(why) => self.reason = format!("Ended early: {why}. {}", self.reason),
            End::Dirty => {
                let why =
                    "A fault could not be undone, so the environment is dirty and no run followed.";
                self.reason = format!("{why} {}", self.reason);
            }
        }
        let code = ExitCode::of_run(self.verdict, ending, dirty, strict);
        self.exit_code = code.code();
        (self, code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(verdict: GateVerdict, pairs: usize) -> Paired {
        Paired {
            metric: "steady/p99".into(),
            ratio: 1.12,
            interval: [1.05, 1.19],
            allowed: 1.1,
            pairs,
            verdict,
            explanation: "p99: b is 1.12× a (1.05–1.19, 6 pairs); allowed 1.10×".into(),
        }
    }

    fn ended(metrics: Vec<Paired>, end: End, strict: bool) -> (Verdict, u8) {
        let ab = Ab {
            schema_version: SCHEMA_VERSION,
            verdict: Verdict::Pass,
            reason: String::new(),
            exit_code: 0,
            scenario: "checkout".into(),
            a: "http://a".into(),
            b: "http://b".into(),
            margin: 0.1,
            metrics,
            runs: Vec::new(),
            tool: "loadtest".into(),
        };
        let (ab, code) = ab.decided(end, strict);
        assert_eq!(ab.exit_code, code.code());
        assert!(!ab.reason.is_empty());
        (ab.verdict, ab.exit_code)
    }

    #[test]
    fn one_metric_that_is_worse_decides_and_dirt_outranks_all() {
        use GateVerdict::{Fail, Inconclusive, Pass};
        let (pass, open, fail) = (metric(Pass, 6), metric(Inconclusive, 6), metric(Fail, 6));
        let all = vec![pass.clone(), open.clone(), fail.clone()];
        assert_eq!(ended(all.clone(), End::Whole, true), (Verdict::Fail, 3));
        let two = vec![pass.clone(), open.clone()];
        assert_eq!(
            ended(two.clone(), End::Whole, false),
            (Verdict::Inconclusive, 0)
        );
        assert_eq!(ended(two, End::Whole, true).1, 5);
        assert_eq!(ended(vec![pass], End::Whole, true), (Verdict::Pass, 0));
        assert_eq!(
            ended(vec![metric(Pass, 3)], End::Whole, false),
            (Verdict::Invalid, 4)
        );
        assert_eq!(ended(Vec::new(), End::Interrupted, false).1, 130);
        let broken = End::Broken("nothing answers".into());
        assert_eq!(ended(vec![metric(Pass, 5)], broken.clone(), false).1, 0);
        assert_eq!(ended(Vec::new(), broken, false).1, 4);
        assert_eq!(ended(all, End::Dirty, false).1, 6);
    }
}
