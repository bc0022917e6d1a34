//! One fetch at a time: whoever asks for what is being fetched waits for that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Either, Empty};
use hyper::body::Body;
use tokio::sync::{oneshot, watch};

use super::Cdn;
use super::question::Question;
use super::rules;
use super::stored::Stored;
use crate::edge::body::EdgeBody;
use crate::edge::error::{Cause, response};
use crate::edge::forward::{ResetConnection, forward};
use crate::edge::rotation::Edge;

/// What a fetch brought.
pub(super) enum Fetched {
    /// An answer for everybody, kept.
    Kept(Arc<Stored>),
    /// An answer for whoever asked first.
    Passed(Box<Response<EdgeBody>>),
    /// A reset for whoever asked first.
    Reset,
}

/// What those hear who did not ask first.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    UnderWay,
    Kept(Arc<Stored>),
    /// Nothing for everybody came of it.
    Nothing,
}

/// A part in a fetch.
pub(super) enum Part {
    /// Asked first: the answer comes here.
    First(oneshot::Receiver<Fetched>),
    /// It was under way.
    Next(watch::Receiver<Heard>),
}

/// Fetches under way, by key.
#[derive(Debug, Default)]
pub(super) struct Fetches(Mutex<HashMap<String, watch::Receiver<Heard>>>);

impl Fetches {
    /// Joins the fetch under `key`, or begins it: as a task of its own, because what many wait for
    /// must not end with the one who asked first.
    pub(super) fn join(
        cdn: &Arc<Cdn>,
        edge: &Arc<Edge>,
        key: &str,
        question: &Question,
        client: &HeaderValue,
    ) -> Part {
        let mut under_way = cdn.fetches.lock();
        if let Some(heard) = under_way.get(key) {
            return Part::Next(heard.clone());
        }
        let (tell, heard) = watch::channel(Heard::UnderWay);
        let (hand, handed) = oneshot::channel();
        under_way.insert(key.to_owned(), heard);
        drop(under_way);
        let (edge, question, client) = (Arc::clone(edge), question.clone(), client.clone());
        let ends = Ends {
            cdn: Arc::clone(cdn),
            key: key.to_owned(),
        };
        tokio::spawn(async move {
            let fetched = fetch(&ends.cdn, &edge, &question, &client).await;
            // Whoever comes from now on looks into the store.
            drop(ends);
            tell.send_replace(match &fetched {
                Fetched::Kept(stored) => Heard::Kept(Arc::clone(stored)),
                Fetched::Passed(_) | Fetched::Reset => Heard::Nothing,
            });
            // The first may have gone, or never have wanted to wait.
            let _ = hand.send(fetched);
        });
        Part::First(handed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, watch::Receiver<Heard>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a fetch off the list, however it ends.
struct Ends {
    cdn: Arc<Cdn>,
    key: String,
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.cdn.fetches.lock().remove(&self.key);
    }
}

/// Asks a target, and keeps what may be kept.
async fn fetch(cdn: &Cdn, edge: &Edge, question: &Question, client: &HeaderValue) -> Fetched {
    cdn.metrics.fetches.inc();
    let epoch = cdn.epoch();
    let mut request = Request::new(Either::Right(Empty::new()));
    *request.method_mut() = Method::GET;
    *request.headers_mut() = question.headers_for_all();
    match question.address.parse() {
        Ok(uri) => *request.uri_mut() = uri,
        // It was part of a URI before.
        Err(error) => {
            let words = format!("{}: {error}", question.address);
            return Fetched::Passed(Box::new(response(Cause::NoTarget, None, &words)));
        }
    }
    let answer = match forward(edge, request, client).await {
        Ok(answer) => answer,
        Err(ResetConnection) => return Fetched::Reset,
    };
    let keep = rules::keep(answer.status(), answer.headers());
    let Some((lifetime, varying)) = keep.filter(|_| cdn.fits(answer.body().size_hint().exact()))
    else {
        return Fetched::Passed(Box::new(answer));
    };
    let (parts, body) = answer.into_parts();
    let body: Bytes = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            let words = error.to_string();
            return Fetched::Passed(Box::new(response(Cause::UpstreamClosed, None, &words)));
        }
    };
    let stored = Arc::new(Stored {
        headers: parts.headers,
        body,
        lifetime,
        key: question.key(&varying),
        varying,
        since: Instant::now(),
    });
    cdn.store.put(&question.address, Arc::clone(&stored)).await;
    // What was asked for before a purge may be what the purge was to get rid of.
    if cdn.epoch() != epoch {
        cdn.store.forget(&stored.key).await;
    }
    Fetched::Kept(stored)
}
