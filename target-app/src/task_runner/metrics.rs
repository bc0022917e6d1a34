//! What a task runner counts.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::TaskRunnerConfig;
use crate::service::exposition::seconds_histogram;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Retried,
    Dead,
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retried => "retried",
            Self::Dead => "dead",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    kind: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

/// The metrics of one runner; the queue's are the same for all.
#[derive(Debug)]
pub(super) struct Metrics {
    pub(super) registry: Registry,
    jobs: Family<JobLabels, Counter>,
    batches: Histogram,
    queue: Family<StateLabels, Gauge>,
    oldest_seconds: Gauge<f64, std::sync::atomic::AtomicU64>,
    messages: Family<StateLabels, Gauge>,
    database_work: Histogram,
}

impl Metrics {
    pub(super) fn new(config: &TaskRunnerConfig) -> Self {
        let mut registry = Registry::with_prefix_and_labels(
            "task_runner",
            [
                ("pod".into(), config.pod.clone().into()),
                ("zone".into(), config.zone.clone().into()),
            ]
            .into_iter(),
        );
        let jobs = Family::default();
        let batches = seconds_histogram();
        let queue = Family::default();
        let oldest_seconds = Gauge::default();
        let messages = Family::default();
        registry.register(
            "jobs",
            "Attempts by kind and what became of them",
            jobs.clone(),
        );
        registry.register(
            "batch_duration_seconds",
            "Batches that had jobs, from taking to commit",
            batches.clone(),
        );
        registry.register("queue_jobs", "Jobs in the queue by state", queue.clone());
        registry.register(
            "queue_oldest_due_seconds",
            "How long the oldest due job has waited",
            oldest_seconds.clone(),
        );
        registry.register(
            "queue_messages",
            "Messages that a queue elsewhere counts, by state; none where the table is the queue",
            messages.clone(),
        );
        let database_work = seconds_histogram();
        if config.database_work.is_some() {
            registry.register(
                "database_work_seconds",
                "From asking for a slot of the database server until its stated time was over",
                database_work.clone(),
            );
        }
        Self {
            registry,
            jobs,
            batches,
            queue,
            oldest_seconds,
            messages,
            database_work,
        }
    }

    /// Where a batch's stated work for the database is measured.
    pub(super) fn database_work(&self) -> Histogram {
        self.database_work.clone()
    }

    pub(super) fn batch(&self, outcomes: &[(String, Outcome)], took: Duration) {
        if outcomes.is_empty() {
            return;
        }
        self.batches.observe(took.as_secs_f64());
        for (kind, outcome) in outcomes {
            let labels = JobLabels {
                kind: kind.clone(),
                outcome: outcome.label(),
            };
            self.jobs.get_or_create(&labels).inc();
        }
    }

    /// What a queue elsewhere counts.
    pub(super) fn depth(&self, counts: &[(&'static str, i64)]) {
        for (state, number) in counts {
            let labels = StateLabels { state };
            self.messages.get_or_create(&labels).set(*number);
        }
    }

    pub(super) fn queue(&self, queued: i64, dead: i64, oldest_due_seconds: f64) {
        for (state, number) in [("queued", queued), ("dead", dead)] {
            self.queue.get_or_create(&StateLabels { state }).set(number);
        }
        self.oldest_seconds.set(oldest_due_seconds);
    }
}
