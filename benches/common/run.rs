//! Runs `loadtest` itself, pinned, and reads what it reports.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::GENERATOR;
use super::measure::pinned;

/// A run that goes on.
#[derive(Debug)]
pub(crate) struct Run {
    child: Child,
    began: Instant,
    out: PathBuf,
}

impl Run {
    /// Starts a run of this scenario text on the generator's core.
    pub(crate) fn start(text: &str, folder: &Path) -> Result<Self> {
        Self::start_on(&[GENERATOR], text, folder)
    }

    /// Starts a run on these cores, with a worker for each.
    pub(crate) fn start_on(cores: &[usize], text: &str, folder: &Path) -> Result<Self> {
        let (command, out) = command(cores.len(), text, folder)?;
        let log = std::fs::File::create(folder.join("loadtest.log"))?;
        let child = pinned(cores, &command)
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log)
            .spawn()
            .context("cannot start loadtest")?;
        Ok(Self {
            child,
            began: Instant::now(),
            out,
        })
    }

    /// Since its start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Its resident memory now, bytes; none once it has ended.
    pub(crate) fn resident(&mut self) -> Result<Option<u64>> {
        if self.child.try_wait()?.is_some() {
            return Ok(None);
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kilobytes.map(|kilobytes| kilobytes * 1024))
    }

    /// Waits for its end and reads `summary.json`.
    pub(crate) fn summary(mut self) -> Result<Value> {
        self.child.wait()?;
        let folder = std::fs::read_dir(&self.out)
            .ok()
            .and_then(|mut folders| folders.next()?.ok());
        let Some(folder) = folder else {
            let log = self.out.with_file_name("loadtest.log");
            bail!("the run left no report:\n{}", std::fs::read_to_string(log)?);
        };
        let text = std::fs::read_to_string(folder.path().join("summary.json"))?;
        Ok(serde_json::from_str(&text)?)
    }
}

/// The command line that runs this scenario text with so many workers, and where its report goes.
pub(crate) fn command(workers: usize, text: &str, folder: &Path) -> Result<(Vec<String>, PathBuf)> {
    let file = folder.join("scenario.toml");
    std::fs::write(&file, text)?;
    let out = folder.join("reports");
    let _ = std::fs::remove_dir_all(&out);
    let command = [
        env!("CARGO_BIN_EXE_loadtest"),
        "run",
        &file.to_string_lossy(),
        "--quiet",
        "--workers",
        &workers.to_string(),
        "--out",
        &out.to_string_lossy(),
    ];
    Ok((command.map(str::to_owned).into(), out))
}
