//! Canary writes: one row each, so that somebody who writes all the time can tell for how long
//! nobody could.
//!
//! They take the way that orders take (the same pool, the same checks, a commit that waits for the
//! standby), or they would measure something else.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;

use super::error::ShopError;
use super::state::App;
use crate::service::database::{DatabaseError, Lease};

const LONGEST_KEY: usize = 128;

/// Whoever repeats a key waits here until the first with it has committed or failed.
const WRITE: &str = "INSERT INTO canaries (key) VALUES ($1) ON CONFLICT DO NOTHING";
const COUNT: &str = "SELECT count(*) FROM canaries WHERE key = $1";

/// A canary write as it is told.
#[derive(Debug, Serialize)]
pub(crate) struct Canary {
    key: String,
    /// Rows with this key. Anything but 1 is a broken promise.
    copies: i64,
}

/// `PUT /api/canary/{key}`: 201 when it is written, 200 when it was there already.
pub(crate) async fn write(
    State(shop): State<App>,
    Path(key): Path<String>,
) -> Result<(StatusCode, Json<Canary>), ShopError> {
    if !is_key(&key) {
        let problem = "must be 1 to 128 letters, digits, `-`, `_`, `.` and `:`";
        return Err(ShopError::field("key", problem));
    }
    let mut lease = shop.database.lease_to_write().await?;
    let written = shop.database.limited(insert(&mut lease, &key)).await;
    let new = written.map_err(ShopError::after_write)?;
    lease.finish();
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(Canary { key, copies: 1 })))
}

/// `GET /api/canary/{key}`, from the writer: a standby may not have it yet.
pub(crate) async fn read(
    State(shop): State<App>,
    Path(key): Path<String>,
) -> Result<Json<Canary>, ShopError> {
    let absent = ShopError::NotFound("canary write");
    if !is_key(&key) {
        return Err(absent);
    }
    let lease = shop.database.lease().await?;
    let copies = shop.database.limited(count(&lease, &key)).await?;
    lease.finish();
    if copies == 0 {
        return Err(absent);
    }
    Ok(Json(Canary { key, copies }))
}

/// In a transaction of its own; says whether the key is new.
async fn insert(lease: &mut Lease, key: &str) -> Result<bool, DatabaseError> {
    let transaction = lease.transaction().await?;
    let statement = transaction.prepare_cached(WRITE).await?;
    let written = transaction.execute(&statement, &[&key]).await?;
    transaction.commit().await?;
    Ok(written == 1)
}

async fn count(lease: &Lease, key: &str) -> Result<i64, DatabaseError> {
    let statement = lease.prepare_cached(COUNT).await?;
    Ok(lease.query_one(&statement, &[&key]).await?.get(0))
}

fn is_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_and_plain() {
        for (key, allowed) in [
            ("0b1e-4_a.b:c", true),
            ("", false),
            ("a/b", false),
            ("ü", false),
            (&*"x".repeat(128), true),
            (&*"x".repeat(129), false),
        ] {
            assert_eq!(is_key(key), allowed, "{key:?}");
        }
    }
}
