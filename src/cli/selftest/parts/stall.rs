//! A stall in an open model: whoever was to come meanwhile counts its wait, although almost nobody
//! was sent. A tool with coordinated omission would show four slow requests.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::delays::Secret;
use super::{Act, Heard, quantile};
use crate::cli::selftest::row::{Row, Tolerance};
use crate::cli::selftest::sabotage::{Sabotage, Sabotages};
use crate::cli::selftest::target::{Answering, Books, Reply, Request, Script, now};
use crate::measure::clock::Micros;
use crate::report::summary::Latency;

pub(super) const WORDS: &str = "600 arrivals, 4 users, nobody answered for 1 s";

/// As in the scenario.
const ARRIVALS: u64 = 600;
const GAP_US: u64 = 5_000;
/// After the first request.
const BEGINS: Duration = Duration::from_secs(1);
const LASTS: Duration = Duration::from_secs(1);
/// What a sabotaged stall lasts longer than entered.
const SECRETLY: Duration = Duration::from_millis(150);
/// Whom a deaf target does not hear any more: the last 40 arrivals.
const DEAF_FROM: u64 = 560;

/// The closed form knows neither the gap to the arrival before the stall, nor how long the users
/// take to work off the queue after it.
const CLOSED_FORM: Tolerance = Tolerance {
    below: GAP_US + 1_000,
    above: 25_000,
};
/// Of the undisturbed half.
const MEDIAN_MS: u64 = 5;
const FEW_MS: u64 = 5;
const ONE_MS: u64 = 20;

/// Answers, but for a second.
#[derive(Debug)]
pub(super) struct Stall {
    books: Books,
    secret: Secret,
    silence: OnceLock<watch::Receiver<bool>>,
    /// From when to when, microseconds of `CLOCK_MONOTONIC`.
    span: Arc<Mutex<(u64, u64)>>,
    longer: Duration,
    deaf: bool,
}

impl Stall {
    pub(super) fn new(sabotages: &Sabotages) -> Self {
        Self {
            books: Books::new(sabotages),
            secret: Secret::new(sabotages),
            silence: OnceLock::new(),
            span: Arc::default(),
            longer: if sabotages.has(Sabotage::Stall) {
                SECRETLY
            } else {
                Duration::ZERO
            },
            deaf: sabotages.has(Sabotage::Deaf),
        }
    }

    /// Whether nobody is answered now; the first who asks sets the clock going.
    fn silence(&self) -> watch::Receiver<bool> {
        let silence = self.silence.get_or_init(|| {
            let (tell, silence) = watch::channel(false);
            let (span, longer) = (Arc::clone(&self.span), self.longer);
            tokio::spawn(async move {
                tokio::time::sleep(BEGINS).await;
                let began = now();
                tell.send_replace(true);
                tokio::time::sleep(LASTS).await;
                *span.lock().unwrap_or_else(PoisonError::into_inner) = (began, now());
                tokio::time::sleep(longer).await;
                tell.send_replace(false);
            });
            silence
        });
        silence.clone()
    }
}

impl Script for Stall {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(async move {
            let mut silence = self.silence();
            if self.deaf && request.number() >= DEAF_FROM {
                std::future::pending::<()>().await;
            }
            // An error means that the clock's task has ended: nobody is silent any more.
            let _ = silence.wait_for(|silent| !silent).await;
            self.books.enter(request.received, Some(200));
            self.secret.wait(request.number()).await;
            Reply::empty(200)
        })
    }
}

impl Act for Stall {
    fn rows(&self, heard: &Heard) -> Vec<Row> {
        let requests = &heard.summary.requests;
        let (from, to) = *self.span.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = closed_form(heard.began, (heard.at(from), heard.at(to)));
        let response = |what, q, of: fn(&Latency) -> u64, tolerance| {
            let reported = requests.response_time_us.as_ref().map(of);
            Row::duration(what, quantile(&waits, q), reported, tolerance)
        };
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
            Row::count("arrivals scheduled", ARRIVALS, requests.scheduled),
            Row::count("arrivals started", self.books.requests(), requests.started),
            Row::count(
                "arrivals dropped",
                0,
                heard.summary.generator.dropped.unwrap_or(u64::MAX),
            ),
            response(
                "response time p50",
                0.5,
                |times| times.p50,
                Tolerance::enclosing_ms(MEDIAN_MS, 0),
            ),
            response("response time p90", 0.9, |times| times.p90, CLOSED_FORM),
            response("response time p99", 0.99, |times| times.p99, CLOSED_FORM),
            response("response time max", 1.0, |times| times.max, CLOSED_FORM),
            service("service time p99", 0.99, |times| times.p99, FEW_MS),
            service("service time max", 1.0, |times| times.max, ONE_MS),
        ]
    }
}

/// How long each arrival waits, sorted: one due during the stall waits for what is left of it, all
/// others are answered at once. All run time, microseconds.
fn closed_form(began: Micros, stall: (Micros, Micros)) -> Vec<u64> {
    let due = (0..ARRIVALS).map(|number| began + number * GAP_US);
    let mut waits: Vec<u64> = due
        .map(|due| {
            if due < stall.0 {
                0
            } else {
                stall.1.saturating_sub(due)
            }
        })
        .collect();
    waits.sort_unstable();
    waits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_what_is_left_of_the_stall() {
        let waits = closed_form(100, (1_000_100, 2_000_100));
        assert_eq!(waits.iter().filter(|wait| **wait > 0).count(), 200);
        assert_eq!(
            [0.5, 0.9, 0.99, 1.0].map(|q| quantile(&waits, q)),
            [0, 700_000, 970_000, 1_000_000]
        );
    }
}
