//! A target for the edge's cache: answers with what a test says, and counts what it is asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use target_app::edge::CdnConfig;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::backend::target;
use crate::edge::Edge;
use crate::stack::ANY;

/// What a test can turn.
pub(crate) struct Knobs {
    /// Of every answer.
    headers: Mutex<HeaderMap>,
    status: Mutex<StatusCode>,
    /// Requests so far; each is answered with its number.
    pub(crate) requests: AtomicUsize,
    /// What the last one was asked with.
    pub(crate) asked: Mutex<HeaderMap>,
    /// Each request takes a permit before it is answered.
    pub(crate) permits: Semaphore,
    held: AtomicBool,
}

/// An edge with a cache, and the one target behind it.
pub(crate) struct Origin {
    pub(crate) knobs: Arc<Knobs>,
    pub(crate) edge: Edge,
}

impl Origin {
    /// One whose answers carry these headers.
    pub(crate) async fn start(headers: &[(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind(ANY).await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let knobs = Arc::new(Knobs {
            headers: Mutex::new(map(headers)),
            status: Mutex::new(StatusCode::OK),
            requests: AtomicUsize::new(0),
            asked: Mutex::default(),
            permits: Semaphore::new(0),
            held: AtomicBool::new(false),
        });
        let router = Router::new()
            .route("/readyz", get(async || "ready"))
            .fallback(answer)
            .with_state(Arc::clone(&knobs));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let edge = Edge::start(vec![target("origin", address)], |config| {
            config.cdn = Some(CdnConfig {
                paths: vec!["/".into(), "/kept/*".into()],
                bytes: 1 << 20,
                answer_bytes: 64 << 10,
            });
        })
        .await;
        Self { knobs, edge }
    }

    /// From now on.
    pub(crate) fn say(&self, headers: &[(&'static str, &'static str)]) {
        *self.knobs.headers.lock().unwrap() = map(headers);
    }

    /// From now on.
    pub(crate) fn fail(&self, status: u16) {
        *self.knobs.status.lock().unwrap() = StatusCode::from_u16(status).unwrap();
    }

    /// From now on a request waits for a permit.
    pub(crate) fn hold(&self) {
        self.knobs.held.store(true, Ordering::SeqCst);
    }

    /// How many requests came through.
    pub(crate) fn requests(&self) -> usize {
        self.knobs.requests.load(Ordering::SeqCst)
    }

    /// What `X-Cache` says, and the body.
    pub(crate) async fn get(&self, path: &str) -> (String, String) {
        self.get_with(path, &[]).await
    }

    /// The same, asked with these headers.
    pub(crate) async fn get_with(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> (String, String) {
        let answer = self.answer(path, headers).await;
        let cache = said(&answer, "x-cache");
        (cache, answer.text().await.unwrap())
    }

    /// The whole answer.
    pub(crate) async fn answer(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> reqwest::Response {
        let request = self.edge.client.get(self.edge.running.url(path));
        request.headers(map(headers)).send().await.unwrap()
    }
}

/// A header's text; empty when it is not there.
pub(crate) fn said(answer: &reqwest::Response, name: &str) -> String {
    let value = answer.headers().get(name);
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

fn map(headers: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        let name = HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    };
    headers.iter().map(pair).collect()
}

async fn answer(State(knobs): State<Arc<Knobs>>, request: Request) -> Response {
    let number = knobs.requests.fetch_add(1, Ordering::SeqCst) + 1;
    *knobs.asked.lock().unwrap() = request.headers().clone();
    if knobs.held.load(Ordering::SeqCst) {
        knobs.permits.acquire().await.unwrap().forget();
    }
    let status = *knobs.status.lock().unwrap();
    let headers = knobs.headers.lock().unwrap().clone();
    (status, headers, format!("answer {number}")).into_response()
}
