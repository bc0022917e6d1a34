//! Plays one part: the selftest's own target, and the very machinery of `loadtest run` against it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::parts::{Heard, Part};
use super::row::Row;
use super::sabotage::{Sabotage, Sabotages};
use super::target::Target;
use crate::cli::run::{Interrupts, Performed, Progress, RunArgs, RunFolder, Stage, perform};
use crate::report::Summary;
use crate::scenario::{self, Overrides, surroundings::Nowhere};

/// What one attempt at a part came to.
#[derive(Debug)]
pub(super) struct Played {
    /// Injected beside reported.
    pub(super) rows: Vec<Row>,
    /// How the generator did, among much else.
    pub(super) summary: Summary,
}

/// A folder for the runs of a selftest, taken away when it is over.
#[derive(Debug)]
pub(super) struct Workshop(PathBuf);

impl Workshop {
    /// A new one in the system's folder for such.
    ///
    /// # Errors
    /// It cannot be created.
    pub(super) fn open() -> anyhow::Result<Self> {
        let name = format!("loadtest-selftest-{}", uuid::Uuid::now_v7());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)
            .with_context(|| format!("{} cannot be created", path.display()))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // Ours alone: nobody else knows its name.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Plays it once; none when the user stopped it.
///
/// # Errors
/// What kept it from being played: a defect of the tool or of the machine.
pub(super) async fn play(
    part: Part,
    sabotages: &Sabotages,
    workshop: &Workshop,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Option<Played>> {
    let file = PathBuf::from(format!("selftest/{}.toml", part.name()));
    let mut overrides = Overrides::default();
    if sabotages.has(Sabotage::Arrival) {
        overrides.sets = part.one_arrival_more();
    }
    let reading = scenario::parse(part.scenario(), &file, &overrides, &Nowhere)
        .map_err(|mistakes| anyhow::anyhow!("the selftest's own scenario: {mistakes}"))?;
    let scenario = Arc::new(reading.scenario);
    let act = part.act(sabotages);
    let target = Target::start(act.clone())?;
    let stage = Stage::ours(target.url(), "the selftest's own", act.clone().providers());
    let folder = RunFolder::create(workshop.path(), &scenario.name)?;
    let performed = perform(
        &RunArgs::quietly(file),
        &scenario,
        &stage,
        &folder,
        interrupts,
        (Progress::line_only(part.lasts()), None),
    )
    .await?;
    let Performed {
        clock,
        began,
        summary: Some(summary),
        ..
    } = performed
    else {
        return Ok(None);
    };
    let heard = Heard {
        summary,
        clock,
        began,
    };
    Ok(Some(Played {
        rows: act.rows(&heard),
        summary: heard.summary,
    }))
}
