//! Customers: registering and signing in.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use tokio_postgres::error::SqlState;

use super::body::Fields;
use super::error::ShopError;
use super::state::{App, Shop, unix_seconds};
use crate::service::database::DatabaseError;

const SHORTEST_PASSWORD: usize = 8;
const LONGEST_PASSWORD: usize = 200;

/// Who someone is.
#[derive(Debug, Serialize)]
pub(crate) struct Customer {
    id: i64,
    name: String,
}

/// The right to act as a customer.
#[derive(Debug, Serialize)]
pub(crate) struct Session {
    token: String,
    customer: Customer,
}

/// `POST /api/sessions`
pub(crate) async fn sign_in(
    State(shop): State<App>,
    body: Bytes,
) -> Result<Json<Session>, ShopError> {
    let mut fields = Fields::read(&body)?;
    let email = fields.email("email");
    let password = fields.text("password", 1, LONGEST_PASSWORD);
    fields.finish()?;

    let lease = shop.database.lease().await?;
    let row = shop
        .database
        .limited(async {
            let statement = lease
                .prepare_cached("SELECT id, name, password_hash FROM customers WHERE email = $1")
                .await?;
            Ok::<_, DatabaseError>(lease.query_opt(&statement, &[&email]).await?)
        })
        .await?;
    lease.finish();

    let hash = row.as_ref().map(|row| row.get::<_, &str>("password_hash"));
    let verified = shop.passwords.verify(&password, hash);
    match row {
        Some(row) if verified => Ok(Json(session(&shop, row.get("id"), row.get("name")))),
        _ => Err(ShopError::Unauthorized(
            "e-mail address or password is wrong",
        )),
    }
}

/// `POST /api/customers`
pub(crate) async fn register(
    State(shop): State<App>,
    body: Bytes,
) -> Result<(StatusCode, Json<Session>), ShopError> {
    let mut fields = Fields::read(&body)?;
    let email = fields.email("email");
    let name = fields.text("name", 1, 100);
    let password = fields.text("password", SHORTEST_PASSWORD, LONGEST_PASSWORD);
    fields.finish()?;
    let hash = shop.passwords.hash(&password);

    let lease = shop.database.lease_to_write().await?;
    let inserted = shop
        .database
        .limited(async {
            let statement = lease
                .prepare_cached(
                    "INSERT INTO customers (email, name, password_hash) VALUES ($1, $2, $3)
                     RETURNING id",
                )
                .await?;
            let row = lease.query_one(&statement, &[&email, &name, &hash]).await?;
            Ok::<i64, DatabaseError>(row.get(0))
        })
        .await;
    let id = match inserted {
        Ok(id) => id,
        Err(DatabaseError::Query(error)) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            lease.finish();
            return Err(ShopError::Conflict {
                message: "this e-mail address is registered already".into(),
                detail: serde_json::Value::Null,
            });
        }
        Err(error) => return Err(ShopError::after_write(error)),
    };
    lease.finish();
    Ok((StatusCode::CREATED, Json(session(&shop, id, name))))
}

fn session(shop: &Shop, id: i64, name: String) -> Session {
    Session {
        token: shop.sessions.issue(id, unix_seconds()),
        customer: Customer { id, name },
    }
}
