//! Who served in each second of a run: zones, pods, and nobody. Pure.

use std::collections::BTreeMap;

use super::interval::Responder;

/// Successes and failures per second from the run's start.
pub type Seconds = Vec<(u64, u64)>;

/// What each zone and pod served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Served {
    /// By zone.
    pub zones: BTreeMap<String, Seconds>,
    /// By pod, and its zone if the answers say so.
    pub pods: BTreeMap<(String, Option<String>), Seconds>,
    /// Failures without an answer that tells whose it is: refused, reset, timed out, or answered by
    /// something in between.
    pub nobody: Seconds,
}

impl Served {
    /// Adds one second.
    pub fn add(&mut self, second: u64, responders: &[Responder]) {
        for responder in responders {
            let zone = responder.zone.as_deref().map(str::to_owned);
            if let Some(zone) = &zone {
                count(
                    self.zones.entry(zone.clone()).or_default(),
                    second,
                    responder,
                );
            }
            if let Some(pod) = &responder.pod {
                let pod = (pod.as_ref().to_owned(), zone);
                count(self.pods.entry(pod).or_default(), second, responder);
            } else if responder.zone.is_none() && responder.failed > 0 {
                count(&mut self.nobody, second, responder);
            }
        }
    }
}

fn count(seconds: &mut Seconds, second: u64, responder: &Responder) {
    let second = usize::try_from(second).unwrap_or(usize::MAX);
    if seconds.len() <= second {
        seconds.resize(second + 1, (0, 0));
    }
    seconds[second].0 += responder.ok;
    seconds[second].1 += responder.failed;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_counts_for_itself_and_its_zone() {
        let responder = |zone: Option<&str>, pod: Option<&str>, ok, failed| Responder {
            zone: zone.map(Into::into),
            pod: pod.map(Into::into),
            ok,
            failed,
        };
        let mut served = Served::default();
        let second = [
            responder(Some("a"), Some("shop-1"), 5, 0),
            responder(Some("a"), Some("shop-2"), 3, 1),
            responder(None, None, 9, 2),
        ];
        served.add(1, &second);
        assert_eq!(served.zones["a"], [(0, 0), (8, 1)]);
        let pod = ("shop-2".to_owned(), Some("a".to_owned()));
        assert_eq!(served.pods[&pod], [(0, 0), (3, 1)]);
        assert_eq!(served.nobody, [(0, 0), (9, 2)]);
    }
}
