//! Reads every key back through the writer and adds up what was found.

use std::io::{self, Write};
use std::time::Duration;

use tokio::task::JoinSet;

use super::fate::{Fate, Finding, LedgerCounts, Presence, WriteOutcome};
use super::log::LedgerReader;
use super::record::Begin;
use crate::measure::clock::Micros;
use crate::measure::phases::FaultSpan;
use crate::scenario::extract::JsonPath;
use crate::scenario::{FaultId, Scenario};

/// What the ledger found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerReport {
    /// All writes of the journeys.
    pub total: LedgerCounts,
    /// All writes of the canaries.
    pub canary: LedgerCounts,
    /// Writes at risk of each fault, the canaries' too: answered after the previous fault's window
    /// and up to the end of its own.
    pub per_fault: Vec<(FaultId, FaultLedger)>,
}

/// The writes at risk of one fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultLedger {
    /// How many had which fate.
    pub counts: LedgerCounts,
    /// When the oldest lost one was acknowledged: T0 minus this is the observed RPO.
    pub oldest_lost: Option<Micros>,
}

/// The ledger could not be balanced.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Its file cannot be read, or `ledger.csv` cannot be written.
    #[error("the write ledger cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// A row of `ledger.csv` cannot be written.
    #[error("ledger.csv cannot be written: {0}")]
    Csv(#[from] csv::Error),
}

/// How keys are read back.
#[derive(Debug, Clone)]
pub struct ReadBack {
    /// For read-backs that are paths.
    pub base_url: String,
    /// Makes the requests.
    pub client: reqwest::Client,
    /// How many at once.
    pub concurrency: usize,
    /// How often a key is tried before it counts as unread.
    pub attempts: u32,
}

/// First pause between attempts; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Keys taken from the file at a time.
const BATCH: usize = 512;

/// Reads back every key, writes `ledger.csv`, and adds up. `progress` is told how many are done.
///
/// # Errors
/// See [`LedgerError`]. A key that cannot be read back is no error but counted as unread.
pub async fn sweep(
    ledger: LedgerReader,
    scenario: &Scenario,
    spans: &[FaultSpan],
    how: &ReadBack,
    csv: impl Write,
    mut progress: impl FnMut(u64),
) -> Result<LedgerReport, LedgerError> {
    let mut rows = csv::Writer::from_writer(csv);
    rows.write_record([
        "key",
        "step",
        "sent_us",
        "answered_us",
        "answer",
        "fate",
        "copies",
    ])?;
    let mut report = LedgerReport {
        per_fault: spans
            .iter()
            .map(|span| (span.fault, FaultLedger::default()))
            .collect(),
        ..LedgerReport::default()
    };
    let mut ledger = ledger.peekable();
    while ledger.peek().is_some() {
        let batch: Vec<_> = ledger.by_ref().take(BATCH).collect::<io::Result<_>>()?;
        let found = read_back_batch(&batch, scenario, how).await;
        for ((begin, outcome, at), presence) in batch.iter().zip(found) {
            let fate = Fate::of(*outcome, presence);
            let finding = Finding {
                outcome: *outcome,
                fate,
            };
            if scenario.is_canary(begin.step) {
                report.canary.add(finding);
            } else {
                report.total.add(finding);
            }
            report.put_at_risk(finding, *at, begin.sent_at, spans);
            rows.write_record([
                begin.key.as_str(),
                &scenario.ledger_step(begin.step).name,
                &begin.sent_at.to_string(),
                &if *at == 0 {
                    String::new()
                } else {
                    at.to_string()
                },
                answer(*outcome),
                fate.name(),
                &match presence {
                    Presence::Present(copies) => copies.to_string(),
                    Presence::Absent => "0".into(),
                    Presence::Unread => String::new(),
                },
            ])?;
        }
        progress(report.total.writes + report.canary.writes);
    }
    rows.flush()?;
    Ok(report)
}

fn answer(outcome: WriteOutcome) -> &'static str {
    match outcome {
        WriteOutcome::Ok => "ok",
        WriteOutcome::Fail => "fail",
        WriteOutcome::Unknown => "unknown",
    }
}

impl LedgerReport {
    fn put_at_risk(
        &mut self,
        finding: Finding,
        answered: Micros,
        sent: Micros,
        spans: &[FaultSpan],
    ) {
        let known = if answered == 0 { sent } else { answered };
        let Some(at_risk) = at_risk_of(known, spans) else {
            return;
        };
        let (_, fault) = &mut self.per_fault[at_risk];
        fault.counts.add(finding);
        if finding.fate == Fate::Lost {
            fault.oldest_lost = Some(fault.oldest_lost.map_or(known, |oldest| oldest.min(known)));
        }
    }
}

/// The position of the first fault whose window ends after `at`: a write acknowledged before it
/// began is at its risk, one acknowledged after its end no longer.
fn at_risk_of(at: Micros, spans: &[FaultSpan]) -> Option<usize> {
    (0..spans.len())
        .filter(|n| spans[*n].window_end.is_none_or(|end| at <= end))
        .min_by_key(|n| spans[*n].accepted)
}

async fn read_back_batch(
    batch: &[(Begin, WriteOutcome, Micros)],
    scenario: &Scenario,
    how: &ReadBack,
) -> Vec<Presence> {
    let mut found = vec![Presence::Unread; batch.len()];
    let mut open = JoinSet::new();
    for (n, (begin, _, _)) in batch.iter().enumerate() {
        while open.len() >= how.concurrency.max(1) {
            collect(open.join_next().await, &mut found);
        }
        let rule = scenario.ledger_step(begin.step).ledger.as_ref();
        let copies = rule.and_then(|rule| rule.copies.clone());
        let (how, path) = (how.clone(), begin.read_back.clone());
        open.spawn(async move { (n, read_back(&how, &path, copies.as_ref()).await) });
    }
    while let Some(done) = open.join_next().await {
        collect(Some(done), &mut found);
    }
    found
}

fn collect(
    done: Option<Result<(usize, Presence), tokio::task::JoinError>>,
    found: &mut [Presence],
) {
    if let Some(Ok((n, presence))) = done {
        found[n] = presence;
    }
}

/// Reads one key back: 2xx is present, 404 and 410 are absent, anything else is tried again.
pub async fn read_back(how: &ReadBack, path: &str, copies: Option<&JsonPath>) -> Presence {
    let url = if path.starts_with("http://") || path.starts_with("https://") {
        path.to_owned()
    } else {
        format!("{}{path}", how.base_url.trim_end_matches('/'))
    };
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=how.attempts.max(1) {
        if let Some(presence) = try_read_back(how, &url, copies).await {
            return presence;
        }
        if attempt < how.attempts {
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
    Presence::Unread
}

async fn try_read_back(how: &ReadBack, url: &str, copies: Option<&JsonPath>) -> Option<Presence> {
    let answer = how.client.get(url).send().await.ok()?;
    match answer.status().as_u16() {
        200..=299 => match copies {
            None => Some(Presence::Present(1)),
            Some(path) => {
                let body: serde_json::Value = answer.json().await.ok()?;
                let copies = path.query(&body).first().and_then(|value| value.as_u64())?;
                Some(Presence::Present(copies))
            }
        },
        404 | 410 => Some(Presence::Absent),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(fault: FaultId, accepted: Micros, window_end: Option<Micros>) -> FaultSpan {
        FaultSpan {
            fault,
            accepted,
            recovered: window_end,
            window_end,
            restored: None,
        }
    }

    #[test]
    fn a_write_is_at_risk_of_the_next_fault_until_its_window_ends() {
        let spans = [span(0, 10, Some(20)), span(1, 50, Some(60))];
        assert_eq!(at_risk_of(5, &spans), Some(0));
        assert_eq!(at_risk_of(20, &spans), Some(0));
        assert_eq!(at_risk_of(21, &spans), Some(1));
        assert_eq!(at_risk_of(61, &spans), None);
    }
}
