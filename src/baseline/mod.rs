//! Runs to compare with: where they are kept, which belong together, and what is compared.
//!
//! A baseline lives outside the branch that it judges, as
//! `<scenario>/<fingerprint>/<run>/{summary.json,run.hlog}`. Only runs of one fingerprint are ever
//! compared: the same scenario and load, made by the same class of machine, against the same
//! topology. An intended change of performance starts a new *epoch*: earlier runs stay, and do not
//! count any more.

mod dir;
mod epoch;
mod fingerprint;
mod git;
mod metric;
mod store;

pub use dir::DirStore;
pub use epoch::Epoch;
pub use fingerprint::Fingerprint;
pub use git::GitStore;
pub use metric::{BadMetric, Metric};
pub use store::{Place, Store, StoreError};

use std::path::Path;

use crate::gate::Verdict;
use crate::gate::regression::Samples;
use crate::report::Summary;

/// What is kept of a run, besides its summary.
const RECORDING: &str = "run.hlog";
const SUMMARY: &str = "summary.json";
const EPOCH: &str = "epoch.json";

/// Baselines in a store.
pub struct Baselines {
    store: Box<dyn Store>,
}

impl std::fmt::Debug for Baselines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Baselines").finish_non_exhaustive()
    }
}

/// Why a run does not become part of a baseline.
#[derive(Debug, thiserror::Error)]
pub enum RefusedRun {
    /// Its figures mean nothing, or say that the target was not well.
    #[error("run {run} is {verdict}: {reason}. Only runs that passed are compared with")]
    NotPassed {
        /// The run.
        run: String,
        /// Its verdict.
        verdict: &'static str,
        /// Why.
        reason: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The runs that a candidate is compared with.
#[derive(Debug, Default)]
pub struct Runs {
    /// In order of time.
    pub runs: Vec<Summary>,
    /// The epoch that they belong to; none: the first.
    pub epoch: Option<Epoch>,
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Scenario, as a folder name.
    pub scenario: String,
    /// Fingerprint.
    pub fingerprint: String,
    /// Runs, in order of time.
    pub runs: Vec<String>,
    /// How many of them count: those of the current epoch.
    pub counting: usize,
}

impl Baselines {
    /// Those in this store.
    #[must_use]
    pub fn of(store: Box<dyn Store>) -> Self {
        Self { store }
    }

    /// Those at this place.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be opened.
    pub fn open(place: &Place) -> Result<Self, StoreError> {
        Ok(Self::of(match place {
            Place::Dir(path) => Box::new(DirStore::new(path)),
            Place::Git { branch, remote } => {
                Box::new(GitStore::open(Path::new("."), branch, remote.as_deref())?)
            }
        }))
    }

    /// Adds a run, with its recording where there is one. The same run twice is once.
    ///
    /// # Errors
    /// [`RefusedRun`].
    pub fn add(&self, run: &Summary, recording: Option<Vec<u8>>) -> Result<String, RefusedRun> {
        if run.verdict != Verdict::Pass {
            return Err(RefusedRun::NotPassed {
                run: run.run.id.clone(),
                verdict: run.verdict.word(),
                reason: run.reason.clone(),
            });
        }
        let folder = format!("{}/{}", folder_of(run), run.run.id);
        let summary = serde_json::to_vec_pretty(run).map_err(StoreError::from)?;
        let mut files = vec![(format!("{folder}/{SUMMARY}"), summary)];
        files.extend(recording.map(|bytes| (format!("{folder}/{RECORDING}"), bytes)));
        self.store.write(files, &format!("Add {}", run.run.id))?;
        Ok(folder)
    }

    /// The runs that this one is compared with: of its fingerprint and of the current epoch,
    /// without itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs_for(&self, candidate: &Summary) -> Result<Runs, StoreError> {
        let folder = folder_of(candidate);
        let epoch = self.epoch(&folder)?;
        let mut runs = Vec::new();
        for run in self.runs_in(&folder)? {
            let counts = epoch.as_ref().is_none_or(|epoch| epoch.includes(&run));
            if !counts || run == candidate.run.id {
                continue;
            }
            if let Some(bytes) = self.store.read(&format!("{folder}/{run}/{SUMMARY}"))? {
                runs.push(serde_json::from_slice(&bytes)?);
            }
        }
        Ok(Runs { runs, epoch })
    }

    /// Why runs of the same scenario that are there are not compared with this one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mismatches(&self, candidate: &Summary) -> Result<Vec<String>, StoreError> {
        let mine = Fingerprint::of(candidate);
        let mut reasons = Vec::new();
        for listed in self.list()? {
            let same = listed.scenario == folder_name(&candidate.run.scenario);
            if !same || listed.fingerprint == mine.digest() {
                continue;
            }
            let Some(last) = listed.runs.last() else {
                continue;
            };
            let path = format!(
                "{}/{}/{last}/{SUMMARY}",
                listed.scenario, listed.fingerprint
            );
            if let Some(bytes) = self.store.read(&path)? {
                let other: Summary = serde_json::from_slice(&bytes)?;
                let why = mine.differences(&Fingerprint::of(&other)).join("; ");
                reasons.push(format!("{} runs like {last}: {why}", listed.runs.len()));
            }
        }
        Ok(reasons)
    }

    /// Starts a new epoch with this run: earlier ones do not count any more.
    ///
    /// # Errors
    /// [`RefusedRun`].
    pub fn accept(
        &self,
        run: &Summary,
        recording: Option<Vec<u8>>,
        why: &str,
    ) -> Result<Epoch, RefusedRun> {
        let folder = folder_of(run);
        self.add(run, recording)?;
        let epoch = Epoch {
            since: run.run.id.clone(),
            why: why.to_owned(),
            revision: run.run.revision.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&epoch).map_err(StoreError::from)?;
        let message = format!("Accept {}: {why}", run.run.id);
        self.store
            .write(vec![(format!("{folder}/{EPOCH}"), bytes)], &message)?;
        Ok(epoch)
    }

    /// Everything that is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn list(&self) -> Result<Vec<Listed>, StoreError> {
        let mut listed: Vec<Listed> = Vec::new();
        for path in self.store.list("")? {
            let parts: Vec<&str> = path.split('/').collect();
            let [scenario, fingerprint, run, SUMMARY] = parts[..] else {
                continue;
            };
            let known = (listed.iter_mut())
                .find(|known| known.scenario == scenario && known.fingerprint == fingerprint);
            match known {
                Some(known) => known.runs.push(run.to_owned()),
                None => listed.push(Listed {
                    scenario: scenario.to_owned(),
                    fingerprint: fingerprint.to_owned(),
                    runs: vec![run.to_owned()],
                    counting: 0,
                }),
            }
        }
        for one in &mut listed {
            one.runs.sort();
            let epoch = self.epoch(&format!("{}/{}", one.scenario, one.fingerprint))?;
            let counts = |run: &&String| epoch.as_ref().is_none_or(|epoch| epoch.includes(run));
            one.counting = one.runs.iter().filter(counts).count();
        }
        Ok(listed)
    }

    fn runs_in(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let prefix = format!("{folder}/");
        let mut runs: Vec<String> = (self.store.list(&prefix)?.iter())
            .filter_map(|path| {
                path.strip_prefix(&prefix)?
                    .strip_suffix(&format!("/{SUMMARY}"))
            })
            .map(str::to_owned)
            .collect();
        runs.sort();
        Ok(runs)
    }

    fn epoch(&self, folder: &str) -> Result<Option<Epoch>, StoreError> {
        let bytes = self.store.read(&format!("{folder}/{EPOCH}"))?;
        Ok(match bytes {
            Some(bytes) => Some(serde_json::from_slice(&bytes)?),
            None => None,
        })
    }
}

/// The metrics of both sides, where they were measured.
#[must_use]
pub fn samples(metrics: &[Metric], baseline: &[Summary], candidate: &[Summary]) -> Vec<Samples> {
    let values = |metric: &Metric, runs: &[Summary]| -> Vec<f64> {
        runs.iter().filter_map(|run| metric.of(run)).collect()
    };
    metrics
        .iter()
        .map(|metric| Samples {
            metric: metric.to_string(),
            name: metric.name(),
            better: metric.better(),
            baseline: values(metric, baseline),
            candidate: values(metric, candidate),
        })
        .collect()
}

fn folder_of(run: &Summary) -> String {
    let fingerprint = Fingerprint::of(run);
    format!(
        "{}/{}",
        folder_name(&run.run.scenario),
        fingerprint.digest()
    )
}

/// Letters, digits, dots and dashes; anything else would need quoting in a shell.
fn folder_name(scenario: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    scenario
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect()
}
