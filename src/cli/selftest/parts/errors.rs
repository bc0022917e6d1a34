//! An outage of known length: the conductor injects it through a provider of the selftest's own,
//! and every instant of the report is compared with the target's.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use target_app::api::Instant;

use super::infrastructure::{Breakable, Infrastructure};
use super::{Act, Heard};
use crate::cli::selftest::row::{Row, Tolerance};
use crate::cli::selftest::sabotage::{Sabotage, Sabotages};
use crate::cli::selftest::target::{Answering, Books, Exchange, Reply, Request, Script};
use crate::provider::Providers;

pub(super) const WORDS: &str =
    "a fault makes the target refuse the next 40 requests, and a canary's writes meanwhile";

/// Requests that the fault refuses.
const REFUSED: u64 = 40;
/// How much later than entered an answer leaves, when sabotaged.
const SECRETLY: Duration = Duration::from_millis(100);
/// So many in a row leave late, when sabotaged: one alone would be hidden by those after it.
const SECRETLY_LATE: u64 = 10;

/// Slices of 10 ms tell an instant of the users, and 10 ms are for the way of the answer.
const TOLD_BY_USERS: Tolerance = Tolerance::either_way_ms(20);
/// The provider's own instant is passed on, not measured.
const PASSED_ON: Tolerance = Tolerance::either_way_ms(1);

/// Refuses on command.
#[derive(Debug)]
pub(super) struct Errors {
    books: Books,
    /// The canary's.
    canaries: Books,
    sabotages: Sabotages,
    /// Refusals that are left of the fault.
    left: AtomicU64,
    /// Refusals so far.
    refused: AtomicU64,
    /// Answers since the last refusal.
    served_since: AtomicU64,
    accepted: Mutex<Option<Instant>>,
    /// Paths of the canary's writes that are there.
    kept: Mutex<HashSet<String>>,
    /// Whether one write of the canary is still to be refused without an entry.
    canary_secretly: AtomicBool,
    /// Whether one is still to be forgotten without an entry.
    loses_secretly: AtomicBool,
}

impl Errors {
    pub(super) fn new(sabotages: &Sabotages) -> Self {
        Self {
            books: Books::new(sabotages),
            canaries: Books::new(sabotages),
            sabotages: sabotages.clone(),
            left: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            served_since: AtomicU64::new(0),
            accepted: Mutex::new(None),
            kept: Mutex::default(),
            canary_secretly: AtomicBool::new(sabotages.has(Sabotage::Canary)),
            loses_secretly: AtomicBool::new(sabotages.has(Sabotage::Lost)),
        }
    }

    /// The fault's refusals: this request's number among them, from 1; none when it is served.
    fn refusal(&self) -> Option<u64> {
        // One thread answers, so nothing comes between.
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            return None;
        }
        self.left.store(left - 1, Ordering::SeqCst);
        Some(self.refused.fetch_add(1, Ordering::SeqCst) + 1)
    }

    /// Whether the answer with this number among the refusals, or the served ones after them,
    /// leaves later than the books say.
    fn leaves_late(&self, refusal: Option<u64>) -> bool {
        match refusal {
            Some(1..=SECRETLY_LATE) => self.sabotages.has(Sabotage::FirstError),
            Some(REFUSED) => self.sabotages.has(Sabotage::LastError),
            Some(_) => false,
            None => {
                self.refused.load(Ordering::SeqCst) > 0
                    && self.served_since.fetch_add(1, Ordering::SeqCst) < SECRETLY_LATE
                    && self.sabotages.has(Sabotage::Recovery)
            }
        }
    }

    /// The canary is refused while the fault lasts, and is none of the requests that end it.
    async fn canary(&self, request: &Request) -> Reply {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if request.method == "GET" {
            let there = kept().contains(&request.path);
            return Reply::empty(if there { 200 } else { 404 });
        }
        let status = if self.is_broken() { 503 } else { 200 };
        if status == 200 && !self.loses_secretly.swap(false, Ordering::SeqCst) {
            kept().insert(request.path.clone());
        }
        self.canaries.enter(request.received, Some(status));
        let is_second = self.canaries.requests() > 1;
        if status == 200 && is_second && self.canary_secretly.swap(false, Ordering::SeqCst) {
            kept().remove(&request.path);
            return Reply::empty(503);
        }
        let after = self.refused.load(Ordering::SeqCst) > 0
            && self.served_since.load(Ordering::SeqCst) < SECRETLY_LATE;
        if status == 200 && after && self.sabotages.has(Sabotage::Recovery) {
            tokio::time::sleep(SECRETLY).await;
        }
        Reply::empty(status)
    }
}

impl Script for Errors {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(async move {
            if request.path.starts_with("/canary/") {
                return self.canary(&request).await;
            }
            let refusal = self.refusal();
            let status = if refusal.is_some() { 503 } else { 200 };
            let entered = if refusal.is_some_and(|number| number > REFUSED) {
                200
            } else {
                status
            };
            self.books.enter(request.received, Some(entered));
            if self.leaves_late(refusal) {
                tokio::time::sleep(SECRETLY).await;
            }
            Reply::empty(status)
        })
    }
}

impl Breakable for Errors {
    fn break_it(&self) -> Instant {
        let accepted = Instant::now();
        let more = u64::from(self.sabotages.has(Sabotage::Error));
        let mut entered = accepted;
        if self.sabotages.has(Sabotage::Accepted) {
            entered.monotonic_us += 100_000;
        }
        *self.accepted.lock().unwrap_or_else(PoisonError::into_inner) = Some(entered);
        self.left.store(REFUSED + more, Ordering::SeqCst);
        accepted
    }

    fn is_broken(&self) -> bool {
        self.left.load(Ordering::SeqCst) > 0
    }
}

impl Act for Errors {
    fn providers(self: Arc<Self>) -> Providers {
        Providers::new().with(Arc::new(Infrastructure::new(self)))
    }

    fn rows(&self, heard: &Heard) -> Vec<Row> {
        let requests = &heard.summary.requests;
        let fault = heard.summary.faults.first().cloned().unwrap_or_default();
        let accepted = *self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let accepted = accepted.map_or(0, |at| heard.clock.at(at));
        let outage = Outage::of(&self.books.exchanges());
        let [first, last, served] =
            [outage.first, outage.last, outage.served].map(|at| heard.at(at));
        let micros = |seconds: f64| (seconds * 1e6).round() as u64;
        let since = |at: u64| at.saturating_sub(accepted);
        let canary = Outage::of(&self.canaries.exchanges());
        let canaries = heard
            .summary
            .canary
            .iter()
            .flat_map(|canary| &canary.writers);
        let [canary_writes, canary_failed] = canaries.fold([0, 0], |[all, failed], writer| {
            [all + writer.requests, failed + writer.failed]
        });
        let ledger = heard
            .summary
            .canary
            .as_ref()
            .and_then(|canary| canary.ledger);
        let (acknowledged, lost) = ledger.map_or((0, u64::MAX), |it| (it.acknowledged, it.lost));
        vec![
            Row::count("requests", self.books.requests(), requests.total),
            Row::count("requests failed", outage.refused, requests.failed),
            Row::count(
                "failed in the fault's window",
                outage.refused,
                fault.failed_requests.unwrap_or(0),
            ),
            Row::instant("T0 fault accepted", accepted, fault.accepted_us, PASSED_ON),
            Row::instant(
                "T1 first failure",
                first,
                fault.first_error_us,
                TOLD_BY_USERS,
            ),
            Row::instant("last failure", last, fault.last_error_us, TOLD_BY_USERS),
            Row::instant(
                "T4 first success",
                served,
                fault.first_success_us,
                TOLD_BY_USERS,
            ),
            Row::instant(
                "T5 SLO held again",
                served,
                fault.recovered_us,
                TOLD_BY_USERS,
            ),
            Row::duration(
                "RTO (T5 − T0)",
                since(served),
                fault.rto_seconds.map(micros),
                TOLD_BY_USERS,
            ),
            Row::duration(
                "no success for",
                since(served),
                fault.dead_window_seconds.map(micros),
                TOLD_BY_USERS,
            ),
            Row::count("canary writes", self.canaries.requests(), canary_writes),
            Row::count("canary writes failed", canary.refused, canary_failed),
            Row::count("canary writes acknowledged", canary.others, acknowledged),
            Row::count("canary writes lost", 0, lost),
            Row::duration(
                "no canary write for",
                since(heard.at(canary.served)),
                fault
                    .canary
                    .first()
                    .map(|impact| micros(impact.dead_window_seconds)),
                TOLD_BY_USERS,
            ),
        ]
    }
}

/// What the books say of it, microseconds of `CLOCK_MONOTONIC`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outage {
    refused: u64,
    /// Served.
    others: u64,
    /// First and last refusal.
    first: u64,
    last: u64,
    /// The first answer after them that was none.
    served: u64,
}

impl Outage {
    fn of(exchanges: &[Exchange]) -> Self {
        let refused = || exchanges.iter().filter(|one| one.status == Some(503));
        let last = refused().map(|one| one.answered).max().unwrap_or(0);
        Self {
            refused: refused().count() as u64,
            others: (exchanges.len() - refused().count()) as u64,
            first: refused().map(|one| one.answered).min().unwrap_or(0),
            last,
            served: exchanges
                .iter()
                .filter(|one| one.status == Some(200) && one.answered >= last)
                .map(|one| one.answered)
                .min()
                .unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_read_off_the_books() {
        let exchange = |answered, status| Exchange {
            received: 0,
            answered,
            status: Some(status),
        };
        let books = [
            exchange(10, 200),
            exchange(20, 503),
            exchange(30, 503),
            exchange(40, 200),
            exchange(50, 200),
        ];
        let outage = Outage {
            refused: 2,
            others: 3,
            first: 20,
            last: 30,
            served: 40,
        };
        assert_eq!(Outage::of(&books), outage);
    }
}
