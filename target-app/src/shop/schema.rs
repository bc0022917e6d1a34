//! The shop's tables and the data it starts with.

use std::time::Duration;

use tokio_postgres::{Client, Transaction};

use super::seed;
use crate::service::ServeError;
use crate::service::database::{DatabaseParams, describe};

/// Rows sent in one statement.
const CHUNK: u32 = 10_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the tables could not be made or filled.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The parameters are wrong.
    #[error(transparent)]
    Params(#[from] ServeError),
    /// Nobody answers there.
    #[error("installing the shop's tables: {address} did not let us in within {CONNECT_TIMEOUT:?}")]
    Silent {
        /// The server.
        address: String,
    },
    /// The server refused or broke off.
    #[error("installing the shop's tables at {address}: {}", describe(.source))]
    Database {
        /// The server.
        address: String,
        /// Its reason.
        source: tokio_postgres::Error,
    },
}

/// Creates the tables and seeds them with that many products and customers, in one transaction.
/// Tables that are there already are left as they are.
///
/// Customers are `customer<N>@example.test` with password `secret-<N>`, N from 1, hashed at the
/// test cost of [`super::PasswordCost`].
///
/// # Errors
/// When the database cannot be reached or refuses.
pub async fn install(
    database: &DatabaseParams,
    products: u32,
    customers: u32,
) -> Result<(), InstallError> {
    // Hashing takes all cores for a moment: not on this runtime's thread.
    let hashed = tokio::task::spawn_blocking(move || seed::customers(customers));
    connected(database, async |client| {
        let hashed = hashed.await.expect("hashing does not panic");
        fill(client, products, hashed).await
    })
    .await
}

/// Takes away the unique index on orders' keys, for a shop that doubles orders on purpose.
///
/// # Errors
/// When the database cannot be reached or refuses.
pub async fn allow_double_keys(database: &DatabaseParams) -> Result<(), InstallError> {
    connected(database, async |client| {
        client
            .batch_execute(
                "ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_key_key;
                 CREATE INDEX IF NOT EXISTS orders_by_key ON orders (key)",
            )
            .await
    })
    .await
}

/// Takes away the index of the catalogue's search: from then on every search reads every product.
///
/// # Errors
/// When the database cannot be reached or refuses.
pub async fn drop_search_index(database: &DatabaseParams) -> Result<(), InstallError> {
    connected(database, async |client| {
        client
            .batch_execute("DROP INDEX IF EXISTS products_words")
            .await
    })
    .await
}

/// Gives the rows of one of several databases that orders are divided over numbers that no other
/// one gives: every `of`-th. `shard` counts from 0. Only right after [`install`].
///
/// # Errors
/// When the database cannot be reached or refuses.
pub async fn share_numbers(
    database: &DatabaseParams,
    shard: u32,
    of: u32,
) -> Result<(), InstallError> {
    // Behind what `install` itself has numbered.
    let first = of + shard + 1;
    let statements: String = ["orders", "payments", "jobs", "emails"]
        .map(|table| {
            format!(
                "ALTER TABLE {table} ALTER COLUMN id SET INCREMENT BY {of} \
                 SET START WITH {first} RESTART;"
            )
        })
        .concat();
    connected(database, async |client| {
        client.batch_execute(&statements).await
    })
    .await
}

/// Does something on a connection of its own.
async fn connected(
    database: &DatabaseParams,
    work: impl AsyncFnOnce(&mut Client) -> Result<(), tokio_postgres::Error>,
) -> Result<(), InstallError> {
    let failed = |source| InstallError::Database {
        address: database.address.clone(),
        source,
    };
    let config = database.driver_config("install")?;
    let tls = database.tls()?;
    let mut client = tokio::time::timeout(CONNECT_TIMEOUT, tls.connect(config))
        .await
        .map_err(|_| InstallError::Silent {
            address: database.address.clone(),
        })?
        .map_err(failed)?;
    work(&mut client).await.map_err(failed)
}

async fn fill(
    client: &mut Client,
    products: u32,
    customers: Vec<(String, String, String)>,
) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    // Two that install at the same time: the second waits here, however long, and then finds the
    // tables.
    transaction
        .batch_execute("SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(8001)")
        .await?;
    let found = transaction
        .query_one("SELECT to_regclass('products') IS NOT NULL", &[])
        .await?;
    if found.get(0) {
        return transaction.rollback().await;
    }
    transaction
        .batch_execute(include_str!("schema.sql"))
        .await?;
    insert_products(&transaction, products).await?;
    insert_customers(&transaction, customers).await?;
    transaction
        .batch_execute("ANALYZE products; ANALYZE customers")
        .await?;
    transaction.commit().await
}

async fn insert_products(
    transaction: &Transaction<'_>,
    count: u32,
) -> Result<(), tokio_postgres::Error> {
    let insert = transaction
        .prepare(
            "INSERT INTO products
                 (id, name, description, category, price_cents, stock_initial, stock)
             SELECT id, name, description, category, price_cents, $6, $6
             FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[])
                  AS p (id, name, description, category, price_cents)",
        )
        .await?;
    for first in (1..=count).step_by(CHUNK as usize) {
        let last = first.saturating_add(CHUNK - 1).min(count);
        let chunk: Vec<_> = (first..=last).map(seed::product).collect();
        let ids: Vec<_> = chunk.iter().map(|product| product.id).collect();
        let names: Vec<_> = chunk.iter().map(|product| product.name.as_str()).collect();
        let descriptions: Vec<_> = chunk.iter().map(|p| p.description.as_str()).collect();
        let categories: Vec<_> = chunk.iter().map(|product| product.category).collect();
        let prices: Vec<_> = chunk.iter().map(|product| product.price_cents).collect();
        transaction
            .execute(
                &insert,
                &[
                    &ids,
                    &names,
                    &descriptions,
                    &categories,
                    &prices,
                    &seed::STOCK,
                ],
            )
            .await?;
    }
    Ok(())
}

async fn insert_customers(
    transaction: &Transaction<'_>,
    customers: Vec<(String, String, String)>,
) -> Result<(), tokio_postgres::Error> {
    let insert = transaction
        .prepare(
            "INSERT INTO customers (email, name, password_hash)
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[])",
        )
        .await?;
    for chunk in customers.chunks(CHUNK as usize) {
        let emails: Vec<_> = chunk.iter().map(|(email, _, _)| email).collect();
        let names: Vec<_> = chunk.iter().map(|(_, name, _)| name).collect();
        let hashes: Vec<_> = chunk.iter().map(|(_, _, hash)| hash).collect();
        transaction
            .execute(&insert, &[&emails, &names, &hashes])
            .await?;
    }
    Ok(())
}
