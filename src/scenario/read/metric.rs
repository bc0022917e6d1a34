//! `[[metric]]` and `[scrape]`: what is read off the target's own metrics pages.

use super::names::Unique;
use super::read_http_url;
use crate::observe::pages::series;
use crate::scenario::model::{Across, MetricSource, MetricSpec, Selector};
use crate::scenario::syntax::{Log, Node, TableReader, value};

/// More charts than this nobody looks at.
const MOST_METRICS: usize = 24;
const DRAWN_QUANTILE: f64 = 0.95;

const ACROSS: [(&str, Across); 4] = [
    ("sum", Across::Sum),
    ("max", Across::Max),
    ("min", Across::Min),
    ("mean", Across::Mean),
];

/// Reads all metrics.
pub(crate) fn read_metrics(log: &Log, node: Option<&Node>) -> Vec<MetricSpec> {
    let all = node.map_or(&[][..], Node::elements);
    if all.len() > MOST_METRICS {
        let message = format!(
            "{} metrics are more than the {MOST_METRICS} that are drawn",
            all.len()
        );
        log.error(all[MOST_METRICS].at, message);
    }
    let mut names = Unique::default();
    let mut read = |node: &Node| {
        let metric = read_metric(log, node)?;
        names.claim(log, &metric.name, "metric", node.at);
        Some(metric)
    };
    all.iter().filter_map(&mut read).collect()
}

fn read_metric(log: &Log, node: &Node) -> Option<MetricSpec> {
    let mut table = TableReader::new(log, node, "metric")?;
    let name = table.required("name", "\"oldest job\"", value::name);
    let app = table.optional("app", value::name);
    let found = table.one_of(&["gauge", "counter", "histogram", "share"]);
    let source = match found {
        Some(("gauge", node)) => {
            let across = table.optional("across", |log, node| value::choice(log, node, &ACROSS));
            let of = read_selector(log, node);
            of.map(|of| MetricSource::Gauge {
                of,
                across: across.unwrap_or(Across::Max),
            })
        }
        Some(("counter", node)) => read_selector(log, node).map(|of| MetricSource::Counter { of }),
        Some(("histogram", node)) => {
            let quantile = table.optional("quantile", read_quantile);
            let of = read_selector(log, node);
            of.map(|of| MetricSource::Histogram {
                of,
                quantile: quantile.unwrap_or(DRAWN_QUANTILE),
            })
        }
        Some((_, node)) => read_share(log, node),
        None => {
            let help = "add gauge = \"…\", counter = \"…\", histogram = \"…\" or share = { part = \"…\", whole = \"…\" }";
            log.missing(table.at(), "this metric does not say what is read", help);
            None
        }
    };
    table.finish_with(&[
        (
            "query",
            "queries are for [prometheus]; say gauge = 'NAME{label=\"value\"}'",
        ),
        (
            "labels",
            "labels stand with the name: 'NAME{label=\"value\"}'",
        ),
        ("unit", "the name tells it: _seconds, _ratio"),
    ]);
    Some(MetricSpec {
        name: name?,
        source: source?,
        app,
    })
}

fn read_share(log: &Log, node: &Node) -> Option<MetricSource> {
    let mut table = TableReader::new(log, node, "share")?;
    let part = table.required(
        "part",
        "'cache_answers_total{result=\"hit\"}'",
        read_selector,
    );
    let whole = table.required("whole", "\"cache_answers_total\"", read_selector);
    table.finish();
    Some(MetricSource::Share {
        part: part?,
        whole: whole?,
    })
}

/// `p99` as 0.99.
fn read_quantile(log: &Log, node: &Node) -> Option<f64> {
    let found = value::text(log, node)?;
    match super::condition::parse_quantile(found.text) {
        Ok(Some((quantile, _))) if quantile < 1.0 => return Some(quantile),
        Ok(_) => log.error(
            found.at,
            format!("`{}` is no quantile: write p95", found.text),
        ),
        Err(message) => log.error(found.at, message),
    }
    None
}

/// `shop_orders_total{outcome="placed"}`
fn read_selector(log: &Log, node: &Node) -> Option<Selector> {
    let found = value::text(log, node)?;
    match series(found.text.trim()) {
        Some((name, labels, "")) => Some(Selector {
            name: name.to_owned(),
            labels: labels
                .into_iter()
                .map(|(label, value)| (label.to_owned(), value.into_owned()))
                .collect(),
        }),
        _ => {
            let message = format!("`{}` names no samples", found.text);
            let help = "write NAME or 'NAME{label=\"value\"}', as it stands on the page; what has \
                        to be computed is a query for [prometheus]";
            log.error_help(found.at, message, help);
            None
        }
    }
}

/// Reads `[scrape]`: pages besides those of the bundled stack.
pub(crate) fn read_scrape(log: &Log, node: Option<&Node>) -> Vec<String> {
    let Some(mut table) = node.and_then(|node| TableReader::new(log, node, "scrape")) else {
        return Vec::new();
    };
    let pages = table.required("pages", "[\"http://127.0.0.1:9100/metrics\"]", |_, node| {
        Some(node)
    });
    table.finish_with(&[
        ("url", "say pages = [\"http://…/metrics\"]"),
        ("every", "pages are read once a second"),
    ]);
    let read = |node| read_http_url(log, node, "a page is read");
    pages
        .map_or(&[][..], Node::elements)
        .iter()
        .filter_map(read)
        .collect()
}
