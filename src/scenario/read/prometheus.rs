//! `[prometheus]`: what a Prometheus server is asked about the run.

use super::read_http_url;
use crate::scenario::model::{PrometheusSpec, SeriesQuery};
use crate::scenario::syntax::{Log, Node, TableReader, value};

/// More charts than this nobody looks at.
const MOST_SERIES: usize = 24;

/// Reads `[prometheus]`; none, where the scenario names no server.
pub(crate) fn read_prometheus(log: &Log, node: Option<&Node>) -> Option<PrometheusSpec> {
    let mut table = TableReader::new(log, node?, "prometheus")?;
    let url = table.required("url", "\"http://127.0.0.1:9090\"", read_url);
    let token_env = table.optional("token_env", value::name);
    let names = table.node("alerts").map(Node::elements);
    let alerts = names.unwrap_or_default().iter();
    let alerts = alerts.filter_map(|node| value::name(log, node)).collect();
    let series = table.node("series").map(|node| read_all_series(log, node));
    table.finish_with(&[
        (
            "token",
            "say token_env = \"PROMETHEUS_TOKEN\": the token itself stays in the environment",
        ),
        (
            "password",
            "say token_env = \"…\": the token itself stays in the environment",
        ),
        ("alert", "say alerts = [\"…\"]"),
        ("queries", "say series = [{ name = \"…\", query = \"…\" }]"),
    ]);
    Some(PrometheusSpec {
        url: url?,
        token_env,
        alerts,
        series: series.unwrap_or_default(),
    })
}

fn read_url(log: &Log, node: &Node) -> Option<String> {
    read_http_url(log, node, "a Prometheus server is asked")
}

fn read_all_series(log: &Log, node: &Node) -> Vec<SeriesQuery> {
    let all = node.elements();
    if all.len() > MOST_SERIES {
        let message = format!(
            "{} series are more than the {MOST_SERIES} that are drawn",
            all.len()
        );
        log.error(node.at, message);
        return Vec::new();
    }
    let read = |node| read_series(log, node);
    all.iter().filter_map(read).collect()
}

fn read_series(log: &Log, node: &Node) -> Option<SeriesQuery> {
    let mut table = TableReader::new(log, node, "series")?;
    let name = table.required("name", "\"pool connections waited for\"", value::name);
    let query = table.required("query", "'sum(rate(http_requests_total[1m]))'", value::name);
    let unit = table.optional("unit", value::name).unwrap_or_default();
    table.finish_with(&[("expr", "say query = '…'")]);
    Some(SeriesQuery {
        name: name?,
        query: query?,
        unit,
    })
}
