//! The HTTP side of [`crate::api`]: checks the token, hands calls to the supervisor, waits for its
//! answers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::auth;
use super::events::EventLog;
use super::metrics;
use super::supervisor::Message;
use crate::api::{ApiError, ChangeReceipt, ChangeRequest, Event, StackStatus};
use crate::process::{Shutdown, Trigger};
use crate::service::exposition;

/// The longest that a client may have a poll wait.
const LONGEST_POLL: Duration = Duration::from_secs(30);

/// An answer with status 4xx or 5xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(ApiError { error: self.error })).into_response()
    }
}

/// What the calls need.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) token: Arc<str>,
    pub(super) events: Arc<EventLog>,
    pub(super) supervisor: mpsc::UnboundedSender<Message>,
    pub(super) stop: Arc<Trigger>,
}

/// Serves until `shutdown`.
pub(super) async fn serve(listener: TcpListener, context: Context, mut shutdown: Shutdown) {
    let router = Router::new()
        .route("/v1/stack", get(status))
        .route("/v1/events", get(events))
        .route("/v1/changes/{id}", put(change).delete(undo))
        .route("/v1/recover", post(recover))
        .route("/v1/stop", post(stop))
        .fallback(nothing_there)
        .layer(middleware::from_fn_with_state(context.clone(), guard))
        // Numbers only, and whoever collects them has no token.
        .route("/metrics", get(metrics))
        .with_state(context);
    tokio::select! {
        served = axum::serve(listener, router).into_future() => {
            if let Err(error) = served {
                tracing::error!(%error, "the API ended");
            }
        }
        () = shutdown.requested() => {}
    }
}

async fn metrics(State(context): State<Context>, headers: HeaderMap) -> Result<Response, Refusal> {
    let status = context.ask(Message::Status).await?;
    Ok(exposition::page(&metrics::registry(&status), &headers))
}

async fn guard(State(context): State<Context>, request: Request, next: Next) -> Response {
    if auth::is_allowed(request.headers(), &context.token) {
        next.run(request).await
    } else {
        let error = "no valid token: it is in the stack's handle file, which `loadtest` reads";
        Refusal::new(StatusCode::UNAUTHORIZED, error).into_response()
    }
}

async fn nothing_there() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is no such call")
}

async fn status(State(context): State<Context>) -> Result<Json<StackStatus>, Refusal> {
    context.ask(Message::Status).await.map(Json)
}

#[derive(Deserialize)]
struct Poll {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait_ms: u64,
}

async fn events(State(context): State<Context>, Query(poll): Query<Poll>) -> Json<Vec<Event>> {
    let wait = Duration::from_millis(poll.wait_ms).min(LONGEST_POLL);
    Json(context.events.after(poll.after, wait).await)
}

async fn change(
    State(context): State<Context>,
    Path(id): Path<String>,
    Json(request): Json<ChangeRequest>,
) -> Result<Json<ChangeReceipt>, Refusal> {
    let ask = |answer| Message::Change {
        id,
        request,
        answer,
    };
    context.ask(ask).await?.map(Json)
}

async fn undo(State(context): State<Context>, Path(id): Path<String>) -> Result<Json<()>, Refusal> {
    let ask = |answer| Message::Undo { id, answer };
    context.ask(ask).await?.map(Json)
}

async fn recover(State(context): State<Context>) -> Result<Json<StackStatus>, Refusal> {
    context.ask(Message::Recover).await??;
    context.ask(Message::Status).await.map(Json)
}

async fn stop(State(context): State<Context>) -> (StatusCode, Json<()>) {
    tracing::info!("asked to stop by a client");
    context.stop.pull();
    (StatusCode::ACCEPTED, Json(()))
}

impl Context {
    /// Asks the supervisor and waits for its answer.
    async fn ask<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<T>) -> Message,
    ) -> Result<T, Refusal> {
        let (sender, answer) = oneshot::channel();
        // If it is gone, so is the other end of the answer.
        let _ = self.supervisor.send(message(sender));
        answer
            .await
            .map_err(|_| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the stack is going down"))
    }
}
