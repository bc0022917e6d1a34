//! What the cache counts.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::stored::Served;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// The cache's metrics.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    requests: Family<ResultLabels, Counter>,
    questions: Counter,
    spared: Counter,
    bytes: Counter,
    pub(super) joined: Counter,
    pub(super) fetches: Counter,
    pub(super) purged: Counter,
    stored_bytes: Gauge,
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        for served in [Served::Hit, Served::Miss, Served::Stale, Served::Bypass] {
            metrics.of(served);
        }
        let registry = registry.sub_registry_with_prefix("cache");
        registry.register(
            "requests",
            "Requests by how they were answered, as X-Cache says",
            metrics.requests.clone(),
        );
        registry.register(
            "lookups",
            "Requests whose answer may be anybody's: all but bypass",
            metrics.questions.clone(),
        );
        registry.register(
            "hits",
            "Requests answered without a target: hit and stale",
            metrics.spared.clone(),
        );
        registry.register(
            "answered_bytes",
            "Bytes of bodies that came from the cache",
            metrics.bytes.clone(),
        );
        registry.register(
            "collapsed_requests",
            "Requests that waited for another's fetch",
            metrics.joined.clone(),
        );
        registry.register(
            "fetches",
            "Requests sent to targets to fill or refresh the cache",
            metrics.fetches.clone(),
        );
        registry.register(
            "purged_answers",
            "Answers forgotten because somebody asked for it",
            metrics.purged.clone(),
        );
        registry.register(
            "stored_bytes",
            "Bytes kept now",
            metrics.stored_bytes.clone(),
        );
        metrics
    }

    /// Counts a request that was answered, by that many bytes.
    pub(super) fn answered(&self, served: Served, bytes: usize) {
        self.of(served).inc();
        if served != Served::Bypass {
            self.questions.inc();
        }
        if matches!(served, Served::Hit | Served::Stale) {
            self.spared.inc();
            self.bytes.inc_by(u64::try_from(bytes).unwrap_or(0));
        }
    }

    pub(super) fn stored(&self, bytes: u64) {
        self.stored_bytes
            .set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    fn of(&self, served: Served) -> Counter {
        let result = served.as_str();
        self.requests.get_or_create_owned(&ResultLabels { result })
    }
}
