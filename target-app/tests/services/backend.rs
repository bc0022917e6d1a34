//! A target for the edge that does as a test says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde_json::json;
use target_app::edge::admin_api::{Target, TargetState};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::stack::ANY;

/// What a test can turn.
pub(crate) struct Knobs {
    pub(crate) name: &'static str,
    pub(crate) ready: AtomicBool,
    pub(crate) requests: AtomicUsize,
    /// Each request to `/slow` takes a permit before it answers.
    pub(crate) permits: Semaphore,
}

/// A server that answers with its name and what it was asked.
pub(crate) struct Backend {
    pub(crate) knobs: Arc<Knobs>,
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Backend {
    pub(crate) async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind(ANY).await.unwrap();
        let address = listener.local_addr().unwrap();
        let knobs = Arc::new(Knobs {
            name,
            ready: AtomicBool::new(true),
            requests: AtomicUsize::new(0),
            permits: Semaphore::new(0),
        });
        let router = Router::new()
            .route("/readyz", get(readyz))
            .route("/slow", any(slow))
            .fallback(echo)
            .with_state(Arc::clone(&knobs));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            knobs,
            address,
            task,
        }
    }

    /// Nobody listens at its address any more.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    pub(crate) fn target(&self) -> Target {
        target(self.knobs.name, self.address)
    }

    pub(crate) fn requests(&self) -> usize {
        self.knobs.requests.load(Ordering::SeqCst)
    }
}

/// A target in the zone `zone-of-<name>`.
pub(crate) fn target(name: &str, address: SocketAddr) -> Target {
    Target {
        version: "1".into(),
        name: name.into(),
        zone: format!("zone-of-{name}"),
        address,
        weight: 1,
        state: TargetState::Active,
    }
}

async fn readyz(State(knobs): State<Arc<Knobs>>) -> http::StatusCode {
    if knobs.ready.load(Ordering::SeqCst) {
        http::StatusCode::OK
    } else {
        http::StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn slow(State(knobs): State<Arc<Knobs>>) -> &'static str {
    knobs.requests.fetch_add(1, Ordering::SeqCst);
    knobs.permits.acquire().await.unwrap().forget();
    knobs.name
}

async fn echo(State(knobs): State<Arc<Knobs>>, request: Request) -> Response {
    knobs.requests.fetch_add(1, Ordering::SeqCst);
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let headers: serde_json::Map<_, _> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    Json(json!({
        "name": knobs.name,
        "method": parts.method.as_str(),
        "path": parts.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
    .into_response()
}
