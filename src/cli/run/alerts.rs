//! Alerts of a Prometheus server, told as they begin and end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::chaos::record::{ChaosEvent, ChaosEventKind};
use crate::measure::clock::RunClock;
use crate::observe::Prometheus;

/// Rules are evaluated every few seconds at the most often.
const PERIOD: Duration = Duration::from_secs(1);

/// Tells until it is aborted. What fires from the start is told as well.
pub(super) async fn watch(
    prometheus: Arc<Prometheus>,
    clock: RunClock,
    tell: UnboundedSender<ChaosEvent>,
) {
    let mut known = BTreeSet::new();
    let mut blind = false;
    loop {
        let at_us = clock.now();
        let say = |what| {
            let fault = None;
            let _ = tell.send(ChaosEvent { at_us, fault, what });
        };
        match prometheus.firing().await {
            Ok(firing) => {
                blind = false;
                let now: BTreeSet<String> = firing.iter().map(|one| one.name.clone()).collect();
                for alert in firing.iter().filter(|one| !known.contains(&one.name)) {
                    say(event("alert-fired", &alert.name, &alert.words));
                }
                for name in known.difference(&now) {
                    say(event("alert-cleared", name, ""));
                }
                known = now;
            }
            Err(error) if !blind => {
                blind = true;
                let reason = format!("{error}; its alerts are not seen until it answers");
                say(ChaosEventKind::Problem { reason });
            }
            Err(_) => {}
        }
        tokio::time::sleep(PERIOD).await;
    }
}

fn event(kind: &str, subject: &str, detail: &str) -> ChaosEventKind {
    ChaosEventKind::Provider {
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    }
}
