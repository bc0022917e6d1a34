//! The edge when targets fail, and when it fails requests itself.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use target_app::edge::admin_api::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::backend::{Backend, target};
use crate::edge::Edge;
use crate::stack::ANY;

/// Long enough that within a test no second check is made.
const RARELY: u64 = 3_600_000;

/// What a raw target does with a request after reading it.
#[derive(Clone, Copy)]
enum Behaviour {
    /// Closes the connection.
    HangUp,
    /// Never answers.
    Hang,
    /// Promises ten bytes and sends four.
    BreakOff,
}

/// A target that is healthy and fails requests; and how many it got.
async fn raw_target(behaviour: Behaviour) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_raw(stream, behaviour, Arc::clone(&counted)));
        }
    });
    (address, requests)
}

async fn answer_raw(mut stream: TcpStream, behaviour: Behaviour, counted: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read_buf(&mut head).await {
            Ok(1..) => {}
            _ => return,
        }
    }
    if head.starts_with(b"GET /readyz") {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await;
        return;
    }
    counted.fetch_add(1, Ordering::SeqCst);
    match behaviour {
        Behaviour::HangUp => {}
        Behaviour::Hang => std::future::pending().await,
        Behaviour::BreakOff => {
            let part = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfour";
            let _ = stream.write_all(part).await;
        }
    }
}

async fn post(edge: &Edge) -> (u16, Value, reqwest::header::HeaderMap) {
    let request = edge.client.post(edge.running.url("/order")).body("once");
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, answer.json().await.unwrap(), headers)
}

#[tokio::test]
async fn what_was_not_sent_goes_to_another_target() {
    let (dead, alive) = (Backend::start("dead").await, Backend::start("alive").await);
    let edge = Edge::start(vec![dead.target(), alive.target()], |config| {
        config.health.interval_ms = RARELY;
    })
    .await;
    let seen = edge.events(0).await.len() as u64;
    // A kept connection to the target that dies: it must not swallow a request either.
    for _ in 0..2 {
        edge.name().await;
    }
    dead.kill().await;
    for _ in 0..6 {
        let (status, echo, _) = post(&edge).await;
        assert_eq!(
            (status, &echo["name"], &echo["body"]),
            (200, &json!("alive"), &json!("once"))
        );
    }
    let down = edge.events(seen).await;
    assert_eq!(
        (&*down[0].target, down[0].healthy),
        ("dead", false),
        "connecting counts as a check"
    );
    assert!(
        down[0].reason.starts_with("connecting"),
        "{}",
        down[0].reason
    );
    assert_eq!(edge.stats().await.targets["dead"].counts.in_flight, 0);
}

#[tokio::test]
async fn what_was_sent_is_never_sent_again() {
    let (address, requests) = raw_target(Behaviour::HangUp).await;
    let (other_address, other_requests) = raw_target(Behaviour::HangUp).await;
    let targets = vec![target("a", address), target("b", other_address)];
    let edge = Edge::start(targets, |_| {}).await;
    let (status, body, headers) = post(&edge).await;
    assert_eq!(
        (status, &body["cause"]),
        (502, &json!("upstream-closed")),
        "{body}"
    );
    assert_eq!(headers["x-edge-error"], "upstream-closed");
    let arrived = requests.load(Ordering::SeqCst) + other_requests.load(Ordering::SeqCst);
    assert_eq!(arrived, 1);
    let stats = edge.stats().await;
    let failures: u64 = stats
        .targets
        .values()
        .map(|target| target.counts.failures)
        .sum();
    assert_eq!(failures, 1);
}

#[tokio::test]
async fn a_target_that_hangs_is_given_up_after_the_time_out() {
    let (address, requests) = raw_target(Behaviour::Hang).await;
    let edge = Edge::start(vec![target("a", address)], |config| {
        config.response_timeout_ms = 50;
    })
    .await;
    let (status, body, _) = post(&edge).await;
    assert_eq!(
        (status, &body["cause"]),
        (504, &json!("upstream-timeout")),
        "{body}"
    );
    assert_eq!(body["target"], "a");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn half_an_answer_is_not_passed_off_as_a_whole_one() {
    let (address, _) = raw_target(Behaviour::BreakOff).await;
    let edge = Edge::start(vec![target("a", address)], |_| {}).await;
    let answer = edge.get("/").await;
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
    assert_eq!(edge.stats().await.targets["a"].counts.failures, 1);
}

#[tokio::test]
async fn without_targets_the_edge_says_so() {
    let edge = Edge::start(Vec::new(), |_| {}).await;
    let (status, body, headers) = post(&edge).await;
    assert_eq!((status, &body["cause"]), (503, &json!("no-target")));
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(edge.stats().await.unroutable, 1);
}

#[tokio::test]
async fn when_nobody_is_healthy_it_depends_on_fail_open() {
    for (fail_open, expected) in [(true, 200), (false, 503)] {
        let a = Backend::start("a").await;
        let edge = Edge::start(vec![a.target()], |config| config.fail_open = fail_open).await;
        a.knobs.ready.store(false, Ordering::SeqCst);
        edge.events(1).await;
        assert_eq!(post(&edge).await.0, expected);
    }
}

#[tokio::test]
async fn ordered_faults_hit_whom_they_should_and_end() {
    let (a, b) = (Backend::start("a").await, Backend::start("b").await);
    let edge = Edge::start(vec![a.target(), b.target()], |_| {}).await;
    let inject = async |faults: Value| {
        let put = edge.client.put(edge.admin("/inject")).json(&faults);
        put.send().await.unwrap().status()
    };
    assert_eq!(
        inject(json!([{"zones": ["zone-of-a"], "error_rate": 1.0, "status": 500}])).await,
        204
    );
    let mut statuses = [post(&edge).await.0, post(&edge).await.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 500]);
    assert_eq!(a.requests(), 0, "an injected error is not the target's");

    assert_eq!(inject(json!([{"reset_rate": 1.0}])).await, 204);
    let mut stream = TcpStream::connect(edge.running.bound.address)
        .await
        .unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    assert_eq!(inject(json!([{"error_rate": 2.0}])).await, 400);
    assert_eq!(inject(json!([{"eror_rate": 1.0}])).await, 400);
    assert_eq!(inject(json!([])).await, 204);
    assert_eq!(post(&edge).await.0, 200);
}

#[tokio::test]
async fn a_list_with_a_name_twice_is_refused() {
    let a = Backend::start("a").await;
    let edge = Edge::start(vec![a.target()], |_| {}).await;
    let twice: [Target; 2] = [a.target(), a.target()];
    let answer = edge
        .client
        .put(edge.admin("/targets"))
        .json(&twice)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("listed twice"));
    assert_eq!(edge.name().await, "a");
}
