//! Orders: placing one, reading it back, the history of a customer.

mod confirm;
mod place;
mod read;
mod replicated;

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;

use self::place::Answer;
use super::body::Fields;
use super::error::ShopError;
use super::idempotency::idempotency_key;
use super::metrics::OrderOutcome;
use super::query::{Params, cursor};
use super::state::{App, SignedIn};

/// An order as it is told.
#[derive(Debug, Serialize)]
pub(crate) struct Order {
    id: i64,
    /// The idempotency key that it was placed under.
    key: String,
    #[serde(skip)]
    customer: i64,
    total_cents: i64,
    /// UTC, RFC 3339.
    created_at: String,
    /// `[{product, quantity, unit_price_cents}]`
    items: Value,
    /// Orders with this key. Anything but 1 is a broken promise.
    copies: i64,
}

/// `POST /api/orders`: 201 with a new order, 200 with the one that this key already placed.
pub(crate) async fn create(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Order>), ShopError> {
    let key = idempotency_key(&headers)?;
    let mut fields = Fields::read(&body)?;
    let items = fields.items(false);
    fields.finish()?;

    let placed = place::place(&shop, customer, key, items).await;
    let (outcome, answer) = match placed {
        Ok(Answer::Placed(order)) => (OrderOutcome::Placed, Ok((StatusCode::CREATED, Json(order)))),
        Ok(Answer::Repeated(order)) => (OrderOutcome::Repeated, Ok((StatusCode::OK, Json(order)))),
        Ok(Answer::Refused(why)) => (OrderOutcome::Refused, Err(why)),
        Err(error @ ShopError::UnknownOutcome(_)) => (OrderOutcome::Unknown, Err(error)),
        Err(error) => (OrderOutcome::Failed, Err(error)),
    };
    shop.metrics.order(outcome);
    if let Ok((StatusCode::CREATED, Json(order))) = &answer {
        confirm::within_the_request(&shop, order).await;
    }
    answer
}

/// `GET /api/orders/by-key/{key}`: without a session, so that a ledger can be checked after it expired.
pub(crate) async fn by_key(
    State(shop): State<App>,
    Path(key): Path<String>,
) -> Result<Json<Order>, ShopError> {
    if let Some(order) = replicated::by_key(&shop, &key).await {
        return Ok(Json(order));
    }
    // Nobody is signed in who would say which database has it. That none has another copy is part
    // of the answer, so all of them have to say.
    let mut found: Option<Order> = None;
    for database in shop.shards.all() {
        let lease = database.lease().await?;
        let here = database.limited(read::by_key(&lease, &key)).await?;
        lease.finish();
        found = match (found, here) {
            (Some(first), Some(other)) => Some(Order {
                copies: first.copies + other.copies,
                ..first
            }),
            (first, other) => first.or(other),
        };
    }
    found.map(Json).ok_or(ShopError::NotFound("order"))
}

/// The newest first.
#[derive(Debug, Serialize)]
pub(crate) struct History {
    items: Vec<Order>,
    /// Pass as `before` for the next page; absent on the last.
    next_before: Option<i64>,
}

/// Which part of the history.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct HistoryParams {
    before: Option<String>,
}

/// `GET /api/orders`
pub(crate) async fn history(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
    Params(params): Params<HistoryParams>,
) -> Result<Json<History>, ShopError> {
    let before = cursor(params.before.as_deref(), "before", "an order's")?;
    let before = before.unwrap_or(i64::MAX);
    let items = match replicated::history(&shop, customer, before).await {
        Some(items) => items,
        None => {
            let home = shop.shards.home(customer);
            let lease = home.lease().await?;
            let items = read::history(&lease, customer, before);
            let items = home.limited(items).await?;
            lease.finish();
            items
        }
    };
    let next_before = (items.len() == read::HISTORY_PAGE)
        .then(|| items.last().map(|order| order.id))
        .flatten();
    Ok(Json(History { items, next_before }))
}
