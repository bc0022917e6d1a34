//! What must hold whatever fails: counted on demand, never assumed.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::error::ShopError;
use super::mail_books;
use super::shards::Shards;
use super::state::App;
use crate::service::database::{Database, DatabaseError};

/// One statement, hence one snapshot: what it counts belongs together.
const COUNT: &str = "
    SELECT
      (SELECT count(*) FROM orders) AS orders,
      (SELECT count(*) FROM payments) AS payments,
      (SELECT count(*) FROM emails) AS emails,
      (SELECT count(*) FROM products) AS products,
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

/// Each rule: its name, in words, the count that it covers, and the count of those that break it.
const RULES: [(&str, &str, &str, &str); 6] = [
    (
        "one-order-per-key",
        "a key orders once, however often it is sent",
        "orders",
        "duplicate_keys",
    ),
    (
        "one-payment-per-order",
        "every order is paid exactly once, by its total",
        "orders",
        "orders_not_paid_once",
    ),
    (
        "total-is-sum-of-items",
        "an order's total is the sum of its items",
        "orders",
        "orders_with_wrong_total",
    ),
    (
        "one-job-per-order",
        "every order has exactly one job that confirms it",
        "orders",
        "orders_without_one_job",
    ),
    (
        "job-done-once",
        "a job is done if and only if its e-mail was sent, once",
        "jobs_done",
        "jobs_not_matching_emails",
    ),
    (
        "stock-adds-up",
        "stock before minus sold is stock after, and never below zero",
        "products",
        "products_with_wrong_stock",
    ),
];

/// The shop's books: whether every rule holds, and the counts behind it.
#[derive(Debug, Serialize)]
pub(crate) struct Invariants {
    /// Every rule holds. Jobs that still wait break none.
    ok: bool,
    /// Orders whose job is still to be done.
    pending: i64,
    /// Each rule.
    rules: Vec<Rule>,
    orders: i64,
    payments: i64,
    emails: i64,
    jobs_done: i64,
    /// Jobs that failed too often and were given up.
    jobs_dead: i64,
}

/// One rule.
#[derive(Debug, Serialize)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) rule: &'static str,
    /// How many things it covers.
    pub(super) checked: i64,
    /// How many of them break it.
    pub(super) violations: i64,
}

/// `GET /api/admin/invariants`
pub(crate) async fn check(State(shop): State<App>) -> Result<Json<Invariants>, ShopError> {
    let mut counts = Vec::new();
    for database in shop.shards.all() {
        counts.push(ask(database, COUNT, &[]).await?);
    }
    let sum = |column: &str| counts.iter().map(|row| row.get::<_, i64>(column)).sum();
    let mut rules: Vec<Rule> = RULES
        .iter()
        .map(|(name, rule, checked, violations)| Rule {
            name,
            rule,
            checked: sum(checked),
            violations: sum(violations),
        })
        .collect();
    if shop.shards.are_several() {
        rules.push(Rule {
            name: "one-shard-per-key",
            rule: "no two databases have an order under the same key",
            checked: sum("orders"),
            violations: keys_in_two(&shop.shards).await?,
        });
    }
    if let Some(sink) = &shop.config.mail_books {
        rules.push(mail_books::compare(&shop, sink).await?);
    }
    Ok(Json(Invariants {
        ok: rules.iter().all(|rule| rule.violations == 0),
        pending: sum("jobs_queued"),
        rules,
        orders: sum("orders"),
        payments: sum("payments"),
        emails: sum("emails"),
        jobs_done: sum("jobs_done"),
        jobs_dead: sum("jobs_dead"),
    }))
}

/// Keys that are in a database and in one before it.
async fn keys_in_two(shards: &Shards) -> Result<i64, DatabaseError> {
    const KEYS: &str = "SELECT coalesce(array_agg(DISTINCT key), '{}') FROM orders";
    const KNOWN: &str = "SELECT count(DISTINCT key) FROM orders WHERE key = ANY ($1)";
    let databases: Vec<_> = shards.all().collect();
    let mut found = 0;
    for (index, database) in databases.iter().enumerate().skip(1) {
        let keys: Vec<String> = ask(database, KEYS, &[]).await?.get(0);
        for before in &databases[..index] {
            found += ask(before, KNOWN, &[&keys]).await?.get::<_, i64>(0);
        }
    }
    Ok(found)
}

/// One row. Books cost nothing: they are no part of what is measured.
async fn ask(
    database: &Database,
    question: &str,
    about: &[&(dyn ToSql + Sync)],
) -> Result<Row, DatabaseError> {
    let lease = database.connection().await?;
    let answer = async { Ok::<_, DatabaseError>(lease.query_one(question, about).await?) };
    let row = database.limited(answer).await?;
    lease.finish();
    Ok(row)
}
