//! Reading the ledger's keys back: with progress, and Ctrl-C ends it early.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::progress::Progress;
use crate::load;
use crate::measure::ledger::{self, Ledger, LedgerReport, Patience, ReadBack, Sweep};
use crate::measure::phases::FaultSpan;
use crate::measure::units;
use crate::scenario::Scenario;

/// Sixteen at once are quick, and no load of their own. With pauses of 0.3, 0.6, 1.2 and 2.4
/// seconds, a key is looked at for four seconds and a half.
const PATIENCE: Patience = Patience {
    concurrency: 16,
    looks: 5,
    first_pause: Duration::from_millis(300),
    give_up_after: Duration::from_secs(30),
};

/// Reads every key back and writes `ledger.csv`; the raw log is not needed any more then. `place`
/// is where paths are read back from, and the run folder.
///
/// # Errors
/// The ledger's files cannot be read or written, or the client cannot be made.
pub(super) async fn balance(
    ledger: &Ledger,
    scenario: &Scenario,
    spans: &[FaultSpan],
    (base_url, folder): (&str, &Path),
    stop: impl Future<Output = ()>,
    mut progress: Progress,
) -> anyhow::Result<LedgerReport> {
    let reader = ledger
        .reader()
        .context("the write ledger cannot be read back")?;
    if !reader.is_empty() {
        progress.say(&format!(
            "reading {} writes back (Ctrl-C: report without the rest)",
            units::count(reader.len() as u64)
        ));
    }
    let tls = load::tls_config(&scenario.http)
        .map_err(|why| anyhow::anyhow!("TLS cannot be set up to read keys back: {why}"))?;
    let path = folder.join("ledger.csv");
    let csv =
        File::create(&path).with_context(|| format!("{} cannot be created", path.display()))?;
    let sweep = Sweep {
        ledger: &reader,
        scenario,
        spans,
        look_up: ReadBack::new(scenario, base_url, tls)?,
        patience: PATIENCE,
    };
    let mut teller = Teller::new(&mut progress);
    let report = sweep
        .run(stop, BufWriter::new(csv), |told| teller.tell(told))
        .await?;
    progress.clear();
    if report.cut_short {
        progress.warn(&format!(
            "reading back ended early: {} of {} writes were not read back, and count as not verified",
            units::count(report.total.unread),
            units::count(reader.len() as u64)
        ));
    }
    std::fs::remove_file(folder.join("ledger.wal")).ok();
    Ok(report)
}

/// Tells how far it is, at the progress line's pace.
struct Teller<'p> {
    progress: &'p mut Progress,
    /// Which look this is, since when.
    look: (u32, Instant),
    told: Instant,
}

impl<'p> Teller<'p> {
    fn new(progress: &'p mut Progress) -> Self {
        let now = Instant::now();
        Self {
            progress,
            look: (1, now),
            told: now,
        }
    }

    fn tell(&mut self, now: ledger::Progress) {
        if now.look != self.look.0 {
            self.look = (now.look, Instant::now());
        }
        if self.told.elapsed() >= self.progress.pace() {
            self.told = Instant::now();
            self.progress.show(&words(now, self.look.1.elapsed()));
        }
    }
}

/// `read back 12,288 of 50,000 · 3,100/s · 12.2 s to go`
fn words(now: ledger::Progress, since: Duration) -> String {
    let rate = now.done as f64 / since.as_secs_f64().max(1e-3);
    let left = now.of.saturating_sub(now.done) as f64 / rate.max(1e-3);
    let again = match now.look {
        1 => String::new(),
        look => format!(" (look {look} at what is unclear)"),
    };
    format!(
        "read back {} of {}{again} · {} · {} to go",
        units::count(now.done),
        units::count(now.of),
        units::rate(rate),
        units::duration(left * 1e6)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_count_rate_and_what_is_left() {
        let now = |look| ledger::Progress {
            look,
            done: 12_000,
            of: 50_000,
        };
        let after = Duration::from_secs(4);
        assert_eq!(
            words(now(1), after),
            "read back 12,000 of 50,000 · 3,000/s · 12.7 s to go"
        );
        assert!(words(now(2), after).contains("(look 2 at what is unclear)"));
    }
}
