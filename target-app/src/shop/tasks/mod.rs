//! Tasks: what a customer has to do, and until when. Beside the shop, with its sessions.

mod read;
mod write;

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body::Fields;
use super::error::ShopError;
use super::idempotency::idempotency_key;
use super::query::{Params, cursor};
use super::state::{App, SignedIn};

const LONGEST_TITLE: usize = 200;

/// A task as it is told.
#[derive(Debug, Serialize)]
pub(crate) struct Task {
    id: i64,
    /// The idempotency key that it was created under.
    key: String,
    #[serde(skip)]
    customer: i64,
    title: String,
    /// `open`, `scheduled` (due later), `due` or `done`.
    state: String,
    /// UTC, RFC 3339; none: whenever.
    due_at: Option<String>,
    /// UTC, RFC 3339.
    created_at: String,
    /// UTC, RFC 3339.
    completed_at: Option<String>,
    /// Tasks with this key. Anything but 1 is a broken promise.
    copies: i64,
}

/// `POST /api/tasks`: 201 with a new task, 200 with the one that this key already created.
pub(crate) async fn create(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Task>), ShopError> {
    let key = idempotency_key(&headers)?;
    let mut fields = Fields::read(&body)?;
    let title = fields.text("title", 1, LONGEST_TITLE);
    let due = fields.instant("due_at");
    fields.finish()?;
    let lease = shop.database.lease().await?;
    let created = shop
        .database
        .limited(write::create(&lease, customer, key, &title, due))
        .await
        .map_err(ShopError::after_write)?;
    let (status, task) = match created {
        Some(task) => (StatusCode::CREATED, task),
        None => {
            let known = shop.database.limited(read::by_key(&lease, key)).await?;
            let own = known.filter(|task| task.customer == customer);
            let task = own.ok_or_else(|| ShopError::Conflict {
                message: "this Idempotency-Key is somebody else's".into(),
                detail: serde_json::Value::Null,
            })?;
            (StatusCode::OK, task)
        }
    };
    lease.finish();
    Ok((status, Json(task)))
}

/// `PUT /api/tasks/{id}/due`: due then, or whenever.
pub(crate) async fn schedule(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Task>, ShopError> {
    let mut fields = Fields::read(&body)?;
    let due = fields.instant("due_at");
    fields.finish()?;
    let id = task_id(&id)?;
    let lease = shop.database.lease().await?;
    let task = shop
        .database
        .limited(write::schedule(&lease, customer, id, due))
        .await
        .map_err(ShopError::after_write)?;
    lease.finish();
    task.map(Json).ok_or(ShopError::NotFound("open task"))
}

/// `POST /api/tasks/{id}/complete`: done, however often it is said.
pub(crate) async fn complete(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Task>, ShopError> {
    let id = task_id(&id)?;
    let lease = shop.database.lease().await?;
    let task = shop
        .database
        .limited(write::complete(&lease, customer, id))
        .await
        .map_err(ShopError::after_write)?;
    lease.finish();
    task.map(Json).ok_or(ShopError::NotFound("task"))
}

/// A page of tasks, the oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct TaskPage {
    items: Vec<Task>,
    /// Pass as `after` for the next page; absent on the last.
    next_after: Option<i64>,
}

/// Which tasks.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ListParams {
    state: Option<String>,
    after: Option<String>,
}

/// `GET /api/tasks`
pub(crate) async fn list(
    State(shop): State<App>,
    SignedIn(customer): SignedIn,
    Params(params): Params<ListParams>,
) -> Result<Json<TaskPage>, ShopError> {
    let state = params.state.as_deref().filter(|state| !state.is_empty());
    if state.is_some_and(|state| !read::STATES.contains(&state)) {
        let problem = format!("must be one of {}", read::STATES.join(", "));
        return Err(ShopError::field("state", problem));
    }
    let after = cursor(params.after.as_deref(), "after", "a task's")?.unwrap_or(0);
    let lease = shop.database.lease().await?;
    let items = shop
        .database
        .limited(read::list(&lease, customer, state, after))
        .await?;
    lease.finish();
    let next_after = (items.len() == read::PAGE)
        .then(|| items.last().map(|task| task.id))
        .flatten();
    Ok(Json(TaskPage { items, next_after }))
}

/// `GET /api/tasks/by-key/{key}`: without a session, so that a ledger can be checked after it expired.
pub(crate) async fn by_key(
    State(shop): State<App>,
    Path(key): Path<String>,
) -> Result<Json<Task>, ShopError> {
    let lease = shop.database.lease().await?;
    let task = shop.database.limited(read::by_key(&lease, &key)).await?;
    lease.finish();
    task.map(Json).ok_or(ShopError::NotFound("task"))
}

fn task_id(text: &str) -> Result<i64, ShopError> {
    text.parse().map_err(|_| ShopError::NotFound("task"))
}

/// As PostgreSQL reads it.
fn in_sql(instant: Option<Timestamp>) -> Option<String> {
    instant.map(|instant| instant.to_string())
}
