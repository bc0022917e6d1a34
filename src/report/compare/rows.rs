//! The same step, and the same fault, in every run.

use super::{Basis, Beside, Input};
use crate::gate::sufficiency::{FOR_AN_INTERVAL, beyond};
use crate::measure::quantile::{Sparse, ratio_bootstrap};
use crate::measure::timeline::Bounded;
use crate::report::Summary;
use crate::report::summary::{Fault, Step};

/// The quantiles that are compared.
pub const COMPARED: [f64; 3] = [0.5, 0.95, 0.99];

/// A step in every run.
#[derive(Debug)]
pub struct StepRow {
    /// Its journey's name.
    pub journey: String,
    /// Its name.
    pub step: String,
    /// In the order of the runs; none: that run does not have it.
    pub runs: Vec<Option<StepBeside>>,
}

/// A step in one of the runs.
#[derive(Debug)]
pub struct StepBeside {
    /// Requests of the whole run.
    pub count: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Response time of all answers at each of [`COMPARED`], microseconds; none: not measured.
    pub times: Option<[u64; COMPARED.len()]>,
    /// How many times as slow as in the reference, for each of [`COMPARED`]; none of the reference
    /// itself, and where one of the two was not measured.
    pub ratios: [Option<Ratio>; COMPARED.len()],
}

/// How many times as much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// 1.5: half as slow again.
    pub ratio: f64,
    /// Approximate 95 % interval within these two runs; none: too few requests, or no recording.
    pub interval: Option<[f64; 2]>,
}

impl Ratio {
    /// Whether the interval leaves 1 out: in these two runs the difference is no accident of their
    /// seconds. What other runs of the same would do it does not tell.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.interval
            .is_some_and(|[low, high]| low > 1.0 || high < 1.0)
    }
}

/// `▲ 1.31× (1.14–1.50)`: slower for sure, as far as these two runs go.
#[must_use]
pub fn ratio_words(ratio: Ratio) -> String {
    let mark = match (ratio.is_clear(), ratio.ratio > 1.0) {
        (false, _) => "",
        (true, true) => "▲ ",
        (true, false) => "▼ ",
    };
    let interval = ratio.interval.map_or(String::new(), |[low, high]| {
        format!(" ({low:.2}–{high:.2})")
    });
    format!("{mark}{:.2}×{interval}", ratio.ratio)
}

/// All steps of all runs.
pub(super) fn steps(inputs: &[Input], basis: Basis) -> Vec<StepRow> {
    let name = |step: &Step| (step.journey.clone(), step.step.clone());
    let names = named(inputs, |run| run.steps.iter().map(name).collect());
    let rows = names.into_iter().map(|(journey, step)| {
        let of: Vec<Option<OfStep<'_>>> = (inputs.iter())
            .map(|input| OfStep::find(input, (&journey, &step), basis))
            .collect();
        let runs = of.iter().enumerate().map(|(n, one)| {
            let one = one.as_ref()?;
            let first = of.first().filter(|_| n > 0).and_then(Option::as_ref);
            let seed = inputs.first().map_or(0, |input| input.run.run.seed);
            Some(StepBeside {
                count: one.step.count,
                failed: one.step.failed,
                times: one.times,
                ratios: first.map_or([None; COMPARED.len()], |first| one.relative_to(first, seed)),
            })
        });
        StepRow {
            runs: runs.collect(),
            journey: journey.clone(),
            step: step.clone(),
        }
    });
    rows.collect()
}

/// What one run says of one step.
struct OfStep<'r> {
    step: &'r Step,
    seconds: Option<&'r Bounded<Sparse>>,
    /// Requests that `times` rest on.
    count: u64,
    times: Option<[u64; COMPARED.len()]>,
}

impl<'r> OfStep<'r> {
    fn find(input: &'r Input, (journey, step): (&str, &str), basis: Basis) -> Option<Self> {
        let mut steps = input.run.steps.iter();
        let found = steps.find(|of| of.journey == journey && of.step == step)?;
        let recorded = input.recorded.as_ref();
        let seconds = recorded.and_then(|recorded| recorded.of(journey, step, basis));
        let (count, times) = match basis {
            Basis::Whole => {
                let times = found.response_time_us;
                (
                    found.count,
                    times.map(|times| [times.p50, times.p95, times.p99]),
                )
            }
            Basis::Steady => {
                let mut all = Sparse::default();
                let units = seconds.map_or(&[][..], Bounded::items);
                units.iter().for_each(|unit| all.merge(unit));
                let [p50, p95, p99] = COMPARED.map(|q| all.value_at(q));
                let times = p50.zip(p95).zip(p99);
                (all.count(), times.map(|((p50, p95), p99)| [p50, p95, p99]))
            }
        };
        Some(Self {
            step: found,
            seconds,
            count,
            times,
        })
    }

    fn relative_to(&self, first: &Self, seed: u64) -> [Option<Ratio>; COMPARED.len()] {
        let Some((theirs, ours)) = self.times.zip(first.times) else {
            return [None; COMPARED.len()];
        };
        let intervals = self.seconds.zip(first.seconds).and_then(|(theirs, ours)| {
            let units = |of: &'r Bounded<Sparse>| (of.items(), of.width_seconds());
            ratio_bootstrap(units(ours), units(theirs), &COMPARED, seed)
        });
        let fewest = self.count.min(first.count);
        std::array::from_fn(|n| {
            let enough = beyond(COMPARED[n], fewest) >= FOR_AN_INTERVAL;
            (ours[n] > 0).then(|| Ratio {
                ratio: theirs[n] as f64 / ours[n] as f64,
                interval: intervals.as_ref().filter(|_| enough).map(|all| all[n]),
            })
        })
    }
}

/// A fault in every run.
#[derive(Debug)]
pub struct FaultRow {
    /// As scenarios name it.
    pub name: String,
    /// In the order of the runs; none: that run does not have it.
    pub runs: Vec<Option<Fault>>,
}

/// Acknowledged writes at this fault's risk that are gone; the whole run's where faults are not told
/// apart.
#[must_use]
pub fn lost(fault: &Fault, one: &Beside) -> Option<u64> {
    fault.ledger.or(one.run.ledger).map(|ledger| ledger.lost)
}

/// All faults of all runs.
pub(super) fn faults(inputs: &[Input]) -> Vec<FaultRow> {
    let names = named(inputs, |run| {
        run.faults.iter().map(|fault| fault.name.clone()).collect()
    });
    let find = |input: &Input, name: &str| {
        let mut faults = input.run.faults.iter();
        faults.find(|fault| fault.name == name).cloned()
    };
    let rows = names.into_iter().map(|name| FaultRow {
        runs: inputs.iter().map(|input| find(input, &name)).collect(),
        name,
    });
    rows.collect()
}

/// The reference's names in its order, then those that only others have.
fn named<T: PartialEq>(inputs: &[Input], of: impl Fn(&Summary) -> Vec<T>) -> Vec<T> {
    let mut names: Vec<T> = Vec::new();
    for name in inputs.iter().flat_map(|input| of(&input.run)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
