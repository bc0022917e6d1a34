//! One rung after the other: its stack up, its capacity searched for, its stack down.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use target_app::control::RunningStack;

use super::{LadderArgs, Planned, keep, told};
use crate::capacity::result::Capacity;
use crate::capacity::steps::limits;
use crate::cli::capacity::{CapacityArgs, search};
use crate::cli::run::{Interrupts, Wish, start_stack};
use crate::gate::{ExitCode, Verdict};
use crate::ladder::result::{Ladder, Rung, SCHEMA_VERSION};
use crate::ladder::{rungs, stated};

/// What all rungs have in common.
pub(super) struct Climb<'a> {
    pub(super) args: &'a LadderArgs,
    /// The folder of the result.
    pub(super) place: &'a Path,
}

/// How a rung's search ended.
enum Found {
    /// As it should, in the folder of that name.
    Capacity(Capacity, String),
    /// The user did not want to wait.
    Interrupted(Option<(Capacity, String)>),
}

impl Climb<'_> {
    /// Climbs as far as it goes; what is known is on disk after each rung.
    ///
    /// # Errors
    /// What kept the first rung from being climbed, or the result from being written.
    pub(super) async fn go(
        &self,
        planned: &[Planned],
        interrupts: Interrupts,
    ) -> anyhow::Result<Ladder> {
        let mut ladder = self.nothing_yet(planned);
        for (index, plan) in planned.iter().enumerate() {
            if interrupts.wish() > Wish::Finish {
                ladder.is_interrupted = true;
                break;
            }
            let rung = rung(plan);
            told::begins(&rung, (index + 1, planned.len()));
            match self.rung(plan, &ladder, interrupts.clone()).await {
                Ok(Found::Capacity(capacity, folder)) => {
                    ladder.add(rung.measured(&capacity, folder));
                }
                Ok(Found::Interrupted(found)) => {
                    ladder.is_interrupted = true;
                    if let Some((capacity, folder)) = found {
                        ladder.add(rung.measured(&capacity, folder));
                    }
                }
                Err(error) if ladder.rungs.is_empty() => return Err(error),
                // What is known by now must not get lost with what went wrong since.
                Err(error) => ladder.add(Rung {
                    verdict: Verdict::Invalid,
                    reason: format!("It could not be climbed: {error:#}"),
                    ..rung
                }),
            }
            if let Some(rung) = ladder.rungs.last() {
                told::ends(rung);
            }
            keep(self.place, &ladder)?;
        }
        Ok(ladder)
    }

    async fn rung(
        &self,
        plan: &Planned,
        ladder: &Ladder,
        mut interrupts: Interrupts,
    ) -> anyhow::Result<Found> {
        let name = format!("{}-{}", plan.number, rungs::name(&plan.topology));
        let folder = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let place = self.place.join(&folder);
        std::fs::create_dir(&place)
            .with_context(|| format!("{} cannot be made", place.display()))?;
        let stack = tokio::select! {
            stack = self.start(plan) => stack?,
            // Dropping the future takes down what was started.
            () = interrupts.at_least(Wish::StopAndReport) => return Ok(Found::Interrupted(None)),
        };
        let searched = self.search(plan, ladder, &place, &stack, interrupts).await;
        let stopped = stack
            .stop()
            .await
            .context("the stack could not be taken down");
        let (capacity, code) = searched?;
        stopped?;
        Ok(match code {
            ExitCode::Interrupted => Found::Interrupted(Some((capacity, folder))),
            _ => Found::Capacity(capacity, folder),
        })
    }

    async fn start(&self, plan: &Planned) -> anyhow::Result<RunningStack> {
        let place = self.place.file_name().unwrap_or_default();
        let mut spec = plan.spec.clone();
        // A name of its own: two climbs at once have two stacks.
        spec.name = format!("{}-{}", place.to_string_lossy(), plan.number);
        start_stack(spec).await
    }

    /// Searches from below what the rung before held; where that fails already, from lower; once more
    /// where the runs say nothing.
    async fn search(
        &self,
        plan: &Planned,
        ladder: &Ladder,
        place: &Path,
        stack: &RunningStack,
        interrupts: Interrupts,
    ) -> anyhow::Result<(Capacity, ExitCode)> {
        let name = &stack.client().handle().name;
        let mut from = ladder.begin_at(self.args.from);
        let mut is_tried_again = false;
        loop {
            let args = self.capacity_args(plan, place, name, from);
            let (capacity, code) = search(&args, &plan.scenario, place, interrupts.clone()).await?;
            match capacity.verdict {
                // Something else may have kept the machine busy for a moment.
                Verdict::Invalid if !is_tried_again => {
                    is_tried_again = true;
                    told::again(&capacity.reason);
                }
                Verdict::Fail if from > self.args.from => {
                    from = (from / 2.0).max(self.args.from);
                }
                _ => return Ok((capacity, code)),
            }
        }
    }

    fn capacity_args(&self, plan: &Planned, place: &Path, stack: &str, from: f64) -> CapacityArgs {
        CapacityArgs {
            file: self.args.file.clone(),
            from: self.args.to.map_or(from, |to| from.min(to)),
            to: self.args.to,
            precision: self.args.precision,
            step_duration: self.args.step_duration,
            warm_up: self.args.warm_up,
            hold: self.args.hold,
            during: None,
            settle: Duration::ZERO,
            target: None,
            stack: Some(stack.to_owned()),
            seed: self.args.seed,
            sets: plan.sets.clone(),
            force: false,
            out: place.to_owned(),
            workers: self.args.workers,
        }
    }

    fn nothing_yet(&self, planned: &[Planned]) -> Ladder {
        let scenario = planned.first().map(|plan| &plan.scenario);
        let limits = scenario.map(limits).unwrap_or_default();
        Ladder {
            schema_version: SCHEMA_VERSION,
            scenario: scenario.map_or_else(String::new, |scenario| scenario.name.clone()),
            limits: limits.into_iter().map(|gate| gate.text).collect(),
            precision: self.args.precision,
            is_interrupted: false,
            rungs: Vec::new(),
            tool: format!("loadtest {}", env!("CARGO_PKG_VERSION")),
        }
    }
}

/// A rung of which nothing was measured yet.
fn rung(plan: &Planned) -> Rung {
    Rung {
        name: rungs::name(&plan.topology),
        topology: plan.topology.clone(),
        description: plan.description.clone(),
        stated: stated::words(&plan.spec),
        ..Rung::unmeasured(plan.number)
    }
}
