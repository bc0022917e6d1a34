//! How long others may keep what the shop answers.

use http::header::CACHE_CONTROL;
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// How long a cache that many share may keep pages of the catalogue, in seconds. Stock and prices
/// on them may be as old as that; an order looks at the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogueCaching {
    /// Without asking again.
    pub fresh_seconds: u64,
    /// After that: once more, while it asks again.
    pub while_revalidating_seconds: u64,
    /// After that: as long as there is no answer.
    pub if_error_seconds: u64,
}

impl Default for CatalogueCaching {
    fn default() -> Self {
        Self {
            fresh_seconds: 5,
            while_revalidating_seconds: 10,
            if_error_seconds: 300,
        }
    }
}

impl CatalogueCaching {
    /// `Cache-Control`. A browser asks again each time: it is the shared cache that spares the
    /// database.
    pub(crate) fn header(self) -> (HeaderName, HeaderValue) {
        let text = format!(
            "public, max-age=0, s-maxage={}, stale-while-revalidate={}, stale-if-error={}",
            self.fresh_seconds, self.while_revalidating_seconds, self.if_error_seconds
        );
        let value = HeaderValue::try_from(text).expect("letters and digits are a header value");
        (CACHE_CONTROL, value)
    }
}
