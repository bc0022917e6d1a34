//! Counting: this program runs itself under callgrind.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workload::Workload;

/// First argument of the process that is counted.
pub(crate) const MARK: &str = "--counted";

/// Rounds of the shorter run; the longer one has twice as many.
const ROUNDS: u64 = 2_000;

/// Instructions of one round. The difference of two runs leaves out whatever comes before the first.
pub(crate) fn count(workload: Workload) -> Result<u64> {
    let [short, long] = [ROUNDS, 2 * ROUNDS].map(|rounds| collected(workload, rounds));
    Ok(long?.saturating_sub(short?) / ROUNDS)
}

/// Instructions of a whole process.
fn collected(workload: Workload, rounds: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([MARK, workload.name(), &rounds.to_string()])
        .output()
        .context("cannot start valgrind; Debian: apt-get install valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("valgrind failed:\n{said}");
    }
    let line = said.lines().find_map(|line| line.split_once("Collected :"));
    let number = line.and_then(|(_, number)| number.trim().parse().ok());
    number.with_context(|| format!("callgrind said nothing of instructions:\n{said}"))
}

/// What the counted process does: `NAME ROUNDS`.
pub(crate) fn work(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let name = arguments.next().context("give a part")?;
    let rounds: u64 = arguments.next().context("give the rounds")?.parse()?;
    let workload = Workload::ALL
        .into_iter()
        .find(|workload| workload.name() == name)
        .with_context(|| format!("there is no part {name}"))?;
    workload.run(rounds);
    Ok(())
}
