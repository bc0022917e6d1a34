//! Reading orders.

use tokio_postgres::Row;

use super::Order;
use crate::service::database::{DatabaseError, Lease};

/// Orders on one page of the history.
pub(super) const HISTORY_PAGE: usize = 20;

/// Whether the order under this key was placed so long ago that every replica that is read from
/// has all of it.
pub(super) async fn is_old(lease: &Lease, key: &str) -> Result<bool, DatabaseError> {
    if key.contains('\0') {
        return Ok(false);
    }
    let statement = lease
        .prepare_cached(
            "SELECT coalesce(max(created_at) < now() - interval '10 seconds', false)
             FROM orders WHERE key = $1",
        )
        .await?;
    Ok(lease.query_one(&statement, &[&key]).await?.get(0))
}

/// A query for orders with their items. `$copies` is how many share its key.
macro_rules! select_order {
    ($copies:literal, $rest:literal) => {
        concat!(
            "SELECT o.id, o.key, o.customer_id, o.total_cents,
                    to_char(o.created_at AT TIME ZONE 'UTC',
                            'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS created_at,
                    (SELECT coalesce(json_agg(json_build_object(
                         'product', i.product_id, 'quantity', i.quantity,
                         'unit_price_cents', i.unit_price_cents) ORDER BY i.product_id), '[]')
                     FROM order_items i WHERE i.order_id = o.id) AS items, ",
            $copies,
            " AS copies FROM orders o ",
            $rest
        )
    };
}

const BY_KEY: &str = select_order!("count(*) OVER ()", "WHERE o.key = $1 ORDER BY o.id LIMIT 1");
const HISTORY: &str = select_order!(
    "(SELECT count(*) FROM orders c WHERE c.key = o.key)",
    "WHERE o.customer_id = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3"
);

/// The order placed under `key`, and how many there are.
pub(super) async fn by_key(lease: &Lease, key: &str) -> Result<Option<Order>, DatabaseError> {
    // PostgreSQL has no text with a zero in it, hence no order either.
    if key.contains('\0') {
        return Ok(None);
    }
    let statement = lease.prepare_cached(BY_KEY).await?;
    let row = lease.query_opt(&statement, &[&key]).await?;
    Ok(row.as_ref().map(order))
}

/// A customer's orders with ids below `before`, the newest first.
pub(super) async fn history(
    lease: &Lease,
    customer: i64,
    before: i64,
) -> Result<Vec<Order>, DatabaseError> {
    let statement = lease.prepare_cached(HISTORY).await?;
    let limit = i64::try_from(HISTORY_PAGE).unwrap_or(i64::MAX);
    let rows = lease
        .query(&statement, &[&customer, &before, &limit])
        .await?;
    Ok(rows.iter().map(order).collect())
}

fn order(row: &Row) -> Order {
    Order {
        id: row.get("id"),
        key: row.get("key"),
        customer: row.get("customer_id"),
        total_cents: row.get("total_cents"),
        created_at: row.get("created_at"),
        items: row.get("items"),
        copies: row.get("copies"),
    }
}
