//! The books by HTTP: `/books` the sums, `/orders` each order, `/metrics`, `/healthz`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use http::HeaderMap;

use super::books::{Books, MailBooks, OrderMails};
use super::message::Message;
use super::metrics::Metrics;
use crate::service::exposition;

/// What sessions write and pages read.
#[derive(Debug, Default)]
pub(super) struct Sink {
    books: Mutex<Books>,
    metrics: Metrics,
}

impl Sink {
    pub(super) fn take(&self, message: Message) {
        let order = message.order;
        if !self.books().take(message) {
            tracing::info!(order, "a repeat was suppressed");
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn router(sink: Arc<Sink>) -> Router {
    Router::new()
        .route("/books", get(books))
        .route("/orders", get(orders))
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok"))
        .with_state(sink)
}

async fn books(State(sink): State<Arc<Sink>>) -> Json<MailBooks> {
    Json(sink.books().sums())
}

async fn orders(State(sink): State<Arc<Sink>>) -> Json<Vec<OrderMails>> {
    Json(sink.books().orders())
}

async fn metrics(State(sink): State<Arc<Sink>>, headers: HeaderMap) -> Response {
    // Under the lock: two readers at once must not both add the same difference.
    let books = sink.books();
    sink.metrics.set(books.sums());
    drop(books);
    exposition::page(&sink.metrics.registry, &headers)
}
