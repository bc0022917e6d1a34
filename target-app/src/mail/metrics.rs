//! The books as metrics.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::books::MailBooks;

/// The sink's metrics.
#[derive(Debug)]
pub(super) struct Metrics {
    pub(super) registry: Registry,
    accepted: Counter,
    delivered: Counter,
    suppressed: Counter,
    orders: Gauge,
    twice: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("mail_sink"),
            accepted: Counter::default(),
            delivered: Counter::default(),
            suppressed: Counter::default(),
            orders: Gauge::default(),
            twice: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "accepted_messages",
            "Messages that a sender was told were taken",
            metrics.accepted.clone(),
        );
        registry.register(
            "delivered_messages",
            "Distinct messages",
            metrics.delivered.clone(),
        );
        registry.register(
            "suppressed_messages",
            "Repeats of a delivered message, delivered to nobody",
            metrics.suppressed.clone(),
        );
        registry.register(
            "orders",
            "Orders that have at least one delivered message",
            metrics.orders.clone(),
        );
        registry.register(
            "orders_mailed_twice",
            "Orders whose customer got two or more messages",
            metrics.twice.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// Brings them to what the books say.
    pub(super) fn set(&self, books: MailBooks) {
        for (counter, sum) in [
            (&self.accepted, books.accepted),
            (&self.delivered, books.delivered),
            (&self.suppressed, books.suppressed),
        ] {
            counter.inc_by(sum.saturating_sub(counter.get()));
        }
        for (gauge, count) in [
            (&self.orders, books.orders),
            (&self.twice, books.orders_mailed_twice),
        ] {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}
