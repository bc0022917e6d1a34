//! The edge as a content delivery network: answers that are anybody's are kept and given out again.
//!
//! Answers say themselves, by `Cache-Control`, how long they are fresh, how long they may be used
//! while a new one is fetched, and how long they are better than an error. So the catalogue stays
//! readable while the database fails over. Every answer says by `X-Cache` how it came about.

mod fetches;
mod lifetime;
mod metrics;
mod question;
mod rules;
mod store;
mod stored;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Either;
use hyper::body::{Body, Incoming};
use prometheus_client::registry::Registry;

use self::fetches::{Fetched, Fetches, Heard, Part};
use self::lifetime::State;
use self::metrics::Metrics;
use self::question::Question;
use self::store::Store;
use self::stored::{Served, Stored, marked};
use super::body::EdgeBody;
use super::config::CdnConfig;
use super::forward::{ResetConnection, forward};
use super::rotation::Edge;

/// The cache of an edge.
#[derive(Debug)]
pub(super) struct Cdn {
    config: CdnConfig,
    store: Store,
    fetches: Fetches,
    metrics: Metrics,
    /// Counts purges.
    epoch: AtomicU64,
}

impl Cdn {
    pub(super) fn new(config: CdnConfig, registry: &mut Registry) -> Self {
        Self {
            store: Store::new(config.bytes),
            fetches: Fetches::default(),
            metrics: Metrics::register(registry),
            epoch: AtomicU64::new(0),
            config,
        }
    }

    /// Forgets every answer whose path and query begin so. Answers how many there were.
    pub(super) async fn purge(&self, prefix: &str) -> u64 {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        let purged = self.store.purge(prefix).await;
        self.metrics.purged.inc_by(purged);
        purged
    }

    /// Takes over what is read only when someone looks.
    pub(super) async fn measure(&self) {
        self.metrics.stored(self.store.bytes().await);
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Whether an answer of this length may be kept. One that does not tell its length is passed on
    /// as it comes: nobody knows how much of it there will be.
    fn fits(&self, length: Option<u64>) -> bool {
        length.is_some_and(|length| length <= self.config.answer_bytes)
    }

    /// Gives out a kept answer.
    fn serve(
        &self,
        stored: &Stored,
        question: &Question,
        served: Served,
        now: Instant,
    ) -> Response<EdgeBody> {
        let response = stored.response(question, served, now);
        let bytes = response.body().size_hint().exact().unwrap_or(0);
        let bytes = usize::try_from(bytes).unwrap_or(0);
        self.metrics.answered(served, bytes);
        response
    }

    /// Passes a target's answer on.
    fn pass(&self, response: Response<EdgeBody>, served: Served) -> Response<EdgeBody> {
        self.metrics.answered(served, 0);
        marked(response, served)
    }
}

/// Answers a request from the cache where that is possible and switched on, else by a target.
pub(super) async fn answer(
    edge: &Arc<Edge>,
    request: Request<Incoming>,
    client: &HeaderValue,
) -> Result<Response<EdgeBody>, ResetConnection> {
    let Some(cdn) = &edge.cdn else {
        return forward(edge, request.map(Either::Left), client).await;
    };
    let address = request.uri().path_and_query().map_or("/", |a| a.as_str());
    let paths = &cdn.config.paths;
    let asked = rules::question(request.method(), address, request.headers(), paths);
    let Some(question) = asked else {
        let answer = forward(edge, request.map(Either::Left), client).await?;
        return Ok(cdn.pass(answer, Served::Bypass));
    };
    let now = Instant::now();
    let (key, kept) = cdn.store.get(&question).await;
    let state = kept.as_ref().map_or(State::Gone, |kept| kept.state(now));
    let fallback = match (kept, state) {
        (Some(kept), State::Fresh) => {
            return Ok(cdn.serve(&kept, &question, Served::Hit, now));
        }
        (Some(kept), State::Stale) => {
            // In the background; if it is under way already, that is enough.
            drop(Fetches::join(cdn, edge, &key, &question, client));
            return Ok(cdn.serve(&kept, &question, Served::Stale, now));
        }
        (kept, State::OnError) => kept,
        _ => None,
    };
    match Fetches::join(cdn, edge, &key, &question, client) {
        // A fetch that ended without a word is as good as a reset.
        Part::First(handed) => match handed.await.unwrap_or(Fetched::Reset) {
            Fetched::Kept(stored) => Ok(cdn.serve(&stored, &question, Served::Miss, now)),
            Fetched::Passed(answer) if !is_failure(answer.status()) => {
                Ok(cdn.pass(*answer, Served::Miss))
            }
            failed => match (fallback, failed) {
                (Some(kept), _) => Ok(cdn.serve(&kept, &question, Served::Stale, now)),
                (None, Fetched::Passed(answer)) => Ok(cdn.pass(*answer, Served::Miss)),
                (None, _) => Err(ResetConnection),
            },
        },
        Part::Next(mut heard) => {
            cdn.metrics.joined.inc();
            let ended = heard.wait_for(|heard| !matches!(heard, Heard::UnderWay));
            let heard = ended.await.map_or(Heard::Nothing, |heard| heard.clone());
            match (heard, fallback) {
                (Heard::Kept(stored), _) if stored.answers(&question) => {
                    Ok(cdn.serve(&stored, &question, Served::Hit, Instant::now()))
                }
                (_, Some(kept)) => Ok(cdn.serve(&kept, &question, Served::Stale, now)),
                // Somebody else's own answer is no answer to us.
                (_, None) => {
                    let answer = forward(edge, request.map(Either::Left), client).await?;
                    Ok(cdn.pass(answer, Served::Miss))
                }
            }
        }
    }
}

/// What an old answer is better than (RFC 5861).
fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}
