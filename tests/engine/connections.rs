//! Connections are kept, noticed when they expire, and never used to send a write twice.

use std::time::Duration;

use loadtest::measure::outcome::ErrorKind;
use loadtest::scenario::{Step, Think};

use crate::bench::{arrivals, get, http, once, once_at, one, post, run, scenario};
use crate::server::Server;

/// Connections but for the one that looked whether the target can be reached.
fn used(server: &Server) -> usize {
    server.connections() - 1
}

fn after(pause: Duration, step: Step) -> Step {
    Step {
        think: Some(Think::Constant(pause)),
        ..step
    }
}

#[test]
fn one_connection_serves_a_user_for_all_its_iterations() {
    let server = Server::start();
    let plan = scenario(vec![get("/ok"), get("/json")], arrivals(50.0, 1.0, 1));
    let left = run(plan, &server.url());
    assert_eq!(left.outcome.totals.iterations_ended, 50);
    assert_eq!(left.outcome.totals.connections_opened, 1);
    assert_eq!(used(&server), 1);
}

#[test]
fn an_expired_connection_is_noticed_before_even_a_write_is_sent() {
    // The server closes 50 ms after this answer; the next step begins 200 ms after it.
    let expiring = || after(Duration::from_millis(200), get("/expires"));
    let (left, server) = once(vec![
        expiring(),
        post("/created", "x"),
        expiring(),
        get("/ok"),
    ]);
    for step in 0..4 {
        assert_eq!(left.sum(step).ok, 1, "step {step}: {:?}", left.samples());
    }
    assert_eq!(used(&server), 3);
    assert_eq!(left.outcome.totals.requests_resent, 0);
}

#[test]
fn a_connection_that_expires_under_a_request_fails_writes_and_repeats_reads() {
    // The server closes when the next request arrives, as a keep-alive limit does that is reached
    // while the request is on its way.
    let idle = || after(Duration::from_millis(700), get("/then-close"));
    let (left, server) = once(vec![idle(), post("/created", "x"), idle(), get("/ok")]);
    assert_eq!(left.sum(1).errors, [(ErrorKind::Reset, 1)]);
    assert_eq!(left.sum(3).ok, 1, "{:?}", left.samples());
    assert_eq!(left.outcome.totals.requests_resent, 1);
    assert!(server.seen_at("/created").is_empty());
}

#[test]
fn a_connection_just_used_that_breaks_is_an_error_of_reads_too() {
    let (left, _server) = once(vec![get("/then-close"), get("/ok")]);
    assert_eq!(left.sum(1).errors, [(ErrorKind::Reset, 1)]);
    assert_eq!(left.outcome.totals.requests_resent, 0);
}

#[test]
fn a_user_reconnects_after_every_loss() {
    let server = Server::start();
    let plan = scenario(vec![get("/silent-close")], arrivals(20.0, 1.0, 1));
    let left = run(plan, &server.url());
    assert_eq!(left.sum(0).errors, [(ErrorKind::Reset, 20)]);
    assert_eq!(left.outcome.totals.iterations_failed, 20);
    assert_eq!(used(&server), 20);
    // Many failures, few samples.
    assert_eq!(left.samples().len(), 1);
}

#[test]
fn ipv6_and_paths_before_the_path_work() {
    let server = Server::on("[::1]:0");
    let url = format!("{}/shop/v1/", server.url());
    let plan = scenario(vec![get("/ok?a=b c"), get("relative")], one());
    let left = run(plan, &url);
    assert_eq!(
        left.outcome.totals.iterations_failed,
        0,
        "{:?}",
        left.samples()
    );
    let seen = server.seen();
    assert_eq!(seen[0].path, "/shop/v1/ok?a=b%20c");
    assert_eq!(seen[0].headers["host"], server.address.to_string());
    assert_eq!(seen[1].path, "/shop/v1/relative");
}

#[test]
fn a_step_may_go_elsewhere() {
    let (here, there) = (Server::start(), Server::start());
    let url = format!("{}/elsewhere", there.url());
    let plan = scenario(vec![get("/ok"), get(&url), get("/ok")], one());
    let left = once_at(plan, &here);
    assert_eq!(
        left.outcome.totals.iterations_failed,
        0,
        "{:?}",
        left.samples()
    );
    assert_eq!(there.seen()[0].path, "/elsewhere");
    assert_eq!(there.seen()[0].headers["host"], there.address.to_string());
    // The first connection was kept meanwhile.
    assert_eq!(used(&here), 1);
}

/// Ten iterations of two steps: the connections that the server saw.
fn connections_of(policy: &str) -> (usize, Server) {
    let server = Server::start();
    let mut plan = scenario(vec![get("/ok"), get("/json")], arrivals(50.0, 0.2, 1));
    plan.http = http(&format!("[http]\nconnections = \"{policy}\""));
    let left = run(plan, &server.url());
    assert_eq!((left.sum(0).ok, left.sum(1).ok), (10, 10));
    let opened = left.outcome.totals.connections_opened;
    assert_eq!(opened, used(&server) as u64);
    assert_eq!(left.outcome.wire.connect_us.len(), opened);
    (used(&server), server)
}

#[test]
fn the_scenario_says_how_long_a_connection_serves() {
    assert_eq!(connections_of("per-user").0, 1);
    assert_eq!(connections_of("per-iteration").0, 10);
    let (count, server) = connections_of("per-request");
    assert_eq!(count, 20);
    let says_so = |seen: &crate::server::Seen| seen.headers["connection"] == "close";
    assert!(server.seen().iter().all(says_so));
}

#[test]
fn a_name_is_looked_up_once_and_again_after_a_loss() {
    let server = Server::start();
    let url = format!("http://localhost:{}", server.address.port());
    let steps = vec![get("/ok"), get("/ok"), get("/silent-close"), get("/ok")];
    let mut plan = scenario(steps, one());
    plan.journeys[0].on_failure = loadtest::scenario::OnFailure::Continue;
    let left = run(plan, &url);
    assert_eq!(left.sum(2).errors, [(ErrorKind::Reset, 1)]);
    assert_eq!(left.sum(3).ok, 1, "{:?}", left.samples());
    assert_eq!(left.outcome.wire.resolve_us.len(), 2);
}

#[test]
fn the_first_byte_is_told_apart_from_the_last() {
    // The second half of the body comes 60 ms after the first.
    let (left, _server) = once(vec![get("/slow-body"), get("/silent-close")]);
    let first = &left.outcome.wire.first_byte_us;
    // A connection that closes without an answer has no first byte.
    assert_eq!(first.len(), 1);
    assert!(first.max() + 60_000 <= left.sum(0).service.max() + 1_000);
}
