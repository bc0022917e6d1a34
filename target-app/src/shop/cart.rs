//! The cart: one for each customer, kept until it is ordered, emptied or forgotten.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use tokio_postgres::error::SqlState;

use super::body::{Fields, Items};
use super::error::ShopError;
use super::shards::lacks_customer;
use super::state::{App, Shop, SignedIn};
use crate::service::database::{Database, DatabaseError, Lease};

/// What is in a cart.
#[derive(Debug, Serialize)]
pub(crate) struct Cart {
    items: Vec<CartItem>,
    total_cents: i64,
}

#[derive(Debug, Serialize)]
struct CartItem {
    product: i64,
    name: String,
    quantity: i64,
    unit_price_cents: i64,
}

/// `GET /api/cart`
pub(crate) async fn show(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
) -> Result<Json<Cart>, ShopError> {
    let home = shop.shards.home(customer);
    let lease = home.lease().await?;
    let cart = home.limited(read(&lease, customer)).await?;
    lease.finish();
    Ok(Json(cart))
}

/// `PUT /api/cart`: this and nothing else.
pub(crate) async fn replace(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
    body: Bytes,
) -> Result<Json<Cart>, ShopError> {
    let mut fields = Fields::read(&body)?;
    let items = fields.items(true).unwrap_or_default();
    fields.finish()?;
    change(&shop, customer, &items, true).await.map(Json)
}

/// `POST /api/cart/items`: this on top of what is there.
pub(crate) async fn add(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
    body: Bytes,
) -> Result<Json<Cart>, ShopError> {
    let mut fields = Fields::read(&body)?;
    let item = fields.single_item();
    fields.finish()?;
    let mut items = Items::default();
    if let Some((product, quantity)) = item {
        items.add(product, quantity);
    }
    change(&shop, customer, &items, false).await.map(Json)
}

/// `DELETE /api/cart`
pub(crate) async fn empty(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
) -> Result<StatusCode, ShopError> {
    change(&shop, customer, &Items::default(), true).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    shop: &Shop,
    customer: i64,
    items: &Items,
    replace: bool,
) -> Result<Cart, ShopError> {
    let home = shop.shards.home(customer);
    let mut written = write_to(home, customer, items, replace).await;
    if written.as_ref().is_err_and(lacks_customer) {
        shop.shards.introduce(customer).await?;
        written = write_to(home, customer, items, replace).await;
    }
    match written {
        Ok(cart) => Ok(cart),
        // The connection goes with its failed transaction.
        Err(DatabaseError::Query(error))
            if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) =>
        {
            Err(ShopError::field("product", "no such product"))
        }
        Err(error) => Err(ShopError::after_write(error)),
    }
}

async fn write_to(
    home: &Database,
    customer: i64,
    items: &Items,
    replace: bool,
) -> Result<Cart, DatabaseError> {
    let mut lease = home.lease_to_write().await?;
    let written = write(&mut lease, customer, items, replace);
    let cart = home.limited(written).await?;
    lease.finish();
    Ok(cart)
}

async fn write(
    lease: &mut Lease,
    customer: i64,
    items: &Items,
    replace: bool,
) -> Result<Cart, DatabaseError> {
    let transaction = lease.transaction().await?;
    if replace {
        let clear = transaction
            .prepare_cached("DELETE FROM cart_items WHERE customer_id = $1")
            .await?;
        transaction.execute(&clear, &[&customer]).await?;
    }
    if !items.is_empty() {
        let put = transaction
            .prepare_cached(
                "INSERT INTO cart_items (customer_id, product_id, quantity)
                 SELECT $1, product, quantity
                 FROM unnest($2::bigint[], $3::bigint[]) AS i (product, quantity)
                 ON CONFLICT (customer_id, product_id) DO UPDATE
                 SET quantity = least(cart_items.quantity + excluded.quantity, 100),
                     added_at = now()",
            )
            .await?;
        transaction
            .execute(&put, &[&customer, &items.products(), &items.quantities()])
            .await?;
    }
    transaction.commit().await?;
    read(lease, customer).await
}

async fn read(lease: &Lease, customer: i64) -> Result<Cart, DatabaseError> {
    let statement = lease
        .prepare_cached(
            "SELECT p.id, p.name, c.quantity, p.price_cents
             FROM cart_items c JOIN products p ON p.id = c.product_id
             WHERE c.customer_id = $1 ORDER BY p.id",
        )
        .await?;
    let rows = lease.query(&statement, &[&customer]).await?;
    let items: Vec<_> = rows
        .iter()
        .map(|row| CartItem {
            product: row.get(0),
            name: row.get(1),
            quantity: row.get(2),
            unit_price_cents: row.get(3),
        })
        .collect();
    Ok(Cart {
        total_cents: items
            .iter()
            .map(|item| item.quantity * item.unit_price_cents)
            .sum(),
        items,
    })
}
