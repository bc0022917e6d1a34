//! Query parameters, whose mistakes are told like all others.

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::ShopError;

/// A request's query parameters.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ShopError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ShopError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(params)| Self(params))
            .map_err(|rejection| ShopError::field("query", rejection.body_text()))
    }
}

/// The id after or before which a page begins; none where nothing is said.
pub(crate) fn cursor(given: Option<&str>, field: &str, of: &str) -> Result<Option<i64>, ShopError> {
    match given {
        None | Some("") => Ok(None),
        Some(text) => match text.parse() {
            Ok(id) => Ok(Some(id)),
            Err(_) => Err(ShopError::field(field, format!("must be {of} id"))),
        },
    }
}
