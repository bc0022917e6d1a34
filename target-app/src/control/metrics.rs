//! The stack in numbers, as the control plane sees it.

use std::collections::BTreeMap;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::api::{PodState, StackStatus, ZoneState};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PodLabels {
    app: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AppLabels {
    app: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ZoneLabels {
    zone: String,
}

/// A page's worth of gauges: how the stack is at this moment.
pub(super) fn registry(status: &StackStatus) -> Registry {
    let mut registry = Registry::with_prefix("stack");
    let mut flag = |name, help, holds: bool| number(&mut registry, name, help, i64::from(holds));
    flag(
        "healthy",
        "1 when everything the specification asks for is there and no change is open",
        status.healthy,
    );
    flag(
        "database_synchronous",
        "1 while commits wait for the standby, of every shard",
        status.databases().all(|pair| pair.synchronous),
    );
    flag(
        "database_redundant",
        "1 while a standby has everything that was acknowledged, of every shard",
        status.databases().all(|pair| pair.redundant),
    );
    let changes = i64::try_from(status.open_changes.len()).unwrap_or(i64::MAX);
    let help = "Changes that were made and not undone";
    number(&mut registry, "open_changes", help, changes);

    let pods = Family::<PodLabels, Gauge>::default();
    for ((app, state), count) in count_pods(status) {
        let app = app.to_owned();
        pods.get_or_create(&PodLabels { app, state }).set(count);
    }
    registry.register("pods", "Pods, by what they are and how", pods);
    let desired = Family::<AppLabels, Gauge>::default();
    for workload in &status.workloads {
        let app = workload.app.clone();
        let labels = AppLabels { app };
        desired
            .get_or_create(&labels)
            .set(i64::from(workload.desired));
    }
    let help = "Pods that there are to be: as specified, or as the autoscaler wants";
    registry.register("pods_desired", help, desired);
    let zones = Family::<ZoneLabels, Gauge>::default();
    for zone in &status.zones {
        let labels = ZoneLabels {
            zone: zone.name.clone(),
        };
        let up = i64::from(zone.state == ZoneState::Up);
        zones.get_or_create(&labels).set(up);
    }
    registry.register("zone_up", "1 while the zone takes part", zones);
    registry
}

fn number(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

/// Also the states that no pod of an app is in, so that no line ends when the last one leaves.
fn count_pods(status: &StackStatus) -> BTreeMap<(&str, &'static str), i64> {
    const STATES: [(PodState, &str); 5] = [
        (PodState::Starting, "starting"),
        (PodState::Ready, "ready"),
        (PodState::Unready, "unready"),
        (PodState::Draining, "draining"),
        (PodState::Gone, "gone"),
    ];
    let mut counts = BTreeMap::new();
    for pod in &status.pods {
        for (state, word) in STATES {
            let count: &mut i64 = counts.entry((pod.app.as_str(), word)).or_default();
            *count += i64::from(pod.state == state);
        }
    }
    counts
}
