//! What must hold whatever fails: counted on demand, never assumed.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::error::ShopError;
use super::state::App;
use crate::service::database::DatabaseError;

/// One statement, hence one snapshot: what it counts belongs together.
const COUNT: &str = "
    SELECT
      (SELECT count(*) FROM orders) AS orders,
      (SELECT count(*) FROM payments) AS payments,
      (SELECT count(*) FROM emails) AS emails,
      (SELECT count(*) FROM jobs WHERE state = 'queued' AND order_id IS NOT NULL) AS jobs_queued,
      (SELECT count(*) FROM jobs WHERE state = 'done' AND order_id IS NOT NULL) AS jobs_done,
      (SELECT count(*) FROM jobs WHERE state = 'dead') AS jobs_dead,
      (SELECT count(*) FROM (SELECT 1 FROM orders GROUP BY key HAVING count(*) > 1) d)
        AS duplicate_keys,
      (SELECT count(*) FROM orders o
        WHERE (SELECT count(*) FROM payments p
               WHERE p.order_id = o.id AND p.amount_cents = o.total_cents) <> 1)
        AS orders_not_paid_once,
      (SELECT count(*) FROM orders o
        WHERE (SELECT sum(i.quantity * i.unit_price_cents) FROM order_items i
               WHERE i.order_id = o.id) IS DISTINCT FROM o.total_cents)
        AS orders_with_wrong_total,
      (SELECT count(*) FROM orders o
        WHERE (SELECT count(*) FROM jobs j
               WHERE j.order_id = o.id AND j.kind = 'order-confirmation') <> 1)
        AS orders_without_one_job,
      (SELECT count(*) FROM jobs j
        WHERE j.kind = 'order-confirmation'
          AND (j.state = 'done') <> EXISTS (SELECT 1 FROM emails e WHERE e.order_id = j.order_id))
        AS jobs_not_matching_emails,
      (SELECT count(*) FROM products p
        LEFT JOIN (SELECT product_id, sum(quantity) AS sold FROM order_items GROUP BY product_id) s
               ON s.product_id = p.id
        WHERE p.stock_initial - coalesce(s.sold, 0) <> p.stock OR p.stock < 0)
        AS products_with_wrong_stock";

/// `ok` and the counts behind it.
#[derive(Debug, Serialize)]
pub(crate) struct Invariants {
    /// Every count that must be zero is.
    ok: bool,
    orders: i64,
    payments: i64,
    emails: i64,
    jobs_queued: i64,
    jobs_done: i64,
    jobs_dead: i64,
    /// Must be 0, as all that follow.
    duplicate_keys: i64,
    orders_not_paid_once: i64,
    orders_with_wrong_total: i64,
    orders_without_one_job: i64,
    jobs_not_matching_emails: i64,
    products_with_wrong_stock: i64,
}

/// `GET /api/admin/invariants`
pub(crate) async fn check(State(shop): State<App>) -> Result<Json<Invariants>, ShopError> {
    let lease = shop.database.lease().await?;
    let row = shop
        .database
        .limited(async { Ok::<_, DatabaseError>(lease.query_one(COUNT, &[]).await?) })
        .await?;
    lease.finish();
    let mut found = Invariants {
        ok: false,
        orders: row.get("orders"),
        payments: row.get("payments"),
        emails: row.get("emails"),
        jobs_queued: row.get("jobs_queued"),
        jobs_done: row.get("jobs_done"),
        jobs_dead: row.get("jobs_dead"),
        duplicate_keys: row.get("duplicate_keys"),
        orders_not_paid_once: row.get("orders_not_paid_once"),
        orders_with_wrong_total: row.get("orders_with_wrong_total"),
        orders_without_one_job: row.get("orders_without_one_job"),
        jobs_not_matching_emails: row.get("jobs_not_matching_emails"),
        products_with_wrong_stock: row.get("products_with_wrong_stock"),
    };
    found.ok = found.duplicate_keys == 0
        && found.orders_not_paid_once == 0
        && found.orders_with_wrong_total == 0
        && found.orders_without_one_job == 0
        && found.jobs_not_matching_emails == 0
        && found.products_with_wrong_stock == 0;
    Ok(Json(found))
}
