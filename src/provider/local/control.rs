//! The calls of the control plane that this provider needs, and its errors in the provider's words.

use std::time::Duration;

use target_app::api::{ChangeReceipt, ChangeRequest, Event, StackStatus};
use target_app::client::{Client, ClientError};

use crate::provider::{Pending, ProviderError};

/// A client of a stack's control plane.
pub trait ControlApi: Send + Sync + 'static {
    /// `GET /v1/stack`
    fn status(&self) -> Pending<'_, StackStatus>;
    /// `GET /v1/events?after=SEQ&wait_ms=N`
    fn events(&self, after: u64, wait: Duration) -> Pending<'_, Vec<Event>>;
    /// `PUT /v1/changes/{id}`
    fn change<'a>(&'a self, id: &'a str, request: &'a ChangeRequest) -> Pending<'a, ChangeReceipt>;
    /// `DELETE /v1/changes/{id}`
    fn undo<'a>(&'a self, id: &'a str) -> Pending<'a, ()>;
    /// `POST /v1/recover`
    fn recover(&self) -> Pending<'_, ()>;
}

impl ControlApi for Client {
    fn status(&self) -> Pending<'_, StackStatus> {
        Box::pin(async {
            Self::status(self)
                .await
                .map_err(told(self, "say how it is"))
        })
    }

    fn events(&self, after: u64, wait: Duration) -> Pending<'_, Vec<Event>> {
        Box::pin(async move {
            Self::events(self, after, wait)
                .await
                .map_err(told(self, "say what happened"))
        })
    }

    fn change<'a>(&'a self, id: &'a str, request: &'a ChangeRequest) -> Pending<'a, ChangeReceipt> {
        Box::pin(async move {
            Self::change(self, id, request)
                .await
                .map_err(told(self, "make the change"))
        })
    }

    fn undo<'a>(&'a self, id: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            Self::undo(self, id)
                .await
                .map_err(told(self, "undo the change"))
        })
    }

    fn recover(&self) -> Pending<'_, ()> {
        Box::pin(async {
            Self::recover(self)
                .await
                .map(drop)
                .map_err(told(self, "recover"))
        })
    }
}

/// How an error of the client is told.
fn told(client: &Client, what: &str) -> impl FnOnce(ClientError) -> ProviderError {
    let place = format!("stack `{}`", client.handle().name);
    let what = what.to_owned();
    move |error| match error {
        // Nobody listens: the control plane is gone, and takes its stack with it.
        ClientError::Unreachable { ref source, .. } if source.is_connect() => ProviderError::Gone {
            place,
            reason: error.to_string(),
        },
        ClientError::Refused {
            status: 429,
            message,
        } => ProviderError::Busy {
            place,
            what,
            reason: message,
        },
        ClientError::Refused {
            status: 400..=499,
            message,
        } => ProviderError::Refused {
            place,
            what,
            reason: message,
        },
        ClientError::Unreachable { .. } | ClientError::Refused { .. } => ProviderError::Failed {
            place,
            what,
            reason: error.to_string(),
        },
    }
}
