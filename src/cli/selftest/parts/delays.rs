//! Known delays: service times must be those that the target took, by its own clock.

use std::time::Duration;

use super::{Act, Heard, quantile};
use crate::cli::selftest::row::{Row, Tolerance};
use crate::cli::selftest::sabotage::{Sabotage, Sabotages};
use crate::cli::selftest::target::{Answering, Books, Reply, Request, Script};
use crate::report::summary::Latency;

pub(super) const WORDS: &str = "500 requests: 98 % take 5 ms, 2 % take 50 ms";

const USUAL: Duration = Duration::from_millis(5);
const SLOW: Duration = Duration::from_millis(50);
/// One of so many is slow: with 2 % of them, p99 lies in the middle of the slow ones and p50 in
/// that of the usual ones, where no rank is in doubt.
const SLOW_EVERY: u64 = 50;

/// Quantiles of many requests: the way there and back and two threads that wake up.
const MANY_MS: u64 = 2;
/// The slow ones are ten.
const FEW_MS: u64 = 5;
/// A single request meets whatever the machine does meanwhile.
const ONE_MS: u64 = 20;

/// Takes its time.
#[derive(Debug)]
pub(super) struct Delays {
    books: Books,
    secret: Secret,
    refuses_one: bool,
}

/// Which one, when it does.
const REFUSED: u64 = 13;

/// Answers that leave later than the books say: only with a sabotage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Secret {
    every: Duration,
    slow: Duration,
}

impl Secret {
    pub(super) fn new(sabotages: &Sabotages) -> Self {
        let only =
            |sabotage, ms| Duration::from_millis(if sabotages.has(sabotage) { ms } else { 0 });
        Self {
            every: only(Sabotage::EveryAnswer, 15),
            slow: only(Sabotage::SlowAnswer, 100),
        }
    }

    /// What comes on top after the answer was entered.
    pub(super) async fn wait(&self, number: u64) {
        let more = self.every
            + if is_slow(number) {
                self.slow
            } else {
                Duration::ZERO
            };
        if !more.is_zero() {
            tokio::time::sleep(more).await;
        }
    }
}

fn is_slow(number: u64) -> bool {
    number % SLOW_EVERY == SLOW_EVERY - 1
}

impl Delays {
    pub(super) fn new(sabotages: &Sabotages) -> Self {
        Self {
            books: Books::new(sabotages),
            secret: Secret::new(sabotages),
            refuses_one: sabotages.has(Sabotage::Error),
        }
    }
}

impl Script for Delays {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(async move {
            let number = request.number();
            tokio::time::sleep(if is_slow(number) { SLOW } else { USUAL }).await;
            self.books.enter(request.received, Some(200));
            self.secret.wait(number).await;
            if self.refuses_one && number == REFUSED {
                return Reply::empty(503);
            }
            Reply::empty(200)
        })
    }
}

impl Act for Delays {
    fn rows(&self, heard: &Heard) -> Vec<Row> {
        let requests = &heard.summary.requests;
        let took = self.books.took_us();
        let service = |what, q, of: fn(&Latency) -> u64, ms| {
            let injected = quantile(&took, q);
            let reported = requests.service_time_us.as_ref().map(of);
            Row::duration(
                what,
                injected,
                reported,
                Tolerance::enclosing_ms(ms, injected),
            )
        };
        vec![
            Row::count("requests", self.books.requests(), requests.total),
            Row::count("requests failed", 0, requests.failed),
            service("service time p50", 0.5, |times| times.p50, MANY_MS),
            service("service time p99", 0.99, |times| times.p99, FEW_MS),
            service("service time max", 1.0, |times| times.max, ONE_MS),
        ]
    }
}
