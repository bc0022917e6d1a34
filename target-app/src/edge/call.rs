//! What a shopper's request is known by, and its log line when the edge itself has to answer it.

use std::time::Instant;

use http::{HeaderValue, Method, Request, Response};

use super::error::Told;
use super::forward::ResetConnection;
use crate::service::request_id::{self, X_REQUEST_ID};
use crate::service::trace::TraceId;

/// One request, until it is answered.
pub(super) struct Call {
    id: HeaderValue,
    trace: Option<TraceId>,
    method: Method,
    path: String,
    began: Instant,
}

impl Call {
    /// Gives the request its id, unless it has one: targets keep it.
    pub(super) fn begin<B>(request: &mut Request<B>) -> Self {
        let id = request_id::of(request.headers());
        request.headers_mut().insert(X_REQUEST_ID, id.clone());
        Self {
            id,
            trace: TraceId::of(request.headers()),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            began: Instant::now(),
        }
    }

    /// Tells the shopper the id. Answers that no target gave, or that were broken on purpose, are
    /// logged here; what a target answers, it logs itself.
    pub(super) fn end<B>(
        self,
        mut answer: Result<Response<B>, ResetConnection>,
    ) -> Result<Response<B>, ResetConnection> {
        match &mut answer {
            Ok(answer) => {
                if let Some(told) = answer.extensions().get::<Told>() {
                    let target = told.target.as_deref();
                    let status = Some(answer.status().as_u16());
                    self.log(status, told.cause, target, &told.detail);
                }
                answer.headers_mut().entry(X_REQUEST_ID).or_insert(self.id);
            }
            Err(reset) => self.log(None, "reset", None, &reset.to_string()),
        }
        answer
    }

    fn log(&self, status: Option<u16>, cause: &str, upstream: Option<&str>, detail: &str) {
        let request_id = self.id.to_str().unwrap_or_default();
        let trace_id = self.trace.as_ref().map(TraceId::as_str);
        let (method, path) = (self.method.as_str(), &*self.path);
        let seconds = self.began.elapsed().as_secs_f64();
        tracing::error!(
            request_id,
            trace_id,
            method,
            path,
            status,
            seconds,
            cause,
            upstream,
            detail,
            "request failed"
        );
    }
}
