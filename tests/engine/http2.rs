//! HTTP/2: many requests on one connection, by prior knowledge and by ALPN.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::server::{self, SendResponse};
use h2::{Reason, RecvStream};
use http::{Request, Response};
use loadtest::measure::outcome::ErrorKind;
use loadtest::scenario::template::Template;
use loadtest::scenario::{Body, Expect, HttpDefaults, Step};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

use crate::bench::{Manner, arrivals, begin, get, http, once_at, one, post, run, scenario};
use crate::encrypted::{Secure, shop};
use crate::server::Server;

/// Requests to `/together` are answered when so many are there.
const TOGETHER: usize = 5;

/// What the server has seen.
struct State {
    connections: AtomicUsize,
    requests: Mutex<Vec<Request<()>>>,
    together: Barrier,
}

/// Speaks nothing but HTTP/2, for as long as the process lives.
fn serve(tls: Option<TlsAcceptor>) -> (u16, Arc<State>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let state = Arc::new(State {
        connections: AtomicUsize::new(0),
        requests: Mutex::default(),
        together: Barrier::new(TOGETHER),
    });
    let shared = state.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, state) = (tls.clone(), shared.clone());
                tokio::spawn(async move {
                    match tls {
                        None => converse(stream, state).await,
                        Some(tls) => converse(tls.accept(stream).await.ok()?, state).await,
                    }
                });
            }
        });
    });
    (port, state)
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(stream: S, state: Arc<State>) -> Option<()> {
    let mut connection = server::handshake(stream).await.ok()?;
    let mut greeted = false;
    while let Some(Ok((request, respond))) = connection.accept().await {
        if request.uri().path() == "/goodbye" {
            // The whole connection ends, with the request unanswered.
            return None;
        }
        // A connection that only looked whether the target can be reached never asks anything.
        if !std::mem::replace(&mut greeted, true) {
            state.connections.fetch_add(1, Ordering::SeqCst);
        }
        tokio::spawn(answer(request, respond, state.clone()));
    }
    Some(())
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    state: Arc<State>,
) -> Option<()> {
    let (parts, mut incoming) = request.into_parts();
    let path = parts.uri.path().to_owned();
    state
        .requests
        .lock()
        .unwrap()
        .push(Request::from_parts(parts, ()));
    let mut body = Vec::new();
    while let Some(Ok(chunk)) = incoming.data().await {
        incoming.flow_control().release_capacity(chunk.len()).ok()?;
        body.extend_from_slice(&chunk);
    }
    match path.as_str() {
        "/together" => {
            state.together.wait().await;
        }
        "/reset" => {
            respond.send_reset(Reason::INTERNAL_ERROR);
            return None;
        }
        "/large" => body = vec![b'x'; 20 << 20],
        _ => {}
    }
    let head = Response::builder().header("x-zone", "a").body(()).unwrap();
    let mut outgoing = respond.send_response(head, body.is_empty()).ok()?;
    if !body.is_empty() {
        outgoing.send_data(body.into(), true).ok()?;
    }
    Some(())
}

fn version_2(more: &str) -> HttpDefaults {
    http(&format!("[http]\nversion = \"2\"\n{more}"))
}

#[test]
fn requests_and_answers_say_the_same_as_in_version_1() {
    let (port, state) = serve(None);
    let echoed = Step {
        headers: vec![("X-Token".into(), Template::literal("t-1"))],
        body: Body::Raw(Template::literal("hello")),
        expect: Expect {
            body_contains: vec![Template::literal("hello")],
            headers: vec![(
                "x-zone".into(),
                loadtest::scenario::ValueRule::Equals(Template::literal("a")),
            )],
            ..Expect::default()
        },
        ..post("/echo?a=b", "hello")
    };
    let steps = vec![echoed, get("/empty"), get("/large")];
    let mut plan = scenario(steps, arrivals(20.0, 0.5, 1));
    plan.http = version_2("");
    let left = run(plan, &format!("http://127.0.0.1:{port}"));
    for (step, bytes) in [5, 0, 20 << 20].into_iter().enumerate() {
        assert_eq!(left.sum(step).ok, 10, "{:?}", left.samples());
        assert_eq!(left.sum(step).received, 10 * bytes);
    }
    assert_eq!(left.outcome.wire.first_byte_us.len(), 30);
    // One connection, whatever the number of iterations.
    assert_eq!(left.outcome.totals.connections_opened, 1);
    assert_eq!(state.connections.load(Ordering::SeqCst), 1);
    let requests = state.requests.lock().unwrap();
    let first = &requests[0];
    assert_eq!(*first.uri(), *format!("http://127.0.0.1:{port}/echo?a=b"));
    assert_eq!(first.headers()["x-token"], "t-1");
    assert!(!first.headers().contains_key("host"));
}

#[test]
fn users_share_a_connection_if_the_scenario_says_so() {
    let connections = |policy: &str| {
        let (port, state) = serve(None);
        // Each is answered only when all are under way.
        let mut plan = scenario(vec![get("/together")], arrivals(50.0, 0.1, TOGETHER));
        plan.http = version_2(&format!("connections = \"{policy}\""));
        let left = run(plan, &format!("http://127.0.0.1:{port}"));
        assert_eq!(left.sum(0).ok, TOGETHER as u64, "{:?}", left.samples());
        let opened = state.connections.load(Ordering::SeqCst);
        assert_eq!(left.outcome.totals.connections_opened, opened as u64);
        opened
    };
    assert_eq!(connections("shared"), 1);
    assert_eq!(connections("per-user"), TOGETHER);
}

#[test]
fn a_stream_that_breaks_is_a_reset_and_a_lost_connection_is_replaced() {
    for policy in ["per-user", "shared"] {
        let (port, state) = serve(None);
        let steps = vec![get("/reset"), get("/ok"), get("/goodbye"), get("/ok")];
        let mut plan = scenario(steps, one());
        plan.journeys[0].on_failure = loadtest::scenario::OnFailure::Continue;
        plan.http = version_2(&format!("connections = \"{policy}\""));
        let left = run(plan, &format!("http://127.0.0.1:{port}"));
        assert_eq!(left.sum(0).errors, [(ErrorKind::Reset, 1)], "{policy}");
        assert_eq!(left.sum(1).ok, 1, "{policy}: {:?}", left.samples());
        assert_eq!(left.sum(2).errors, [(ErrorKind::Reset, 1)], "{policy}");
        assert_eq!(left.sum(3).ok, 1, "{policy}: {:?}", left.samples());
        assert!(state.connections.load(Ordering::SeqCst) >= 2, "{policy}");
    }
}

const TRUSTED: &str = "tls = { ca = \"authority.pem\", server_name = \"shop.test\" }";

#[test]
fn over_tls_the_version_is_agreed_on_by_alpn() {
    let mut config = shop();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (port, state) = serve(Some(TlsAcceptor::from(Arc::new(config))));
    let mut plan = scenario(vec![get("/a"), get("/b")], one());
    plan.http = version_2(TRUSTED);
    let left = run(plan, &format!("https://127.0.0.1:{port}"));
    assert_eq!(
        (left.sum(0).ok, left.sum(1).ok),
        (1, 1),
        "{:?}",
        left.samples()
    );
    assert_eq!(left.outcome.totals.handshakes_full, 1);
    let requests = state.requests.lock().unwrap();
    assert_eq!(requests[0].uri().scheme_str(), Some("https"));
}

#[test]
fn a_target_without_version_2_is_named() {
    let secure = Secure::start(shop());
    let mut plan = scenario(vec![get("/")], one());
    plan.http = version_2(TRUSTED);
    let refused = begin(plan, &secure.url, Manner::default());
    let text = refused.err().expect("no ALPN").to_string();
    assert!(text.contains("does not speak HTTP/2"), "{text}");
    // Without TLS nothing is agreed on beforehand: the first answer tells.
    let server = Server::start();
    let mut plan = scenario(vec![get("/ok")], one());
    plan.http = version_2("");
    let left = once_at(plan, &server);
    assert_eq!((left.sum(0).ok, left.sum(0).failed), (0, 1));
}
