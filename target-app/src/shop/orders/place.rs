//! Placing an order: stock, order, payment and confirmation job in one transaction, once per key.
//!
//! Locks are taken in one order by everyone, so that none waits for another in a circle: first the
//! idempotency key, then the products by ascending id.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Transaction;
use serde_json::json;

use super::{Order, read};
use crate::service::database::{Database, DatabaseError, Lease};
use crate::shop::body::Items;
use crate::shop::error::ShopError;
use crate::shop::mischief::{Deed, Mischiefs};
use crate::shop::shards::lacks_customer;
use crate::shop::state::Shop;

/// Who repeats a key waits here until the first with it has committed or failed.
const CLAIM_KEY: &str = "
    INSERT INTO orders (key, customer_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id";

const TAKE_CART: &str = "
    DELETE FROM cart_items WHERE customer_id = $1 RETURNING product_id, quantity";

const LOCK_PRODUCTS: &str = "
    SELECT id, price_cents, stock FROM products WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";

const WRITE: &str = "
    WITH bought AS (
        SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[])
                      AS b (product_id, quantity, unit_price_cents)
    ), stock AS (
        UPDATE products p SET stock = p.stock - b.quantity
        FROM bought b WHERE p.id = b.product_id
    ), items AS (
        INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents)
        SELECT $1, product_id, quantity, unit_price_cents FROM bought
    ), payment AS (
        INSERT INTO payments (order_id, amount_cents) VALUES ($1, $5)
    ), job AS (
        INSERT INTO jobs (kind, order_id) VALUES ('order-confirmation', $1)
    )
    UPDATE orders SET total_cents = $5 WHERE id = $1
    RETURNING to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

/// What became of the request.
#[derive(Debug)]
pub(super) enum Answer {
    /// Committed.
    Placed(Order),
    /// This key's order was there already.
    Repeated(Order),
    /// The transaction was rolled back.
    Refused(ShopError),
}

/// Places an order of `items`, or of what is in the cart, once for each `key`.
pub(super) async fn place(
    shop: &Shop,
    customer: i64,
    key: &str,
    items: Option<Items>,
) -> Result<Answer, ShopError> {
    let home = shop.shards.home(customer);
    let items = items.as_ref();
    match place_in(home, &shop.mischief, customer, key, items).await? {
        Attempt::Answered(answer) => Ok(answer),
        Attempt::Stranger(_) => {
            shop.shards.introduce(customer).await?;
            match place_in(home, &shop.mischief, customer, key, items).await? {
                Attempt::Answered(answer) => Ok(answer),
                Attempt::Stranger(error) => Err(error.into()),
            }
        }
    }
}

/// What came of trying.
enum Attempt {
    Answered(Answer),
    /// The database does not know the customer, and nothing was written.
    Stranger(DatabaseError),
}

async fn place_in(
    database: &Database,
    mischief: &Mischiefs,
    customer: i64,
    key: &str,
    items: Option<&Items>,
) -> Result<Attempt, ShopError> {
    let mut lease = database.lease_to_write().await?;
    let committing = AtomicBool::new(false);
    let purchase = Purchase {
        customer,
        key,
        items,
        mischief,
        committing: &committing,
    };
    let answer = match database.limited(purchase.run(&mut lease)).await {
        Ok(Some(answer)) => answer,
        Ok(None) => database.limited(repeated(&lease, customer, key)).await?,
        // Before COMMIT was sent, closing the connection rolls everything back.
        Err(error) if committing.load(Ordering::Relaxed) => {
            return Err(ShopError::after_write(error));
        }
        Err(error) if lacks_customer(&error) => return Ok(Attempt::Stranger(error)),
        Err(error) => return Err(error.into()),
    };
    lease.finish();
    Ok(Attempt::Answered(answer))
}

struct Purchase<'a> {
    customer: i64,
    key: &'a str,
    items: Option<&'a Items>,
    mischief: &'a Mischiefs,
    /// Set just before COMMIT is sent: from then on only an answer tells what happened.
    committing: &'a AtomicBool,
}

impl Purchase<'_> {
    /// Nothing when the key has an order already.
    async fn run(self, lease: &mut Lease) -> Result<Option<Answer>, DatabaseError> {
        let transaction = lease.transaction().await?;
        let claim = transaction.prepare_cached(CLAIM_KEY).await?;
        let claimed = transaction
            .query_opt(&claim, &[&self.key, &self.customer])
            .await?;
        let Some(order) = claimed.map(|row| row.get(0)) else {
            transaction.rollback().await?;
            return Ok(None);
        };
        let items = match self.items {
            Some(items) => items.clone(),
            None => take_cart(&transaction, self.customer).await?,
        };
        let lines = match lock(&transaction, &items).await? {
            Ok(lines) => lines,
            Err(why) => {
                transaction.rollback().await?;
                return Ok(Some(Answer::Refused(why)));
            }
        };
        let order = self.write(&transaction, order, &lines).await?;
        match self.mischief.next() {
            Deed::None => {}
            Deed::Drop => {
                transaction.rollback().await?;
                return Ok(Some(Answer::Placed(order)));
            }
            Deed::Double => {
                let again = transaction
                    .query_one(&claim, &[&self.key, &self.customer])
                    .await?;
                self.write(&transaction, again.get(0), &lines).await?;
            }
        }
        self.committing.store(true, Ordering::Relaxed);
        transaction.commit().await?;
        Ok(Some(Answer::Placed(order)))
    }

    async fn write(
        &self,
        transaction: &Transaction<'_>,
        id: i64,
        lines: &[Line],
    ) -> Result<Order, DatabaseError> {
        let products: Vec<_> = lines.iter().map(|line| line.product).collect();
        let quantities: Vec<_> = lines.iter().map(|line| line.quantity).collect();
        let prices: Vec<_> = lines.iter().map(|line| line.unit_price_cents).collect();
        let total_cents: i64 = lines
            .iter()
            .map(|line| line.quantity * line.unit_price_cents)
            .sum();
        let write = transaction.prepare_cached(WRITE).await?;
        let row = transaction
            .query_one(
                &write,
                &[&id, &products, &quantities, &prices, &total_cents],
            )
            .await?;
        Ok(Order {
            id,
            key: self.key.to_owned(),
            customer: self.customer,
            total_cents,
            created_at: row.get(0),
            items: lines.iter().map(Line::to_json).collect(),
            copies: 1,
        })
    }
}

/// One product of an order.
struct Line {
    product: i64,
    quantity: i64,
    unit_price_cents: i64,
}

impl Line {
    fn to_json(&self) -> serde_json::Value {
        json!({
            "product": self.product,
            "quantity": self.quantity,
            "unit_price_cents": self.unit_price_cents,
        })
    }
}

async fn take_cart(transaction: &Transaction<'_>, customer: i64) -> Result<Items, DatabaseError> {
    let take = transaction.prepare_cached(TAKE_CART).await?;
    let mut items = Items::default();
    for row in transaction.query(&take, &[&customer]).await? {
        items.add(row.get(0), row.get(1));
    }
    Ok(items)
}

/// Locks the products, so that stock stays as it was read, and says what each costs; or why the
/// order is refused.
async fn lock(
    transaction: &Transaction<'_>,
    items: &Items,
) -> Result<Result<Vec<Line>, ShopError>, DatabaseError> {
    let lock = transaction.prepare_cached(LOCK_PRODUCTS).await?;
    let found: BTreeMap<i64, (i64, i64)> = transaction
        .query(&lock, &[&items.products()])
        .await?
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect();
    Ok(lines(items, &found))
}

/// Prices every item, given `(price in cents, stock)` of the products that exist.
fn lines(items: &Items, found: &BTreeMap<i64, (i64, i64)>) -> Result<Vec<Line>, ShopError> {
    if items.is_empty() {
        return Err(ShopError::field("items", "is empty, and so is the cart"));
    }
    let unknown: Vec<_> = items
        .products()
        .into_iter()
        .filter(|product| !found.contains_key(product))
        .map(|product| product.to_string())
        .collect();
    if !unknown.is_empty() {
        let problem = format!("no such product: {}", unknown.join(", "));
        return Err(ShopError::field("items", problem));
    }
    let short: Vec<_> = items
        .iter()
        .filter(|(product, quantity)| found[product].1 < *quantity)
        .map(|(product, quantity)| {
            json!({ "product": product, "wanted": quantity, "in_stock": found[&product].1 })
        })
        .collect();
    if !short.is_empty() {
        return Err(ShopError::Conflict {
            message: "not enough in stock".into(),
            detail: short.into(),
        });
    }
    Ok(items
        .iter()
        .map(|(product, quantity)| Line {
            product,
            quantity,
            unit_price_cents: found[&product].0,
        })
        .collect())
}

/// The order that this key placed, for whoever placed it.
async fn repeated(lease: &Lease, customer: i64, key: &str) -> Result<Answer, DatabaseError> {
    Ok(match read::by_key(lease, key).await? {
        Some(order) if order.customer == customer => Answer::Repeated(order),
        _ => Answer::Refused(ShopError::Conflict {
            message: "this idempotency key is taken: choose a random one".into(),
            detail: serde_json::Value::Null,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(pairs: &[(i64, i64)]) -> Items {
        let mut items = Items::default();
        for (product, quantity) in pairs {
            items.add(*product, *quantity);
        }
        items
    }

    #[test]
    fn what_is_there_is_priced() {
        let found = BTreeMap::from([(1, (250, 5)), (2, (100, 1))]);
        let lines = lines(&wanted(&[(2, 1), (1, 5)]), &found).unwrap();
        let total: i64 = lines.iter().map(|l| l.quantity * l.unit_price_cents).sum();
        assert_eq!(total, 1_350);
    }

    #[test]
    fn refusals_say_what_is_missing() {
        let found = BTreeMap::from([(1, (250, 5))]);
        let empty = lines(&wanted(&[]), &found).err().unwrap();
        assert!(matches!(empty, ShopError::Invalid(_)));
        let unknown = lines(&wanted(&[(9, 1)]), &found).err().unwrap();
        assert!(matches!(unknown, ShopError::Invalid(fields) if fields["items"].contains('9')));
        let short = lines(&wanted(&[(1, 6)]), &found).err().unwrap();
        assert!(matches!(short, ShopError::Conflict { detail, .. } if detail[0]["in_stock"] == 5));
    }
}
