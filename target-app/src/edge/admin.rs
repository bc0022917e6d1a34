//! The admin API.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::admin_api::{HealthEvent, Injection, Purge, Purged, Stats, Target};
use super::inject;
use super::rotation::Edge;
use crate::api::ApiError;
use crate::service::exposition;

/// Longest wait of a long poll.
const LONGEST_WAIT_MS: u64 = 60_000;

pub(super) fn router(edge: Arc<Edge>) -> Router {
    Router::new()
        .route("/targets", put(set_targets))
        .route("/stats", get(stats))
        .route("/health-events", get(health_events))
        .route("/inject", put(set_injections))
        .route("/purge", post(purge))
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok"))
        .with_state(edge)
}

type Shared = State<Arc<Edge>>;
type Received<T> = Result<Json<T>, JsonRejection>;

async fn set_targets(State(edge): Shared, targets: Received<Vec<Target>>) -> Response {
    let targets = match targets {
        Ok(Json(targets)) => targets,
        Err(rejection) => return bad_request(&rejection.body_text()),
    };
    let mut names = BTreeSet::new();
    if let Some(double) = targets.iter().find(|target| !names.insert(&target.name)) {
        return bad_request(&format!("target {:?} is listed twice", double.name));
    }
    edge.set_targets(&targets);
    Json(edge.stats()).into_response()
}

async fn stats(State(edge): Shared) -> Json<Stats> {
    Json(edge.stats())
}

#[derive(Deserialize)]
struct EventParams {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait_ms: u64,
}

async fn health_events(
    State(edge): Shared,
    Query(params): Query<EventParams>,
) -> Json<Vec<HealthEvent>> {
    let patience = Duration::from_millis(params.wait_ms.min(LONGEST_WAIT_MS));
    Json(edge.events.after(params.after, patience).await)
}

async fn set_injections(State(edge): Shared, injections: Received<Vec<Injection>>) -> Response {
    let injections = match injections {
        Ok(Json(injections)) => injections,
        Err(rejection) => return bad_request(&rejection.body_text()),
    };
    if let Some(problem) = injections.iter().find_map(inject::problem) {
        return bad_request(&problem);
    }
    edge.set_injections(injections);
    StatusCode::NO_CONTENT.into_response()
}

async fn purge(State(edge): Shared, purge: Received<Purge>) -> Response {
    let Purge { prefix } = match purge {
        Ok(Json(purge)) => purge,
        Err(rejection) => return bad_request(&rejection.body_text()),
    };
    let Some(cdn) = &edge.cdn else {
        return refused(
            StatusCode::CONFLICT,
            "this edge keeps nothing: it has no cache",
        );
    };
    if !prefix.starts_with('/') {
        return bad_request(&format!(
            "prefix = {prefix:?} is no beginning of a path: it starts with /"
        ));
    }
    let answers = cdn.purge(&prefix).await;
    Json(Purged { answers }).into_response()
}

async fn metrics(State(edge): Shared, headers: HeaderMap) -> Response {
    if let Some(cdn) = &edge.cdn {
        cdn.measure().await;
    }
    exposition::page(&edge.metrics.registry, &headers)
}

fn bad_request(error: &str) -> Response {
    refused(StatusCode::BAD_REQUEST, error)
}

fn refused(status: StatusCode, error: &str) -> Response {
    let error = ApiError {
        error: error.to_owned(),
    };
    (status, Json(error)).into_response()
}
