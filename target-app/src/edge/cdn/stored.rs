//! An answer that is kept, and how it is given out.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AGE, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::lifetime::{Lifetime, State};
use super::question::Question;
use crate::edge::body::EdgeBody;
use crate::edge::headers::forget_responder;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// What a slot costs beside its bytes, about.
const OVERHEAD: usize = 512;

/// How a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Served {
    /// From the cache; nobody was asked.
    Hit,
    /// By a target.
    Miss,
    /// From the cache, though it was not fresh any more.
    Stale,
    /// By a target: not a question for the cache.
    Bypass,
}

impl Served {
    /// The word in `X-Cache` and in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
            Self::Bypass => "bypass",
        }
    }
}

/// An answer with status 200, whole.
#[derive(Debug)]
pub(super) struct Stored {
    /// Of the target's answer; names who gave it.
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) lifetime: Lifetime,
    /// The request's headers that it depends on.
    pub(super) varying: Vec<HeaderName>,
    /// What it is kept under.
    pub(super) key: String,
    pub(super) since: Instant,
}

impl Stored {
    /// What it is good for now.
    pub(super) fn state(&self, now: Instant) -> State {
        self.lifetime.state(self.age(now))
    }

    /// Whether it answers this question.
    pub(super) fn answers(&self, question: &Question) -> bool {
        question.key(&self.varying) == self.key
    }

    /// What it takes of the cache's room, in bytes.
    pub(super) fn weight(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers.map(|(n, v)| n.as_str().len() + v.len()).sum();
        self.body.len() + headers + self.key.len() + OVERHEAD
    }

    /// The answer to a question, without its body for a client that has it.
    pub(super) fn response(
        &self,
        question: &Question,
        served: Served,
        now: Instant,
    ) -> Response<EdgeBody> {
        let mut headers = self.headers.clone();
        if served != Served::Miss {
            // No pod and no zone answered this request.
            forget_responder(&mut headers);
            headers.insert(AGE, self.age(now).as_secs().into());
        }
        let known = headers.get(ETAG).is_some_and(|tag| question.has(tag));
        let mut response = if known {
            headers.remove(CONTENT_LENGTH);
            headers.remove(CONTENT_TYPE);
            let mut response = Response::new(EdgeBody::Own(None));
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            Response::new(EdgeBody::Own(Some(self.body.clone())))
        };
        *response.headers_mut() = headers;
        marked(response, served)
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}

/// Says how the request was answered.
pub(super) fn marked(mut response: Response<EdgeBody>, served: Served) -> Response<EdgeBody> {
    let value = HeaderValue::from_static(served.as_str());
    response.headers_mut().insert(X_CACHE, value);
    response
}
