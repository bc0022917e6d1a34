//! What orchestrators and monitoring ask a task runner.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::metrics::Metrics;
use crate::service::database::{Database, DatabaseError, Writable};
use crate::service::exposition;
use crate::service::http::Leaving;

/// What the answers come from.
#[derive(Debug)]
pub(super) struct Probed {
    /// For counting the queue, which each database has its part of, when metrics are read.
    pub(super) queues: Vec<Database>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) writable: Writable,
    pub(super) leaving: Leaving,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub(super) fn router(probed: Probed) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(probed))
}

async fn readyz(State(probed): State<Arc<Probed>>) -> (StatusCode, Json<Value>) {
    let why = if probed.leaving.is_leaving() {
        "shutting down"
    } else if !probed.writable.is_writable() {
        "the database takes no writes"
    } else {
        return (StatusCode::OK, Json(json!({ "ready": true })));
    };
    (
        StatusCode::SERVICE_UNAVAILABLE,
        Json(json!({ "ready": false, "reason": why })),
    )
}

async fn metrics(State(probed): State<Arc<Probed>>, headers: HeaderMap) -> Response {
    // Without a database the runner's own numbers are all the more interesting.
    if let Err(error) = count_queue(&probed).await {
        tracing::debug!(%error, "the queue could not be counted");
    }
    exposition::page(&probed.metrics.registry, &headers)
}

async fn count_queue(probed: &Probed) -> Result<(), DatabaseError> {
    let (mut queued, mut dead, mut oldest) = (0, 0, 0.0_f64);
    for queue in &probed.queues {
        let (waiting, aside, seconds) = count(queue).await?;
        queued += waiting;
        dead += aside;
        oldest = oldest.max(seconds);
    }
    probed.metrics.queue(queued, dead, oldest);
    Ok(())
}

/// How many wait, how many were put aside, and for how many seconds the oldest has been due.
async fn count(queue: &Database) -> Result<(i64, i64, f64), DatabaseError> {
    let lease = queue.lease().await?;
    let row = queue
        .limited(async {
            let count = lease
                .prepare_cached(
                    "SELECT count(*) FILTER (WHERE state = 'queued'),
                            count(*) FILTER (WHERE state = 'dead'),
                            coalesce(extract(epoch FROM now() - min(run_at)
                                FILTER (WHERE state = 'queued' AND run_at <= now())), 0)::float8
                     FROM jobs WHERE state IN ('queued', 'dead')",
                )
                .await?;
            Ok::<_, DatabaseError>(lease.query_one(&count, &[]).await?)
        })
        .await?;
    lease.finish();
    Ok((row.get(0), row.get(1), row.get(2)))
}
