//! Reads every key back and balances the ledger.
//!
//! All writes are looked up once. Those that nobody could tell of, and those that the target
//! acknowledged and does not have, are looked up again, all together, after pauses: a target that
//! is slow to show what it keeps is told apart from one that has lost it.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fate::{Fate, Finding, Presence, WriteOutcome};
use super::look_up::LookUp;
use super::reader::LedgerReader;
use super::record::Begin;
use super::report::LedgerReport;
use super::seen::Seen;
use crate::measure::phases::FaultSpan;
use crate::scenario::Scenario;

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

/// How patiently keys are read back.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How many at once.
    pub concurrency: usize,
    /// How often a key is looked at before it counts as unread or lost.
    pub looks: u32,
    /// Before the second look; it doubles from look to look.
    pub first_pause: Duration,
    /// When not one key could be told of for so long, the others are not tried any more.
    pub give_up_after: Duration,
}

/// How far the reading back has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which look, from 1.
    pub look: u32,
    /// Keys looked at in it.
    pub done: u64,
    /// Keys that it is about.
    pub of: u64,
}

/// Progress is told every so many keys.
const TELL_EVERY: u64 = 256;

/// What is balanced against what.
#[derive(Debug)]
pub struct Sweep<'a, L> {
    /// What was written.
    pub ledger: &'a LedgerReader,
    /// Whose steps wrote it.
    pub scenario: &'a Scenario,
    /// When which fault put writes at risk.
    pub spans: &'a [FaultSpan],
    /// How a write is found.
    pub look_up: L,
    /// How patiently.
    pub patience: Patience,
}

impl<L: LookUp> Sweep<'_, L> {
    /// Reads every key back until it is clear, patience is at its end, or `stop` returns; writes
    /// `ledger.csv` in any case, and adds up.
    ///
    /// # Errors
    /// See [`LedgerError`]. A key that cannot be read back is no error but counted as unread.
    pub async fn run(
        self,
        stop: impl Future<Output = ()>,
        csv: impl Write,
        progress: impl FnMut(Progress),
    ) -> Result<LedgerReport, LedgerError> {
        let mut looking = Looking {
            ledger: self.ledger,
            look_up: Arc::new(self.look_up),
            patience: self.patience,
            seen: vec![Seen::NOTHING; self.ledger.len()],
            progress,
        };
        let cut_short = tokio::select! {
            // Otherwise keys that answer at once would never let a stop be heard.
            biased;
            () = stop => true,
            ended = looking.all() => matches!(ended?, Ended::GaveUp),
        };
        let mut report = balance(self.ledger, &looking.seen, self.scenario, self.spans, csv)?;
        report.cut_short = cut_short;
        Ok(report)
    }
}

/// How the looking ended.
enum Ended {
    /// Every key was looked at as often as was worth it.
    Done,
    /// Nobody could tell of any key any more.
    GaveUp,
}

/// The looks at all keys.
struct Looking<'l, L, P> {
    ledger: &'l LedgerReader,
    look_up: Arc<L>,
    patience: Patience,
    seen: Vec<Seen>,
    progress: P,
}

impl<L: LookUp, P: FnMut(Progress)> Looking<'_, L, P> {
    async fn all(&mut self) -> io::Result<Ended> {
        let mut pause = self.patience.first_pause;
        for look in 1..=self.patience.looks.max(1) {
            let open = self.open();
            if open == 0 {
                break;
            }
            if look > 1 {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            if matches!(self.once(look, open).await?, Ended::GaveUp) {
                return Ok(Ended::GaveUp);
            }
        }
        Ok(Ended::Done)
    }

    /// Keys that are worth another look.
    fn open(&self) -> u64 {
        let open = |(id, seen): (usize, &Seen)| seen.is_open(self.ledger.outcome(id).0);
        self.seen
            .iter()
            .enumerate()
            .filter(|one| open(*one))
            .count() as u64
    }

    /// Looks at every open key once.
    async fn once(&mut self, look: u32, of: u64) -> io::Result<Ended> {
        let mut told = Progress { look, done: 0, of };
        (self.progress)(told);
        let mut under_way = JoinSet::new();
        let mut answered = Instant::now();
        let mut writes = self.ledger.writes()?;
        loop {
            let next = loop {
                match writes.next().transpose()? {
                    Some((begin, outcome, _)) if !self.is_open(&begin, outcome) => {}
                    next => break next,
                }
            };
            let room = under_way.len() < self.patience.concurrency.max(1);
            match next {
                Some((begin, ..)) => {
                    if !room {
                        self.land(under_way.join_next().await, &mut told, &mut answered);
                    }
                    let look_up = Arc::clone(&self.look_up);
                    under_way.spawn(async move { (begin.id, look_up.look_up(&begin).await) });
                }
                None => match under_way.join_next().await {
                    None => return Ok(Ended::Done),
                    landed => self.land(landed, &mut told, &mut answered),
                },
            }
            if answered.elapsed() > self.patience.give_up_after {
                return Ok(Ended::GaveUp);
            }
        }
    }

    fn is_open(&self, begin: &Begin, outcome: WriteOutcome) -> bool {
        let seen = usize::try_from(begin.id)
            .ok()
            .and_then(|id| self.seen.get(id));
        seen.is_some_and(|seen| seen.is_open(outcome))
    }

    fn land(
        &mut self,
        landed: Option<Result<(u64, Presence), tokio::task::JoinError>>,
        told: &mut Progress,
        answered: &mut Instant,
    ) {
        told.done += 1;
        if let Some(Ok((id, presence))) = landed
            && let Some(seen) = usize::try_from(id)
                .ok()
                .and_then(|id| self.seen.get_mut(id))
        {
            seen.look(presence);
            if presence != Presence::Unread {
                *answered = Instant::now();
            }
        }
        if told.done.is_multiple_of(TELL_EVERY) || told.done == told.of {
            (self.progress)(*told);
        }
    }
}

/// Writes `ledger.csv` from what was seen, and adds up.
fn balance(
    ledger: &LedgerReader,
    seen: &[Seen],
    scenario: &Scenario,
    spans: &[FaultSpan],
    csv: impl Write,
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
    let mut report = LedgerReport::new(spans);
    for write in ledger.writes()? {
        let (begin, outcome, at) = write?;
        let id = usize::try_from(begin.id).unwrap_or(usize::MAX);
        let seen = seen.get(id).copied().unwrap_or(Seen::NOTHING);
        let fate = Fate::of(outcome, seen.presence(), seen.was_missed());
        let finding = Finding { outcome, fate };
        if scenario.is_canary(begin.step) {
            report.canary.add(finding);
        } else {
            report.total.add(finding);
        }
        report.put_at_risk(finding, at, begin.sent_at, spans);
        let answered = if at == 0 {
            String::new()
        } else {
            at.to_string()
        };
        let copies = match seen.presence() {
            Presence::Present(copies) => copies.to_string(),
            Presence::Absent => "0".into(),
            Presence::Unread => String::new(),
        };
        rows.write_record([
            begin.key.as_str(),
            &scenario.ledger_step(begin.step).name,
            &begin.sent_at.to_string(),
            &answered,
            answer(outcome),
            fate.name(),
            &copies,
        ])?;
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::measure::ledger::Ledger;
    use crate::scenario::{self, Overrides, surroundings::Nowhere};

    /// A ledger of so many acknowledged writes, keys `0`, `1` ….
    fn written(folder: &std::path::Path, writes: u64) -> LedgerReader {
        let ledger = Ledger::create(&folder.join("wal")).expect("a file");
        for number in 0..writes {
            let id = ledger.begin(0, &number.to_string(), "/", number);
            ledger.end(id, WriteOutcome::Ok, 1_000);
        }
        ledger.reader().expect("it reads")
    }

    fn scenario() -> Scenario {
        let text = r#"
target = "http://127.0.0.1:1"
load = { users = { count = 1, for = "1s" } }
journey = { name = "a", steps = [
  { post = "/${key = uuid()}", ledger = { key = "${key}", read_back = "/${key}" } },
] }
"#;
        let reading = scenario::parse(text, "a.toml".as_ref(), &Overrides::default(), &Nowhere);
        reading
            .unwrap_or_else(|mistakes| panic!("{mistakes}"))
            .scenario
    }

    /// Answers look after look, each a list of presences by key; the last one for ever.
    struct Answers(Mutex<Vec<Vec<Presence>>>);

    impl Answers {
        fn new(keys: &[&[Presence]]) -> Self {
            Self(Mutex::new(keys.iter().map(|of| of.to_vec()).collect()))
        }
    }

    impl LookUp for Answers {
        async fn look_up(&self, write: &Begin) -> Presence {
            let mut answers = self.0.lock().expect("no panic");
            let of = &mut answers[write.id as usize];
            if of.len() > 1 { of.remove(0) } else { of[0] }
        }
    }

    const PATIENCE: Patience = Patience {
        concurrency: 2,
        looks: 3,
        first_pause: Duration::from_millis(1),
        give_up_after: Duration::from_secs(3_600),
    };

    /// Fates in the order of keys, as in `ledger.csv`, and the report.
    async fn swept(
        look_up: impl LookUp,
        writes: u64,
        patience: Patience,
        stop: impl Future<Output = ()>,
    ) -> (Vec<String>, LedgerReport) {
        let folder = tempfile::tempdir().expect("a folder");
        let (ledger, scenario) = (written(folder.path(), writes), scenario());
        let sweep = Sweep {
            ledger: &ledger,
            scenario: &scenario,
            spans: &[],
            look_up,
            patience,
        };
        let mut csv = Vec::new();
        let report = sweep
            .run(stop, &mut csv, |_| {})
            .await
            .expect("it balances");
        let rows = csv::Reader::from_reader(&csv[..]).into_records();
        (
            rows.map(|row| row.expect("a row")[5].to_owned()).collect(),
            report,
        )
    }

    #[tokio::test]
    async fn what_is_unclear_is_looked_at_again_and_nothing_else() {
        use Presence::{Absent, Present, Unread};
        let answers = Answers::new(&[
            &[Present(1), Absent],
            &[Absent],
            &[Absent, Absent, Present(1)],
            &[Unread, Present(1)],
            &[Unread],
            &[Absent, Absent, Absent, Present(1)],
        ]);
        let (fates, report) = swept(answers, 6, PATIENCE, std::future::pending()).await;
        assert_eq!(fates, ["kept", "lost", "stale", "kept", "unread", "lost"]);
        let counts = report.total;
        assert_eq!((counts.lost, counts.stale, counts.unread), (2, 1, 1));
        assert!(!report.cut_short);
    }

    /// Says when the last key was looked up, and never answers for it.
    struct Hangs(Arc<tokio::sync::Notify>);

    impl LookUp for Hangs {
        async fn look_up(&self, write: &Begin) -> Presence {
            match write.id {
                0 => Presence::Present(1),
                1 => Presence::Absent,
                _ => {
                    self.0.notify_one();
                    std::future::pending().await
                }
            }
        }
    }

    #[tokio::test]
    async fn a_stop_leaves_the_rest_unread_and_still_balances() {
        let patience = Patience {
            concurrency: 1,
            ..PATIENCE
        };
        let hangs = Arc::new(tokio::sync::Notify::new());
        let stop = Arc::clone(&hangs);
        let stop = async move { stop.notified().await };
        let (fates, report) = swept(Hangs(hangs), 4, patience, stop).await;
        assert_eq!(fates, ["kept", "lost", "unread", "unread"]);
        assert_eq!((report.total.unread, report.cut_short), (2, true));
    }

    #[tokio::test]
    async fn a_target_that_tells_of_no_key_is_given_up() {
        let patience = Patience {
            give_up_after: Duration::ZERO,
            ..PATIENCE
        };
        let keys = vec![&[Presence::Unread][..]; 1_000];
        let answers = Answers::new(&keys);
        let (fates, report) = swept(answers, 1_000, patience, std::future::pending()).await;
        assert_eq!(fates, vec!["unread"; 1_000]);
        assert_eq!((report.total.unread, report.cut_short), (1_000, true));
    }
}
