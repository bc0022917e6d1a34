//! The ledger hears of every write, and only what is known of it.

use std::sync::Arc;

use loadtest::load::{WriteId, WriteLog, WriteOutcome};
use loadtest::measure::clock::Micros;
use loadtest::measure::outcome::ErrorKind;
use loadtest::scenario::template::Template;
use loadtest::scenario::{LedgerRule, OnFailure, Step};

use crate::bench::{Manner, Remembered, arrivals, begin, one, post, scenario};
use crate::server::Server;

fn written(path: &str, key: &str) -> Step {
    Step {
        ledger: Some(LedgerRule {
            key: Template::literal(key),
            read_back: Template::literal(format!("/by-key/{key}")),
            copies: None,
            headers: Vec::new(),
        }),
        ..post(path, "x")
    }
}

#[test]
fn every_outcome_is_told_once() {
    let server = Server::start();
    let steps = vec![
        written("/created", "a"),
        written("/refused", "b"),
        written("/broken", "c"),
        written("/silent-close", "d"),
        written("http://127.0.0.1:1/", "e"),
        post("/created", "no ledger"),
    ];
    let log = Arc::new(Remembered::default());
    let mut plan = scenario(steps, one());
    plan.journeys[0].on_failure = OnFailure::Continue;
    let manner = Manner {
        log: log.clone(),
        ..Manner::default()
    };
    begin(plan, &server.url(), manner).unwrap().wait();
    let begun = log.begun.lock().unwrap();
    let keys: Vec<&str> = begun.iter().map(|(_, key, _)| key.as_str()).collect();
    assert_eq!(keys, ["a", "b", "c", "d", "e"]);
    assert_eq!(begun[0].2, "/by-key/a");
    assert_eq!(
        *log.ended.lock().unwrap(),
        [
            (0, WriteOutcome::Ok),
            (1, WriteOutcome::Fail),
            (2, WriteOutcome::Unknown),
            (3, WriteOutcome::Unknown),
            (4, WriteOutcome::Fail),
        ]
    );
}

/// A ledger with a defect.
struct Defective;

impl WriteLog for Defective {
    fn begin(&self, _: usize, key: &str, _: &str, _: Micros) -> WriteId {
        assert!(key != "bad", "on purpose");
        WriteId(0)
    }

    fn end(&self, _: WriteId, _: WriteOutcome, _: Micros) {}
}

#[test]
fn a_step_that_panics_is_counted_and_its_user_goes_on() {
    let server = Server::start();
    let steps = vec![written("/created", "good"), written("/created", "bad")];
    let plan = scenario(steps, arrivals(10.0, 0.5, 1));
    let manner = Manner {
        log: Arc::new(Defective),
        ..Manner::default()
    };
    let left = begin(plan, &server.url(), manner).unwrap().wait();
    let totals = left.outcome.totals;
    assert_eq!((totals.panics, totals.iterations_failed), (5, 5));
    assert_eq!(left.sum(0).ok, 5);
    assert_eq!(left.sum(1).errors, [(ErrorKind::Internal, 5)]);
}
