//! What orchestrators and monitoring ask.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::state::App;
use crate::service::exposition;

/// `GET /healthz`: the process is alive. Says nothing about the database: restarting a pod does
/// not mend that.
pub(crate) async fn healthz() -> &'static str {
    "ok"
}

/// `GET /readyz`: 200 when requests are likely to succeed. Answered from memory.
pub(crate) async fn readyz(State(shop): State<App>) -> (StatusCode, Json<Value>) {
    let why = if shop.leaving.is_leaving() {
        "shutting down"
    } else if !shop.writable.is_writable() {
        "the database takes no writes"
    } else {
        return (StatusCode::OK, Json(json!({ "ready": true })));
    };
    (
        StatusCode::SERVICE_UNAVAILABLE,
        Json(json!({ "ready": false, "reason": why })),
    )
}

/// `GET /metrics`
pub(crate) async fn metrics(State(shop): State<App>, headers: HeaderMap) -> Response {
    let writable = shop.writable.is_writable();
    if let Some(work) = &shop.work {
        shop.metrics.set_slots(work.slots());
    }
    if let Some(cache) = &shop.cache {
        cache.look().await;
    }
    shop.metrics.look(&shop.shards.status(), writable);
    exposition::page(&shop.metrics.registry, &headers)
}
