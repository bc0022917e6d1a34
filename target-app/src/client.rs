//! A typed client of the control plane's API (see [`crate::api`]).

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;

use crate::api::{
    ApiError, ChangeReceipt, ChangeRequest, Event, Purge, Purged, StackHandle, StackStatus,
};

/// Long enough for an undo that waits for a failover with the durations of RDS.
const SLOW_CALL: Duration = Duration::from_secs(300);
/// What a call takes that waits for nothing.
const QUICK_CALL: Duration = Duration::from_secs(10);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No answer: the control plane is gone, or hangs.
    #[error(
        "the control plane of stack '{stack}' (pid {pid}) gives no answer: {source}. `loadtest stack status` says what is left of it"
    )]
    Unreachable {
        /// The stack's name.
        stack: String,
        /// The control plane's process id.
        pid: u32,
        /// The cause.
        source: reqwest::Error,
    },
    /// It answered with an error.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its own words.
        message: String,
    },
}

/// A client of one stack's control plane. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    handle: StackHandle,
    http: reqwest::Client,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the handle: it carries the token.
        f.debug_struct("Client")
            .field("stack", &self.handle.name)
            .field("url", &self.handle.control_url)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the stack that `handle` tells of. Does not connect yet.
    #[must_use]
    pub fn new(handle: &StackHandle) -> Self {
        let http = reqwest::Client::builder()
            // A proxy from the environment knows nothing of this machine's loopback.
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .build()
            .unwrap_or_default();
        Self {
            handle: handle.clone(),
            http,
        }
    }

    /// The stack that this is a client of.
    #[must_use]
    pub fn handle(&self) -> &StackHandle {
        &self.handle
    }

    /// The whole stack at this instant.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn status(&self) -> Result<StackStatus, ClientError> {
        self.call(Method::GET, "/v1/stack", QUICK_CALL).await
    }

    /// Events after number `after`, oldest first; waits up to `wait` for the first one. An empty
    /// answer means that nothing happened.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn events(&self, after: u64, wait: Duration) -> Result<Vec<Event>, ClientError> {
        let path = format!("/v1/events?after={after}&wait_ms={}", wait.as_millis());
        self.call(Method::GET, &path, QUICK_CALL + wait).await
    }

    /// Makes a change. The same id with the same request is the same change, made once.
    ///
    /// # Errors
    /// [`ClientError`]; 409 when the stack cannot take it now, 404 when it names what is not
    /// there, 410 when this id was undone already.
    pub async fn change(
        &self,
        id: &str,
        request: &ChangeRequest,
    ) -> Result<ChangeReceipt, ClientError> {
        let call = self
            .request(Method::PUT, &format!("/v1/changes/{id}"), QUICK_CALL)
            .json(request);
        self.send(call).await
    }

    /// Undoes a change and waits until it is undone. Unknown ids are undone already.
    ///
    /// # Errors
    /// [`ClientError`]; 504 when the stack does not get well in time: the change stays open.
    pub async fn undo(&self, id: &str) -> Result<(), ClientError> {
        let path = format!("/v1/changes/{id}");
        self.call(Method::DELETE, &path, SLOW_CALL).await
    }

    /// Has the edge forget every answer whose path begins so; `/` is all of them.
    ///
    /// # Errors
    /// [`ClientError`]; 409 when the stack has no CDN.
    pub async fn purge(&self, prefix: &str) -> Result<Purged, ClientError> {
        let prefix = prefix.to_owned();
        let call = self.request(Method::POST, "/v1/purge", QUICK_CALL);
        self.send(call.json(&Purge { prefix })).await
    }

    /// Undoes every open change, repairs what is broken and waits for it; answers how the stack is.
    ///
    /// # Errors
    /// [`ClientError`]; 504 when the stack does not get well in time.
    pub async fn recover(&self) -> Result<StackStatus, ClientError> {
        self.call(Method::POST, "/v1/recover", SLOW_CALL).await
    }

    /// Asks the stack to go down, and returns when that was accepted. [`crate::control::stop`] also
    /// waits until nothing is left.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn stop(&self) -> Result<(), ClientError> {
        self.call(Method::POST, "/v1/stop", QUICK_CALL).await
    }

    fn request(&self, method: Method, path: &str, timeout: Duration) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.handle.control_url))
            .bearer_auth(&self.handle.token)
            .timeout(timeout)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        timeout: Duration,
    ) -> Result<T, ClientError> {
        self.send(self.request(method, path, timeout)).await
    }

    async fn send<T: DeserializeOwned>(&self, call: RequestBuilder) -> Result<T, ClientError> {
        let answer = call.send().await.map_err(|e| self.unreachable(e))?;
        let status = answer.status();
        if status.is_client_error() || status.is_server_error() {
            let body = answer.bytes().await.unwrap_or_default();
            return Err(refused(status, &body));
        }
        answer.json().await.map_err(|e| self.unreachable(e))
    }

    fn unreachable(&self, source: reqwest::Error) -> ClientError {
        ClientError::Unreachable {
            stack: self.handle.name.clone(),
            pid: self.handle.pid,
            source,
        }
    }
}

fn refused(status: StatusCode, body: &[u8]) -> ClientError {
    let message = serde_json::from_slice(body).map_or_else(
        |_| format!("the control plane answered {status}"),
        |error: ApiError| error.error,
    );
    ClientError::Refused {
        status: status.as_u16(),
        message,
    }
}
