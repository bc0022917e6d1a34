//! The calls of the control plane that this provider needs.

use std::time::Duration;

use target_app::api::{ChangeReceipt, ChangeRequest, Event, StackStatus};

use crate::provider::Pending;

/// A client of a stack's control plane. Errors are already told as the provider's.
pub trait ControlApi: Send + Sync + 'static {
    /// `GET /v1/stack`
    fn status(&self) -> Pending<'_, StackStatus>;
    /// `GET /v1/events?after=SEQ&wait_ms=N`
    fn events(&self, after: u64, wait: Duration) -> Pending<'_, Vec<Event>>;
    /// `PUT /v1/changes/{id}`
    fn change<'a>(&'a self, id: &'a str, request: &'a ChangeRequest)
    -> Pending<'a, ChangeReceipt>;
    /// `DELETE /v1/changes/{id}`
    fn undo<'a>(&'a self, id: &'a str) -> Pending<'a, ()>;
    /// `POST /v1/recover`
    fn recover(&self) -> Pending<'_, ()>;
}
