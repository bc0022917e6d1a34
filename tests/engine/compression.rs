//! Compressed answers: asked for, counted as they came, and judged by what is in them.

use loadtest::measure::outcome::ErrorKind;
use loadtest::scenario::extract::JsonPath;
use loadtest::scenario::template::Template;
use loadtest::scenario::{Expect, Step, ValueRule};

use crate::bench::{get, http, once_at, one, scenario};
use crate::server::{COMPRESSED, Server};

/// The decoded body must hold this.
fn seven(path: &str) -> Step {
    let id = JsonPath::parse("$.id").unwrap();
    Step {
        expect: Expect {
            json: vec![(id, ValueRule::Equals(Template::literal("7")))],
            ..Expect::default()
        },
        ..get(path)
    }
}

#[test]
fn every_coding_is_asked_for_and_undone() {
    let server = Server::start();
    let paths = ["/gzip", "/deflate", "/br", "/zstd"];
    let mut plan = scenario(paths.map(seven).to_vec(), one());
    plan.http = http("[http]\ncompression = true");
    let left = once_at(plan, &server);
    for (step, path) in paths.into_iter().enumerate() {
        assert_eq!(left.sum(step).ok, 1, "{path}: {:?}", left.samples());
    }
    for seen in server.seen() {
        assert_eq!(seen.headers["accept-encoding"], "zstd, br, gzip, deflate");
    }
    let totals = &left.outcome.totals;
    assert_eq!(totals.compressed_answers, 4);
    assert_eq!(totals.bytes_decompressed, 4 * COMPRESSED.len() as u64);
    let received: u64 = (0..paths.len()).map(|step| left.sum(step).received).sum();
    assert_eq!(totals.bytes_compressed, received);
    assert_eq!(
        left.sum(3).received,
        include_bytes!("compressed/words.json.zst").len() as u64
    );
}

#[test]
fn a_step_may_ask_by_itself_and_others_are_left_alone() {
    let server = Server::start();
    let asking = Step {
        headers: vec![("accept-encoding".into(), Template::literal("gzip"))],
        ..seven("/gzip")
    };
    let left = once_at(scenario(vec![asking, seven("/gzip")], one()), &server);
    assert_eq!(left.sum(0).ok, 1, "{:?}", left.samples());
    // What was not asked for is not undone either.
    assert_eq!(left.sum(1).errors, [(ErrorKind::Expectation, 1)]);
    let seen = server.seen();
    assert_eq!(seen[0].headers["accept-encoding"], "gzip");
    assert!(!seen[1].headers.contains_key("accept-encoding"));
    assert_eq!(left.outcome.totals.compressed_answers, 1);
}

#[test]
fn a_body_that_is_not_what_it_claims_to_be_is_no_answer() {
    let server = Server::start();
    let mut plan = scenario(vec![get("/x-gzip"), get("/ok")], one());
    plan.http = http("[http]\ncompression = [\"gzip\"]");
    let left = once_at(plan, &server);
    assert_eq!(left.sum(0).errors, [(ErrorKind::Protocol, 1)]);
    let message = &left.samples()[0].message;
    assert!(message.contains("Content-Encoding"), "{message}");
    // The connection is in step all the same.
    assert_eq!(left.sum(1).ok, 1);
    assert_eq!(left.outcome.totals.connections_opened, 1);
}
