//! A run ends when its schedule does, or when it is told to; what is then in flight is accounted
//! for. The server stalls until the test lets it go on, so each end is forced, not timed.

use std::time::Duration;

use loadtest::load::WriteOutcome;
use loadtest::measure::outcome::ErrorKind;
use loadtest::scenario::template::Template;
use loadtest::scenario::{LedgerRule, Step, Think};

use crate::bench::{Begun, Manner, Remembered, arrivals_until, begin, get, post, scenario, users};
use crate::server::Server;

const HOUR: Duration = Duration::from_secs(3_600);

/// Returns once the server has seen that many requests.
fn until_seen(server: &Server, count: usize) {
    while server.seen().len() < count {
        std::thread::yield_now();
    }
}

fn started(steps: Vec<Step>, count: usize, server: &Server) -> Begun {
    begin(
        scenario(steps, users(count, HOUR)),
        &server.url(),
        Manner::default(),
    )
    .unwrap()
}

#[test]
fn a_soft_stop_ends_think_times_and_waits() {
    let server = Server::start();
    let resting = Step {
        think: Some(Think::Constant(HOUR)),
        ..get("/ok")
    };
    let begun = started(vec![resting, get("/json")], 3, &server);
    until_seen(&server, 3);
    begun.stop.soft();
    let left = begun.wait();
    assert_eq!(left.outcome.totals.iterations_cut, 3);
    assert_eq!(left.outcome.totals.iterations_ended, 0);
    assert_eq!(left.sum(0).ok, 3);
    assert!(server.seen_at("/json").is_empty());
}

#[test]
fn a_stop_leaves_requests_without_an_answer_out_of_the_figures() {
    for hard in [false, true] {
        let server = Server::start();
        server.stall();
        let begun = started(vec![get("/ok")], 4, &server);
        until_seen(&server, 4);
        if hard {
            begun.stop.hard();
        } else {
            begun.stop.soft();
        }
        // Nothing ever answers: only the stop can end this.
        let left = begun.wait();
        assert_eq!(left.outcome.totals.requests_abandoned, 4, "hard: {hard}");
        assert_eq!(left.outcome.totals.iterations_cut, 4);
        let sum = left.sum(0);
        assert_eq!((sum.ok, sum.failed), (0, 0));
    }
}

#[test]
fn writes_cut_off_by_a_stop_are_unknown_to_the_ledger() {
    let server = Server::start();
    server.stall();
    let log = std::sync::Arc::new(Remembered::default());
    let write = Step {
        ledger: Some(LedgerRule {
            key: Template::literal("k"),
            read_back: Template::literal("/by-key/k"),
            copies: None,
            headers: Vec::new(),
        }),
        ..post("/created", "x")
    };
    let manner = Manner {
        log: log.clone(),
        ..Manner::default()
    };
    let begun = begin(scenario(vec![write], users(1, HOUR)), &server.url(), manner).unwrap();
    until_seen(&server, 1);
    begun.stop.hard();
    begun.wait();
    assert_eq!(*log.ended.lock().unwrap(), [(0, WriteOutcome::Unknown)]);
}

#[test]
fn requests_that_outlast_the_schedule_and_its_grace_are_timeouts() {
    let server = Server::start();
    server.stall();
    // The schedule is over after 0.2 s, the step gives up after 1 s: within the grace.
    let patient = Step {
        timeout: Duration::from_secs(1),
        ..get("/ok")
    };
    let plan = scenario(vec![patient], arrivals_until(20.0, 0.2, 10));
    let left = crate::bench::run(plan, &server.url());
    let started = left.outcome.totals.arrivals_started;
    assert!(started > 0);
    assert_eq!(left.sum(0).errors, [(ErrorKind::Timeout, started)]);
    assert_eq!(left.outcome.totals.requests_abandoned, 0);
}

#[test]
fn answers_within_the_grace_still_count() {
    let server = Server::start();
    let plan = scenario(
        vec![get("/slow-body"), get("/never")],
        arrivals_until(40.0, 0.1, 10),
    );
    let left = crate::bench::run(plan, &server.url());
    let totals = left.outcome.totals;
    // Answers take 60 ms: the last of them come after the schedule's end, and nothing follows.
    assert_eq!(left.sum(0).ok, totals.arrivals_started);
    assert!(totals.iterations_cut > 0, "{totals:?}");
    assert_eq!(
        totals.iterations_cut + totals.iterations_ended,
        totals.arrivals_started
    );
}

#[test]
fn arrivals_that_never_found_a_user_are_dropped_at_the_end() {
    let server = Server::start();
    server.stall();
    let plan = scenario(vec![get("/ok")], arrivals_until(100.0, 0.3, 2));
    let begun = begin(plan, &server.url(), Manner::default()).unwrap();
    until_seen(&server, 2);
    let end = begun.running.scheduled_end();
    while begun.clock.now() < end + 100_000 {
        std::thread::yield_now();
    }
    server.resume();
    let totals = begun.wait().outcome.totals;
    assert_eq!(totals.arrivals_scheduled, 30);
    assert_eq!(totals.arrivals_started, 2);
    assert_eq!(totals.arrivals_dropped, 28);
}
