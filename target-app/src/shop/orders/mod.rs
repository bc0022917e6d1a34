//! Orders: placing one, reading it back, the history of a customer.

mod place;
mod read;

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use serde::Serialize;
use serde_json::Value;

use self::place::Answer;
use super::body::Fields;
use super::error::ShopError;
use super::metrics::OrderOutcome;
use super::query::Params;
use super::state::{App, SignedIn};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST_KEY: usize = 128;

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

    let placed = place::place(&shop.database, &shop.mischief, customer, key, items).await;
    let (outcome, answer) = match placed {
        Ok(Answer::Placed(order)) => (OrderOutcome::Placed, Ok((StatusCode::CREATED, Json(order)))),
        Ok(Answer::Repeated(order)) => (OrderOutcome::Repeated, Ok((StatusCode::OK, Json(order)))),
        Ok(Answer::Refused(why)) => (OrderOutcome::Refused, Err(why)),
        Err(error @ ShopError::UnknownOutcome(_)) => (OrderOutcome::Unknown, Err(error)),
        Err(error) => (OrderOutcome::Failed, Err(error)),
    };
    shop.metrics.order(outcome);
    answer
}

/// `GET /api/orders/by-key/{key}`: without a session, so that a ledger can be checked after it expired.
pub(crate) async fn by_key(
    State(shop): State<App>,
    Path(key): Path<String>,
) -> Result<Json<Order>, ShopError> {
    let lease = shop.database.lease().await?;
    let order = shop.database.limited(read::by_key(&lease, &key)).await?;
    lease.finish();
    order.map(Json).ok_or(ShopError::NotFound("order"))
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
    let before = match params.before.as_deref() {
        None | Some("") => i64::MAX,
        Some(text) => text
            .parse()
            .map_err(|_| ShopError::field("before", "must be an order's id"))?,
    };
    let lease = shop.database.lease().await?;
    let items = shop
        .database
        .limited(read::history(&lease, customer, before))
        .await?;
    lease.finish();
    let next_before = (items.len() == read::HISTORY_PAGE)
        .then(|| items.last().map(|order| order.id))
        .flatten();
    Ok(Json(History { items, next_before }))
}

/// The key that makes a repeated request harmless.
fn idempotency_key(headers: &HeaderMap) -> Result<&str, ShopError> {
    let problem = |problem: &str| ShopError::field("Idempotency-Key", problem);
    headers
        .get(IDEMPOTENCY_KEY)
        .ok_or_else(|| {
            problem("this header is required: a text of your choice, new for each order")
        })?
        .to_str()
        .ok()
        .filter(|key| {
            (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
        })
        .ok_or_else(|| problem("must be 1 to 128 visible ASCII characters"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn keys_are_visible_and_short() {
        for (text, valid) in [
            ("k-1", true),
            ("", false),
            ("a b", false),
            (&*"x".repeat(129), false),
        ] {
            let headers =
                HeaderMap::from_iter([(IDEMPOTENCY_KEY, HeaderValue::from_str(text).unwrap())]);
            assert_eq!(idempotency_key(&headers).is_ok(), valid, "{text:?}");
        }
        assert!(idempotency_key(&HeaderMap::new()).is_err());
    }
}
