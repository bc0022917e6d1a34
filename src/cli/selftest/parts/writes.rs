//! Writes that are lost, doubled, shown late, kept against the target's word, or not answered: the ledger must
//! count each of them right.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Act, Heard};
use crate::cli::selftest::row::Row;
use crate::cli::selftest::sabotage::{Sabotage, Sabotages};
use crate::cli::selftest::target::{Answering, Books, Reply, Request, Script};

pub(super) const WORDS: &str = "225 writes, some lost, doubled, kept, shown late or not answered";

/// What the target does with a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    /// Keeps and acknowledges it.
    Keep,
    /// Acknowledges and forgets it.
    Lose,
    /// Keeps it twice and acknowledges it.
    Double,
    /// Keeps and acknowledges it, and does not show it to the first who asks.
    KeepAndHide,
    /// Refuses and forgets it.
    Refuse,
    /// Refuses it and keeps it all the same.
    RefuseAndKeep,
    /// Keeps it and closes the connection.
    KeepAndHangUp,
    /// Closes the connection and forgets it.
    HangUp,
}

impl Deed {
    /// What is done with write number so-and-so.
    fn of(number: u64) -> Self {
        match number % 20 {
            3 => Self::Lose,
            6 => Self::Double,
            8 => Self::KeepAndHide,
            9 => Self::RefuseAndKeep,
            11 => Self::Refuse,
            14 => Self::KeepAndHangUp,
            17 => Self::HangUp,
            _ => Self::Keep,
        }
    }

    /// Copies that are there afterwards.
    fn copies(self) -> u64 {
        match self {
            Self::Keep | Self::KeepAndHide | Self::RefuseAndKeep | Self::KeepAndHangUp => 1,
            Self::Double => 2,
            Self::Lose | Self::Refuse | Self::HangUp => 0,
        }
    }

    /// The answer's status; none: the connection is closed.
    fn status(self) -> Option<u16> {
        match self {
            Self::Keep | Self::KeepAndHide | Self::Lose | Self::Double => Some(201),
            Self::Refuse | Self::RefuseAndKeep => Some(409),
            Self::KeepAndHangUp | Self::HangUp => None,
        }
    }

    /// What is done instead, without a word in the books.
    fn of_sabotage(sabotage: Sabotage) -> Option<Self> {
        match sabotage {
            Sabotage::Lost => Some(Self::Lose),
            Sabotage::Doubled => Some(Self::Double),
            Sabotage::Stale => Some(Self::KeepAndHide),
            Sabotage::Phantom => Some(Self::RefuseAndKeep),
            Sabotage::Unanswered => Some(Self::KeepAndHangUp),
            _ => None,
        }
    }
}

/// Keeps some of its word.
#[derive(Debug)]
pub(super) struct Writes {
    books: Books,
    deeds: Mutex<Deeds>,
}

#[derive(Debug, Default)]
struct Deeds {
    entered: BTreeMap<Deed, u64>,
    kept: HashMap<String, u64>,
    /// Not shown to the first who asks.
    hidden: HashSet<String>,
    /// To be done once each, without an entry.
    secretly: Vec<Deed>,
    /// Whether one write cannot be read back, and which.
    breaks_one: bool,
    broken: Option<String>,
}

impl Writes {
    pub(super) fn new(sabotages: &Sabotages) -> Self {
        let secretly = sabotages.iter().filter_map(Deed::of_sabotage).collect();
        Self {
            books: Books::new(sabotages),
            deeds: Mutex::new(Deeds {
                secretly,
                breaks_one: sabotages.has(Sabotage::Unreadable),
                ..Deeds::default()
            }),
        }
    }

    fn deeds(&self) -> MutexGuard<'_, Deeds> {
        self.deeds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, request: &Request, key: &str) -> Reply {
        let deed = Deed::of(request.number());
        let done = {
            let mut deeds = self.deeds();
            *deeds.entered.entry(deed).or_default() += 1;
            let done = match deed {
                Deed::Keep => deeds.secretly.pop().unwrap_or(deed),
                other => other,
            };
            if done.copies() > 0 {
                deeds.kept.insert(key.to_owned(), done.copies());
            }
            if deeds.breaks_one && done == Deed::Keep {
                deeds.broken.get_or_insert_with(|| key.to_owned());
            }
            if done == Deed::KeepAndHide {
                deeds.hidden.insert(key.to_owned());
            }
            done
        };
        self.books.enter(request.received, deed.status());
        match done.status() {
            Some(status) => Reply::empty(status),
            None => Reply::HangUp,
        }
    }

    fn read(&self, key: &str) -> Reply {
        let mut deeds = self.deeds();
        if deeds.hidden.remove(key) {
            return Reply::empty(404);
        }
        match deeds.kept.get(key) {
            _ if deeds.broken.as_deref() == Some(key) => Reply::empty(500),
            Some(copies) => Reply::Answer(200, format!("{{\"copies\":{copies}}}")),
            None => Reply::empty(404),
        }
    }
}

impl Script for Writes {
    fn answer(&self, request: Request) -> Answering<'_> {
        let key = request.path.split('/').nth(2).unwrap_or_default();
        let reply = match request.method.as_str() {
            "POST" => self.write(&request, key),
            _ => self.read(key),
        };
        Box::pin(std::future::ready(reply))
    }
}

impl Act for Writes {
    fn rows(&self, heard: &Heard) -> Vec<Row> {
        let requests = &heard.summary.requests;
        let ledger = heard.summary.ledger.unwrap_or_default();
        let deeds = self.deeds();
        let entered = |those: &[Deed]| -> u64 {
            let counts = those.iter().filter_map(|deed| deeds.entered.get(deed));
            counts.sum()
        };
        use Deed::{Double, HangUp, Keep, KeepAndHangUp, KeepAndHide, Lose, Refuse, RefuseAndKeep};
        vec![
            Row::count("writes sent", self.books.requests(), requests.total),
            Row::count(
                "refused or not answered",
                entered(&[Refuse, RefuseAndKeep, KeepAndHangUp, HangUp]),
                requests.failed,
            ),
            Row::count(
                "acknowledged",
                entered(&[Keep, KeepAndHide, Lose, Double]),
                ledger.acknowledged,
            ),
            Row::count("lost", entered(&[Lose]), ledger.lost),
            Row::count("there twice", entered(&[Double]), ledger.duplicate),
            Row::count("there only later", entered(&[KeepAndHide]), ledger.stale),
            Row::count(
                "refused and there",
                entered(&[RefuseAndKeep]),
                ledger.phantom,
            ),
            Row::count(
                "without an answer",
                entered(&[KeepAndHangUp, HangUp]),
                ledger.unknown,
            ),
            Row::count("not read back", 0, ledger.unverified),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_is_done_several_times() {
        let mut done: BTreeMap<Deed, u64> = BTreeMap::new();
        for number in 0..225 {
            *done.entry(Deed::of(number)).or_default() += 1;
        }
        assert_eq!(done.len(), 8);
        assert!(done.values().all(|count| *count >= 11), "{done:?}");
    }
}
