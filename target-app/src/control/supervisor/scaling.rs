//! More and fewer pods by what they have to do, and pods that are asked to leave.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::Instant;

use super::{Message, Supervisor};
use crate::api::{self, Action, EventKind, PodState};
use crate::control::autoscale::{Autoscaler, Usage};
use crate::control::budget;
use crate::control::change::Stage;
use crate::control::server::Refusal;
use crate::control::state::{App, Pod};

/// From one look at what pods have to do to the next. Kubernetes looks every 15 s.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For a pod's page of metrics.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The autoscaler and what it saw last.
#[derive(Debug, Default)]
pub(super) struct Scaling {
    autoscaler: Autoscaler,
    asked: Option<Instant>,
    before: Option<Seen>,
}

/// What was counted up to an instant.
#[derive(Debug, Clone)]
pub(in crate::control) struct Seen {
    at: Instant,
    /// Time that all requests together have taken, by pod, in microseconds.
    busy_us: BTreeMap<String, u64>,
    /// CPU time, by pod, in seconds.
    cpu: BTreeMap<String, f64>,
}

impl Seen {
    /// What pods had to do since `before`. A pod that came since is counted from its start.
    fn since(&self, before: &Self) -> Option<Usage> {
        let elapsed = self.at.duration_since(before.at).as_secs_f64();
        if elapsed <= 0.0 {
            return None;
        }
        let busy: u64 = (self.busy_us.iter())
            .map(|(pod, us)| us.saturating_sub(before.busy_us.get(pod).copied().unwrap_or(0)))
            .sum();
        let cpu: f64 = (self.cpu.iter())
            .map(|(pod, used)| (used - before.cpu.get(pod).copied().unwrap_or(0.0)).max(0.0))
            .sum();
        Some(Usage {
            in_flight: busy as f64 / 1e6 / elapsed,
            cpu: (!self.cpu.is_empty()).then_some(cpu / elapsed),
        })
    }
}

impl Supervisor {
    /// Looks at what pods have to do, beside the loop, when it is time.
    pub(super) fn look_at_usage(&mut self) {
        let Some(spec) = self.state.spec.autoscale else {
            return;
        };
        let now = Instant::now();
        let due = (self.scaling.asked).is_none_or(|asked| asked + LOOK_EVERY <= now);
        if !due || self.state.databases[0].seen.is_none() {
            return;
        }
        self.scaling.asked = Some(now);
        let shop = self.state.pods.iter().filter(|pod| pod.app == App::Shop);
        let wants_cpu = spec.target_cpu_percent.is_some();
        let pods: Vec<(String, SocketAddr)> = shop
            .filter(|pod| wants_cpu && pod.state == PodState::Ready)
            .filter_map(|pod| Some((pod.name.clone(), pod.address?)))
            .collect();
        let (edge, settings) = (self.tools.edge.view(), self.tools.pods.clone());
        tokio::spawn(async move {
            let Some(stats) = edge.stats().await else {
                return;
            };
            let mut cpu = BTreeMap::new();
            for (name, address) in pods {
                if let Some(used) =
                    cpu_seconds(&settings.http, settings.spec.scheme(), address).await
                {
                    cpu.insert(name, used);
                }
            }
            let busy = |(name, target): (String, crate::edge::admin_api::TargetStats)| {
                let ended = target.counts.requests - target.counts.in_flight;
                (name, target.counts.mean_us * ended)
            };
            let seen = Seen {
                at: Instant::now(),
                busy_us: stats.targets.into_iter().map(busy).collect(),
                cpu,
            };
            // Nobody listens once the supervisor has ended.
            let _ = settings.news.send(Message::Usage(seen));
        });
    }

    /// Decides by what was seen.
    pub(super) fn hear_usage(&mut self, seen: Seen) {
        let usage = (self.scaling.before.as_ref()).and_then(|before| seen.since(before));
        let at = seen.at;
        self.scaling.before = Some(seen);
        let (Some(spec), Some(usage)) = (self.state.spec.autoscale, usage) else {
            return;
        };
        let current = self.state.replicas(App::Shop);
        let next = self.scaling.autoscaler.decide(&spec, current, usage, at);
        if next == current {
            return;
        }
        self.state.scaled = Some(next);
        let cpu = usage
            .cpu
            .map_or(String::new(), |cores| format!(", {cores:.2} cores busy"));
        let detail = format!(
            "{current} → {next} pods: {:.1} requests in flight{cpu}",
            usage.in_flight
        );
        let app = App::Shop.as_str();
        self.tools.events.add(EventKind::Scaled, app, detail);
    }

    /// Whether one of these pods at least may leave now.
    pub(super) fn check_eviction(&self, pods: &[String]) -> Result<(), Refusal> {
        let Some(why) = budget::objection(&self.state, pods) else {
            return Ok(());
        };
        let subject = pods.join(", ");
        self.tools
            .events
            .add(EventKind::EvictionRefused, subject, why.clone());
        let text = format!("{why}: ask again");
        Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, text))
    }

    /// Lets pods go that were asked to leave, as far as their budget allows now.
    pub(super) fn evict(&mut self) {
        let asked = self.state.changes.open().iter().filter_map(|change| {
            match (&change.stage, &change.request.action) {
                (Stage::Applying, Action::EvictPods { pods, .. }) => Some(pods),
                _ => None,
            }
        });
        let asked: Vec<String> = asked.flatten().cloned().collect();
        for app in App::ALL {
            let pods = self.state.pods.iter();
            let of_app = pods.filter(|pod| pod.app == app && pod.is_staying());
            let hit = of_app.filter(|pod| asked.contains(&pod.name)).collect();
            let leaving: Vec<String> = budget::may_leave(&self.state, app, hit)
                .into_iter()
                .map(|pod| pod.name.clone())
                .collect();
            for name in leaving {
                self.drain(&name);
            }
        }
    }

    /// Whether evictions are over: all have left, or time is up and the others stay.
    pub(super) fn is_evicted(
        &self,
        pods: &[String],
        accepted: api::Instant,
        limit_ms: u64,
    ) -> bool {
        let is = |name: &String, wanted: fn(&Pod) -> bool| self.state.pod(name).is_some_and(wanted);
        let late = api::Instant::now().monotonic_us >= accepted.monotonic_us + limit_ms * 1_000;
        let leaving = pods
            .iter()
            .any(|name| is(name, |pod| pod.state == PodState::Draining));
        let staying = pods.iter().any(|name| is(name, Pod::is_staying));
        !leaving && (!staying || late)
    }
}

/// From a pod's own page of metrics, as a metrics server has it from the kubelet.
async fn cpu_seconds(http: &reqwest::Client, scheme: &str, pod: SocketAddr) -> Option<f64> {
    let url = format!("{scheme}://{pod}/metrics");
    let page = http
        .get(url)
        .timeout(TIMEOUT)
        .send()
        .await
        .ok()?
        .text()
        .await
        .ok()?;
    let line = page
        .lines()
        .find(|line| line.starts_with("shop_process_cpu_seconds_total"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_what_came_since_the_last_look() {
        let start = Instant::now();
        let seen = |seconds, pods: &[(&str, u64, f64)]| Seen {
            at: start + Duration::from_secs(seconds),
            busy_us: pods
                .iter()
                .map(|(pod, us, _)| ((*pod).to_owned(), *us))
                .collect(),
            cpu: pods
                .iter()
                .map(|(pod, _, cpu)| ((*pod).to_owned(), *cpu))
                .collect(),
        };
        let before = seen(0, &[("shop-1", 4_000_000, 7.0), ("gone", 9_000_000, 9.0)]);
        let after = seen(2, &[("shop-1", 10_000_000, 8.0), ("new", 2_000_000, 0.5)]);
        let usage = after.since(&before).unwrap();
        assert!((usage.in_flight - 4.0).abs() < 1e-9, "{usage:?}");
        assert!((usage.cpu.unwrap() - 0.75).abs() < 1e-9, "{usage:?}");
        assert_eq!(after.since(&after), None);
    }
}
