//! The limits, in a file beside this one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workload::Workload;

/// Instructions that a round of each part may need.
#[derive(Debug)]
pub(crate) struct Limits(BTreeMap<String, u64>);

impl Limits {
    /// Reads `limits.toml`.
    pub(crate) fn read() -> Result<Self> {
        let file = file();
        let text = std::fs::read_to_string(&file)?;
        let limits = toml::from_str(&text).with_context(|| format!("{}", file.display()))?;
        Ok(Self(limits))
    }

    /// That of a part, if it has one.
    pub(crate) fn of(&self, workload: Workload) -> Option<u64> {
        self.0.get(workload.name()).copied()
    }

    /// Writes what was counted, and a tenth more: compilers differ a little.
    pub(crate) fn write(found: &[(Workload, u64)]) -> Result<()> {
        let mut text = String::from(
            "# Instructions a round may need; `cargo bench --bench instructions -- --update` writes this file.\n",
        );
        for (workload, count) in found {
            text += &format!("{} = {}\n", workload.name(), count + count / 10);
        }
        std::fs::write(file(), text)?;
        Ok(())
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/limits.toml")
}
