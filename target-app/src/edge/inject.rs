//! Faults that the edge makes itself: which request gets which. Pure: chance comes in as numbers.

use std::time::Duration;

use http::StatusCode;

use super::admin_api::Injection;

/// What is done to one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Decision {
    /// Wait this long before the target is asked.
    pub(super) delay: Duration,
    /// Do this instead of asking.
    pub(super) fault: Option<Fault>,
}

/// Instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// This status.
    Error(StatusCode),
    /// The shopper's connection is reset.
    Reset,
}

/// Decides for a request that would go to `target` in `zone`; `chance` yields numbers from 0 to 1.
/// Delays add up; the first fault counts.
pub(super) fn decide(
    injections: &[Injection],
    target: &str,
    zone: &str,
    mut chance: impl FnMut() -> f64,
) -> Decision {
    let mut decision = Decision::default();
    for injection in injections {
        if !concerns(&injection.targets, target) || !concerns(&injection.zones, zone) {
            continue;
        }
        decision.delay += delay(injection, &mut chance);
        if decision.fault.is_some() {
            continue;
        }
        if chance() < injection.reset_rate {
            decision.fault = Some(Fault::Reset);
        } else if chance() < injection.error_rate {
            let status = injection
                .status
                .and_then(|status| StatusCode::from_u16(status).ok())
                .unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            decision.fault = Some(Fault::Error(status));
        }
    }
    decision
}

fn concerns(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|listed| listed == name)
}

fn delay(injection: &Injection, chance: &mut impl FnMut() -> f64) -> Duration {
    let latency = Duration::from_millis(injection.latency_ms);
    if injection.jitter_ms == 0 {
        return latency;
    }
    let jitter = Duration::from_millis(injection.jitter_ms);
    (latency + jitter.mul_f64(2.0 * chance().clamp(0.0, 1.0))).saturating_sub(jitter)
}

/// What is wrong with an injection, if anything.
pub(super) fn problem(injection: &Injection) -> Option<String> {
    for (name, rate) in [
        ("error_rate", injection.error_rate),
        ("reset_rate", injection.reset_rate),
    ] {
        if !(0.0..=1.0).contains(&rate) {
            return Some(format!("{name} = {rate} is not between 0 and 1"));
        }
    }
    match injection.status {
        Some(status) if !(200..=599).contains(&status) => Some(format!(
            "status = {status} is not an HTTP status from 200 to 599"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_targets_and_zones_are_concerned() {
        let injections = [Injection {
            targets: vec!["shop-1".into()],
            zones: vec!["a".into()],
            error_rate: 1.0,
            ..Injection::default()
        }];
        let fault = |target, zone| decide(&injections, target, zone, || 0.5).fault;
        let error = Some(Fault::Error(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(fault("shop-1", "a"), error);
        assert_eq!(fault("shop-2", "a"), None);
        assert_eq!(fault("shop-1", "b"), None);
    }

    #[test]
    fn rates_are_shares() {
        let injections = [Injection {
            reset_rate: 0.3,
            ..Injection::default()
        }];
        let fault = |chance| decide(&injections, "t", "z", || chance).fault;
        assert_eq!(fault(0.29), Some(Fault::Reset));
        assert_eq!(fault(0.3), None);
    }

    #[test]
    fn jitter_stays_within_its_bounds_and_never_below_zero() {
        let with = |latency_ms, chance| {
            let injection = Injection {
                latency_ms,
                jitter_ms: 20,
                ..Injection::default()
            };
            decide(&[injection], "t", "z", || chance).delay.as_millis()
        };
        assert_eq!([with(50, 0.0), with(50, 0.5), with(50, 1.0)], [30, 50, 70]);
        assert_eq!(with(5, 0.0), 0);
    }

    #[test]
    fn impossible_rates_are_named() {
        let injection = Injection {
            error_rate: 1.5,
            ..Injection::default()
        };
        assert!(problem(&injection).unwrap().contains("error_rate = 1.5"));
        assert_eq!(problem(&Injection::default()), None);
    }
}
