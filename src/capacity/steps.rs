//! The scenario at one rate, and the limits that decide whether it is held.

use std::time::Duration;

use crate::scenario::{
    Check, CompareOp, Fault, FaultId, FaultStart, Gate, GateSubject, Load, Metric, PhaseSelector,
    RateSegment, Scenario, Scope, Shape, UserSegment,
};

/// Users that a scaled load may have at most, unless the scenario itself asks for more.
const MOST_USERS: f64 = 10_000.0;
/// Part of the rate at which the ramp begins.
const RAMP_FROM: f64 = 0.1;
/// Longer than any step: a fault that is held ends with the load.
const FOR_GOOD: Duration = Duration::from_secs(86_400);

/// What a step consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shapes {
    /// The load rises.
    pub warm_up: Duration,
    /// From the fault's acceptance until what is measured begins; zero without a fault.
    pub settle: Duration,
    /// What is measured.
    pub measured: Duration,
    /// Held during the step.
    pub during: Option<FaultId>,
}

/// Why a scenario has no capacity to be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// All its loads are closed.
    #[error(
        "the scenario has no `arrivals`: how much a target carries is told by a rate of arrivals, \
         which does not wait for it as `users` do"
    )]
    NoArrivals,
    /// There is no such fault.
    #[error("the scenario has no fault `{name}`; it has {}", list(known))]
    NoSuchFault {
        /// As asked for.
        name: String,
        /// Those it has.
        known: Vec<String>,
    },
    /// It heals by itself.
    #[error(
        "`{name}` ({kind}) is over by itself: only a fault with a length (`for`) can be held during a step"
    )]
    NotHeld {
        /// The fault.
        name: String,
        /// Its kind.
        kind: &'static str,
    },
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => format!("`{}`", names.join("`, `")),
    }
}

/// The fault of that name, if it can be held.
///
/// # Errors
/// [`Unfit`].
pub fn held_fault(scenario: &Scenario, name: &str) -> Result<FaultId, Unfit> {
    let known = || scenario.faults.iter().map(|fault| fault.name.clone());
    let found = scenario.faults.iter().position(|fault| fault.name == name);
    let fault = found.ok_or_else(|| Unfit::NoSuchFault {
        name: name.to_owned(),
        known: known().collect(),
    })?;
    match scenario.faults[fault].hold {
        Some(_) => Ok(fault),
        None => Err(Unfit::NotHeld {
            name: name.to_owned(),
            kind: scenario.faults[fault].kind.name(),
        }),
    }
}

/// The scenario's highest rate of all its arrivals together, per second.
///
/// # Errors
/// [`Unfit::NoArrivals`].
pub fn highest_rate(scenario: &Scenario) -> Result<f64, Unfit> {
    let highest: f64 = scenario.loads.iter().filter_map(rate_of).sum();
    if highest > 0.0 {
        Ok(highest)
    } else {
        Err(Unfit::NoArrivals)
    }
}

fn rate_of(load: &Load) -> Option<f64> {
    match &load.shape {
        Shape::Arrivals { segments, .. } => Some(highest(segments)),
        Shape::Users { .. } => None,
    }
}

fn highest(segments: &[RateSegment]) -> f64 {
    let rates = segments.iter().map(|part| part.from.max(part.to));
    rates.fold(0.0, f64::max)
}

/// The scenario at a rate of all its arrivals together: a ramp, then a hold. Loads keep their
/// shares; closed loads have their highest number of users. Of the faults only the one that is held
/// remains; gates, canaries and the runbook do not, because the limits are judged apart.
///
/// # Errors
/// [`Unfit::NoArrivals`].
pub fn at_rate(scenario: &Scenario, rate: f64, shapes: &Shapes) -> Result<Scenario, Unfit> {
    let factor = rate / highest_rate(scenario)?;
    let mut step = scenario.clone();
    for load in &mut step.loads {
        load.shape = scaled(&load.shape, factor, shapes);
    }
    step.faults = shapes
        .during
        .map(|fault| Fault {
            start: FaultStart::At(shapes.warm_up),
            hold: Some(FOR_GOOD),
            ..scenario.faults[fault].clone()
        })
        .into_iter()
        .collect();
    step.gates = Vec::new();
    step.canary = None;
    step.runbook = Vec::new();
    Ok(step)
}

fn scaled(shape: &Shape, factor: f64, shapes: &Shapes) -> Shape {
    let over = shapes.settle + shapes.measured;
    match shape {
        Shape::Arrivals {
            segments,
            spread,
            max_users,
        } => {
            let rate = highest(segments) * factor;
            let users = *max_users as f64;
            Shape::Arrivals {
                segments: vec![
                    RateSegment {
                        from: rate * RAMP_FROM,
                        to: rate,
                        over: shapes.warm_up,
                    },
                    RateSegment {
                        from: rate,
                        to: rate,
                        over,
                    },
                ],
                spread: *spread,
                max_users: (users * factor).clamp(users, users.max(MOST_USERS)).round() as usize,
            }
        }
        Shape::Users { segments, at_once } => {
            let most = segments.iter().map(|part| part.from.max(part.to)).max();
            let most = most.unwrap_or(0);
            Shape::Users {
                segments: vec![
                    UserSegment {
                        from: 0,
                        to: most,
                        over: shapes.warm_up,
                    },
                    UserSegment {
                        from: most,
                        to: most,
                        over,
                    },
                ],
                at_once: *at_once,
            }
        }
    }
}

/// What has to hold at a rate: the SLO, and the scenario's gates on response times and errors that
/// look at the steady phase or at the whole run. All look at the measured part of the step.
#[must_use]
pub fn limits(scenario: &Scenario) -> Vec<Gate> {
    let slo = &scenario.slo;
    let run = |id: &str, text: String, metric, op, limit| Gate {
        id: format!("run/steady/{id}"),
        subject: GateSubject::Measured {
            scope: Scope::Run,
            during: PhaseSelector::Steady,
            check: Check { metric, op, limit },
        },
        text,
        line: 0,
    };
    let availability = run(
        "slo-availability",
        format!("availability >= {}% (SLO)", slo.availability * 100.0),
        Metric::Availability,
        CompareOp::AtLeast,
        slo.availability,
    );
    let p99 = slo.p99.map(|limit| {
        run(
            "slo-p99",
            format!("p99 <= {limit:?} (SLO)"),
            Metric::Response(0.99),
            CompareOp::AtMost,
            limit.as_micros() as f64,
        )
    });
    let gates = scenario.gates.iter().filter_map(steady);
    std::iter::once(availability)
        .chain(p99)
        .chain(gates)
        .collect()
}

/// A gate as one on the measured part; none where its figure depends on the rate itself.
fn steady(gate: &Gate) -> Option<Gate> {
    let GateSubject::Measured {
        scope,
        during: PhaseSelector::Steady | PhaseSelector::Whole,
        check,
    } = &gate.subject
    else {
        return None;
    };
    match check.metric {
        Metric::Rate | Metric::Count | Metric::OfferedRateMet => return None,
        Metric::Response(_)
        | Metric::Service(_)
        | Metric::Mean
        | Metric::Errors
        | Metric::Availability => {}
    }
    Some(Gate {
        subject: GateSubject::Measured {
            scope: scope.clone(),
            during: PhaseSelector::Steady,
            check: check.clone(),
        },
        ..gate.clone()
    })
}

/// Whether any of the limits is about time: without one, capacity is where errors begin.
#[must_use]
pub fn limit_time(limits: &[Gate]) -> bool {
    limits.iter().any(|gate| match &gate.subject {
        GateSubject::Measured { check, .. } => matches!(
            check.metric,
            Metric::Response(_) | Metric::Service(_) | Metric::Mean
        ),
        GateSubject::Metric(_) | GateSubject::Recovery { .. } => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{self, Overrides, surroundings::Nowhere};

    const SHOP: &str = r#"
target = { stack = "local" }
slo = { availability = "99%", p99 = "400ms" }
[[load]]
journey = "buy"
arrivals = [{ from = "1/s", to = "30/s", over = "10s" }, { rate = "30/s", for = "60s" }]
max_users = 100
[[load]]
journey = "look"
arrivals = { rate = "10/s", for = "70s" }
[[load]]
journey = "look"
users = [{ from = 0, to = 5, over = "10s" }, { count = 5, for = "60s" }]
[[journey]]
name = "buy"
steps = [{ name = "order", post = "/api/orders" }]
[[journey]]
name = "look"
steps = [{ get = "/" }]
[[fault]]
name = "zone b gone"
kind = "zone-outage"
zone = "b"
at = "20s"
for = "20s"
[[fault]]
name = "lose a pod"
kind = "pod-kill"
at = "50s"
pods = { app = "shop", pick = 1 }
[[gate]]
on = "journey:buy"
during = "steady"
expect = ["p95 < 200ms", "rate > 5/s"]
[[gate]]
during = "faults"
expect = "errors < 5%"
[[gate]]
expect = ["errors < 2%", "offered_rate_met >= 99%"]
"#;

    fn shop() -> Scenario {
        let read = scenario::parse(SHOP, "shop.toml".as_ref(), &Overrides::default(), &Nowhere);
        read.unwrap_or_else(|mistakes| panic!("{mistakes}"))
            .scenario
    }

    fn shapes(during: Option<FaultId>) -> Shapes {
        Shapes {
            warm_up: Duration::from_secs(5),
            settle: Duration::from_secs(3),
            measured: Duration::from_secs(20),
            during,
        }
    }

    #[test]
    fn loads_keep_their_shares_and_get_a_warm_up() {
        let step = at_rate(&shop(), 80.0, &shapes(None)).expect("it has arrivals");
        let Shape::Arrivals {
            segments,
            max_users,
            ..
        } = &step.loads[0].shape
        else {
            panic!("arrivals");
        };
        assert_eq!(
            (segments[0].to, segments[1].from, segments[1].to),
            (60.0, 60.0, 60.0)
        );
        assert_eq!(segments[0].over, Duration::from_secs(5));
        assert_eq!(*max_users, 200);
        let Shape::Users { segments, .. } = &step.loads[2].shape else {
            panic!("users");
        };
        assert_eq!((segments[1].from, segments[1].to), (5, 5));
        assert_eq!(step.load_length(), Duration::from_secs(28));
        assert!(step.faults.is_empty() && step.gates.is_empty() && step.canary.is_none());
        // A lower rate does not have fewer users: few users are a limit of their own.
        let slow = at_rate(&shop(), 4.0, &shapes(None)).expect("it has arrivals");
        let Shape::Arrivals { max_users, .. } = slow.loads[0].shape else {
            panic!("arrivals");
        };
        assert_eq!(max_users, 100);
    }

    #[test]
    fn the_fault_of_that_name_is_held_until_the_load_ends() {
        let shop = shop();
        let fault = held_fault(&shop, "zone b gone").expect("it has a length");
        let step = at_rate(&shop, 40.0, &shapes(Some(fault))).expect("it has arrivals");
        assert_eq!(step.faults.len(), 1);
        assert_eq!(step.faults[0].start, FaultStart::At(Duration::from_secs(5)));
        assert!(step.faults[0].hold > Some(step.load_length()));
        let wrong = |name| held_fault(&shop, name).map_err(|error| error.to_string());
        assert!(
            wrong("lose a pod")
                .unwrap_err()
                .contains("is over by itself")
        );
        let unknown = wrong("zone c gone").unwrap_err();
        assert!(unknown.contains("`zone b gone`, `lose a pod`"), "{unknown}");
    }

    #[test]
    fn limits_are_the_slo_and_the_gates_that_a_rate_does_not_decide() {
        let limits = limits(&shop());
        let texts: Vec<&str> = limits.iter().map(|gate| gate.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "availability >= 99% (SLO)",
                "p99 <= 400ms (SLO)",
                "p95 < 200ms",
                "errors < 2%"
            ]
        );
        assert!(limit_time(&limits));
    }

    #[test]
    fn without_arrivals_there_is_nothing_to_search() {
        let text = "target = \"http://h\"\nload = { users = { count = 1, for = \"1s\" } }\n\
                    journey = { name = \"j\", steps = { get = \"/\" } }";
        let read = scenario::parse(text, "u.toml".as_ref(), &Overrides::default(), &Nowhere);
        let users = read.expect("sound").scenario;
        assert_eq!(highest_rate(&users), Err(Unfit::NoArrivals));
    }
}
