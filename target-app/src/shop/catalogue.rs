//! The catalogue: pages, search, one product.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::cache::{Entry, Key};
use super::error::{FieldErrors, ShopError};
use super::query::Params;
use super::state::{App, Shop};
use crate::service::database::{Database, DatabaseError, Lease};

const DEFAULT_PER_PAGE: i64 = 20;
const MOST_PER_PAGE: i64 = 100;
const LAST_PAGE: i64 = 1_000_000;

const PAGE: &str = "
    SELECT id, name, description, category, price_cents, stock
    FROM products ORDER BY id LIMIT $1 OFFSET $2";
const COUNT: &str = "SELECT count(*) FROM products";
const SEARCH: &str = "
    SELECT id, name, description, category, price_cents, stock
    FROM products WHERE words @@ to_tsquery('simple', $3) ORDER BY id LIMIT $1 OFFSET $2";
const SEARCH_COUNT: &str = "SELECT count(*) FROM products WHERE words @@ to_tsquery('simple', $1)";
const PRODUCT: &str = "
    SELECT id, name, description, category, price_cents, stock FROM products WHERE id = $1";

/// Query parameters of the catalogue, still as text so that mistakes can be told by field.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PageParams {
    page: Option<String>,
    per_page: Option<String>,
    q: Option<String>,
}

impl PageParams {
    /// What is searched for, as it was typed.
    pub(crate) fn words(&self) -> &str {
        self.q.as_deref().unwrap_or_default()
    }
}

/// One article.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) price_cents: i64,
    pub(crate) stock: i64,
}

/// A page of the catalogue.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) items: Vec<Product>,
    /// From 1.
    pub(crate) page: i64,
    pub(crate) per_page: i64,
    /// At least 1.
    pub(crate) pages: i64,
    /// Products on all pages.
    pub(crate) total: i64,
}

/// What an answer says about being kept.
type Kept = [(HeaderName, HeaderValue); 1];

fn kept(shop: &Shop) -> Kept {
    [shop.config.catalogue_caching.header()]
}

/// `GET /api/products`
pub(crate) async fn list(
    State(shop): State<App>,
    Params(params): Params<PageParams>,
) -> Result<Response, ShopError> {
    let page = page(&shop, &params).await?;
    Ok((kept(&shop), Json(&*page)).into_response())
}

/// `GET /api/products/{id}`
pub(crate) async fn one(
    State(shop): State<App>,
    Path(id): Path<String>,
) -> Result<Response, ShopError> {
    let id: i64 = id.parse().map_err(|_| ShopError::NotFound("product"))?;
    let found = match &shop.cache {
        None => read_product(&shop, id).await?,
        Some(cache) => {
            let read = async { read_product(&shop, id).await.map(Entry::Product) };
            match cache.get(Key::Product(id), read).await? {
                Entry::Product(found) => found,
                Entry::Page(_) => None,
            }
        }
    };
    let product = found.ok_or(ShopError::NotFound("product"))?;
    Ok((kept(&shop), Json(&*product)).into_response())
}

async fn read_product(shop: &Shop, id: i64) -> Result<Option<Arc<Product>>, ShopError> {
    if let Some(replica) = shop.replicas.next() {
        match product_in(&replica.database, id).await {
            Ok(found) => return Ok(found),
            Err(error) => replica.failed(&error),
        }
    }
    Ok(product_in(&shop.database, id).await?)
}

async fn product_in(database: &Database, id: i64) -> Result<Option<Arc<Product>>, DatabaseError> {
    let lease = database.lease().await?;
    let row = database
        .limited(async {
            let statement = lease.prepare_cached(PRODUCT).await?;
            Ok::<_, DatabaseError>(lease.query_opt(&statement, &[&id]).await?)
        })
        .await?;
    lease.finish();
    Ok(row.map(|row| Arc::new(product(&row))))
}

/// The page that `params` ask for.
pub(crate) async fn page(shop: &Shop, params: &PageParams) -> Result<Arc<Page>, ShopError> {
    let mut errors = FieldErrors::new();
    let page = number(&params.page, "page", 1, LAST_PAGE, &mut errors);
    let per_page = number(
        &params.per_page,
        "per_page",
        DEFAULT_PER_PAGE,
        MOST_PER_PAGE,
        &mut errors,
    );
    if !errors.is_empty() {
        return Err(ShopError::Invalid(errors));
    }
    let words = params.q.as_deref().and_then(search_words);
    let read = find_page(shop, page, per_page, words.as_deref());
    let Some(cache) = &shop.cache else {
        return read.await.map(Arc::new);
    };
    let key = Key::Page {
        page,
        per_page,
        words: words.clone(),
    };
    let read = async { read.await.map(|page| Entry::Page(Arc::new(page))) };
    match cache.get(key, read).await? {
        Entry::Page(page) => Ok(page),
        Entry::Product(_) => Err(ShopError::NotFound("page")),
    }
}

async fn find_page(
    shop: &Shop,
    page: i64,
    per_page: i64,
    words: Option<&str>,
) -> Result<Page, ShopError> {
    let offset = (page - 1) * per_page;
    let (rows, total) = 'read: {
        if let Some(replica) = shop.replicas.next() {
            match page_in(&replica.database, per_page, offset, words).await {
                Ok(found) => break 'read found,
                Err(error) => replica.failed(&error),
            }
        }
        page_in(&shop.database, per_page, offset, words).await?
    };
    Ok(Page {
        items: rows.iter().map(product).collect(),
        page,
        per_page,
        pages: ((total + per_page - 1) / per_page).max(1),
        total,
    })
}

async fn page_in(
    database: &Database,
    per_page: i64,
    offset: i64,
    words: Option<&str>,
) -> Result<(Vec<Row>, i64), DatabaseError> {
    let lease = database.lease().await?;
    let found = database
        .limited(read_page(&lease, per_page, offset, words))
        .await?;
    lease.finish();
    Ok(found)
}

/// The rows of one page and the number of all, asked for in one go.
async fn read_page(
    lease: &Lease,
    limit: i64,
    offset: i64,
    words: Option<&str>,
) -> Result<(Vec<Row>, i64), DatabaseError> {
    let (page, count) = match words {
        None => (PAGE, COUNT),
        Some(_) => (SEARCH, SEARCH_COUNT),
    };
    let page = lease.prepare_cached(page).await?;
    let count = lease.prepare_cached(count).await?;
    let mut page_params: Vec<&(dyn ToSql + Sync)> = vec![&limit, &offset];
    let mut count_params: Vec<&(dyn ToSql + Sync)> = Vec::new();
    if let Some(words) = &words {
        page_params.push(words);
        count_params.push(words);
    }
    let (rows, total) = tokio::try_join!(
        lease.query(&page, &page_params),
        lease.query_one(&count, &count_params)
    )?;
    Ok((rows, total.get(0)))
}

fn product(row: &Row) -> Product {
    Product {
        id: row.get("id"),
        name: row.get("name"),
        description: row.get("description"),
        category: row.get("category"),
        price_cents: row.get("price_cents"),
        stock: row.get("stock"),
    }
}

/// A whole number from 1 to `most`, `default` when absent or empty.
fn number(
    text: &Option<String>,
    name: &str,
    default: i64,
    most: i64,
    errors: &mut FieldErrors,
) -> i64 {
    match text.as_deref().map(str::trim) {
        None | Some("") => default,
        Some(text) => match text.parse() {
            Ok(number) if (1..=most).contains(&number) => number,
            _ => {
                errors.insert(
                    name.into(),
                    format!("must be a whole number from 1 to {most}"),
                );
                default
            }
        },
    }
}

/// What someone typed as a PostgreSQL text search: all words, each by its beginning. Nothing when
/// there is no word in it.
fn search_words(typed: &str) -> Option<String> {
    let words: Vec<_> = typed
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(8)
        .map(|word| format!("'{}':*", word.to_lowercase()))
        .collect();
    (!words.is_empty()).then(|| words.join(" & "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_searched_by_their_beginnings() {
        assert_eq!(search_words("Oak mug").unwrap(), "'oak':* & 'mug':*");
        assert_eq!(search_words(" -- ' "), None);
    }

    #[test]
    fn numbers_out_of_range_are_told_by_name() {
        let mut errors = FieldErrors::new();
        assert_eq!(number(&None, "page", 1, 9, &mut errors), 1);
        assert_eq!(number(&Some("3".into()), "page", 1, 9, &mut errors), 3);
        assert!(errors.is_empty());
        for wrong in ["0", "10", "x", "-1"] {
            let mut errors = FieldErrors::new();
            number(&Some(wrong.into()), "page", 1, 9, &mut errors);
            assert_eq!(errors["page"], "must be a whole number from 1 to 9");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_leaves_its_quotes(typed in ".*") {
            for word in search_words(&typed).iter().flat_map(|words| words.split(" & ")) {
                let inner = word.strip_prefix('\'').and_then(|rest| rest.strip_suffix("':*"));
                prop_assert!(inner.is_some_and(|inner| !inner.contains(['\'', '\\', ' '])), "{word}");
            }
        }
    }
}
