//! Connections to one target: kept, reused, and honest about what was sent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Either, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;

use super::dial::Dial;

/// Connections kept idle at most.
const MOST_IDLE: usize = 256;
const READY_TIMEOUT: Duration = Duration::from_millis(5);

/// What is sent with a request: what a shopper sends, or nothing because the edge itself asks.
pub(super) type RequestBody = Either<Incoming, Empty<Bytes>>;

/// A connection that can carry one request at a time.
pub(super) type Connection = SendRequest<RequestBody>;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum SendFailure {
    /// Nothing was sent, so the request can be given to someone else.
    NotSent {
        /// As it was handed in.
        request: Box<Request<RequestBody>>,
        /// Why not.
        cause: String,
    },
    /// It was sent, at least in part, and the connection broke: what became of it is unknown.
    Lost(String),
    /// It was sent and not answered in time.
    TimedOut,
}

/// Idle connections to one address.
#[derive(Debug)]
pub(super) struct Upstream {
    dial: Dial,
    connect_timeout: Duration,
    response_timeout: Duration,
    idle: Mutex<Vec<Connection>>,
}

impl Upstream {
    pub(super) fn new(dial: Dial, connect_timeout: Duration, response_timeout: Duration) -> Self {
        Self {
            dial,
            connect_timeout,
            response_timeout,
            idle: Mutex::default(),
        }
    }

    /// Sends a request and waits for the head of its answer. Give the connection back with
    /// [`Upstream::keep`] when the body was read to its end.
    pub(super) async fn send(
        &self,
        mut request: Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Connection), SendFailure> {
        // The target may have closed an idle connection meanwhile: that costs nothing but a try.
        while let Some(connection) = self.idle_connection().await {
            match self.exchange(connection, request).await {
                Err(SendFailure::NotSent { request: back, .. }) => request = *back,
                outcome => return outcome,
            }
        }
        match self.connect().await {
            Ok(connection) => self.exchange(connection, request).await,
            Err(cause) => Err(SendFailure::NotSent {
                request: Box::new(request),
                cause,
            }),
        }
    }

    /// Keeps a connection whose answer was read to its end.
    pub(super) fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE && !connection.is_closed() {
            idle.push(connection);
        }
    }

    /// Closes all idle connections.
    pub(super) fn close_idle(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The most recently used one that still stands.
    async fn idle_connection(&self) -> Option<Connection> {
        loop {
            let mut connection = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop()?;
            // Its last answer was read to its end, so this waits for its task to notice. Unless
            // that answer came early and its request is still being sent: then it is of no use.
            let ready = tokio::time::timeout(READY_TIMEOUT, connection.ready()).await;
            if matches!(ready, Ok(Ok(()))) {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<Connection, String> {
        let connected = tokio::time::timeout(self.connect_timeout, self.dial.connect()).await;
        connected
            .unwrap_or_else(|_| Err(format!("not connected within {:?}", self.connect_timeout)))
    }

    /// A connection of its own, of which the others know nothing.
    pub(super) fn dial(&self) -> &Dial {
        &self.dial
    }

    async fn exchange(
        &self,
        mut connection: Connection,
        request: Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Connection), SendFailure> {
        let answer = connection.try_send_request(request);
        match tokio::time::timeout(self.response_timeout, answer).await {
            Ok(Ok(response)) => Ok((response, connection)),
            Ok(Err(mut error)) => Err(match error.take_message() {
                Some(request) => SendFailure::NotSent {
                    request: Box::new(request),
                    cause: error.into_error().to_string(),
                },
                None => SendFailure::Lost(with_source(&error.into_error())),
            }),
            Err(_) => Err(SendFailure::TimedOut),
        }
    }
}

/// An error with what caused it, in one line.
pub(super) fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
