//! From a scenario's canary to a scenario of its own: a second load, made by the same engine beside
//! the first, so that none of the journeys' figures has to leave it out.

use std::collections::BTreeSet;
use std::time::Duration;

use super::model::{
    Canary, CanaryWriter, Journey, Load, OnFailure, RateSegment, Scenario, Shape, Spread, Step,
    StepId, Think,
};

/// Its own sequence of everything random: no key of a canary is one of a journey.
const SEED: u64 = 0x6361_6e61_7279_2121;

impl Scenario {
    /// What the canaries do as a scenario: one journey of one step and one even, open load for each
    /// writer, as long as the load. None without canaries.
    #[must_use]
    pub fn of_canaries(&self) -> Option<Self> {
        let canary = self.canary.as_ref()?;
        let length = self.load_length();
        Some(Self {
            name: self.name.clone(),
            description: String::new(),
            seed: self.seed ^ SEED,
            source: self.source.clone(),
            target: self.target.clone(),
            http: self.http.clone(),
            data: if self.canaries_draw_on_data(canary) {
                self.data.clone()
            } else {
                Vec::new()
            },
            loads: (0..canary.writers.len())
                .map(|writer| load(canary, writer, length))
                .collect(),
            journeys: canary.writers.iter().enumerate().map(journey).collect(),
            steps: canary
                .writers
                .iter()
                .map(|writer| writer.step.clone())
                .collect(),
            slots: self.slots,
            kubernetes: self.kubernetes.clone(),
            faults: Vec::new(),
            aws: self.aws.clone(),
            prometheus: None,
            metrics: Vec::new(),
            scrape: Vec::new(),
            runbook: Vec::new(),
            canary: None,
            guard: self.guard.clone(),
            slo: self.slo.clone(),
            gates: Vec::new(),
        })
    }

    /// The step behind an entry of the write ledger: the canaries' are numbered after the journeys'.
    ///
    /// # Panics
    /// If there is no such step.
    #[must_use]
    pub fn ledger_step(&self, id: StepId) -> &Step {
        match id.checked_sub(self.steps.len()) {
            None => &self.steps[id],
            Some(writer) => {
                let canary = self.canary.as_ref().expect("a canary wrote it");
                &canary.writers[writer].step
            }
        }
    }

    /// Whether an entry of the write ledger is a canary's.
    #[must_use]
    pub fn is_canary(&self, id: StepId) -> bool {
        id >= self.steps.len()
    }

    /// A copy of rows that nobody looks into would be wasted.
    fn canaries_draw_on_data(&self, canary: &Canary) -> bool {
        let mut sets = BTreeSet::new();
        let own = canary.writers.iter().flat_map(|w| w.step.templates());
        let defaults = self.http.headers.iter().map(|(_, value)| value);
        own.chain(defaults)
            .for_each(|template| template.data_sets(&mut sets));
        !sets.is_empty()
    }
}

/// Writers take turns: the writes of all together are as evenly spaced as those of each.
fn load(canary: &Canary, writer: usize, length: Duration) -> Load {
    let step = &canary.writers[writer].step;
    let turn = writer as f64 / canary.writers.len() as f64;
    let waits = Duration::from_secs_f64(turn / canary.rate).min(length);
    let at = |rate, over| RateSegment {
        from: rate,
        to: rate,
        over,
    };
    Load {
        name: step.name.clone(),
        journeys: vec![(writer, 1)],
        shape: Shape::Arrivals {
            segments: vec![at(0.0, waits), at(canary.rate, length - waits)],
            spread: Spread::Even,
            max_users: most_at_once(canary.rate, step.timeout),
        },
    }
}

/// So many that no write ever waits for those before it: each may hang while it connects, and
/// again while it waits for its answer.
fn most_at_once(rate: f64, timeout: Duration) -> usize {
    (rate * (2.0 * timeout.as_secs_f64() + 0.5)).ceil() as usize + 1
}

fn journey((index, writer): (usize, &CanaryWriter)) -> Journey {
    Journey {
        name: writer.step.name.clone(),
        steps: index..index + 1,
        think: Think::None,
        pacing: None,
        on_failure: OnFailure::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{self, Overrides, surroundings::Nowhere};

    const LOAD: &str = r#"
target = { stack = "local", zones = ["a", "b"] }
load = { arrivals = [{ rate = "40/s", for = "10s" }, { rate = "80/s", for = "50s" }] }
journey = { name = "buy", steps = [{ post = "/", json = { a = "${x = uuid()}" } }, { get = "/" }] }
"#;
    const FAULT: &str = r#"fault = { kind = "db-failover", at = "9s" }"#;

    fn read(more: &str, overrides: &Overrides) -> Scenario {
        let text = format!("{LOAD}{more}");
        let reading = scenario::parse(&text, "a.toml".as_ref(), overrides, &Nowhere);
        reading
            .unwrap_or_else(|mistakes| panic!("{mistakes}"))
            .scenario
    }

    #[test]
    fn faults_on_the_bundled_shop_bring_a_canary_per_zone() {
        let scenario = read(FAULT, &Overrides::default());
        let canaries = scenario.of_canaries().expect("canaries");
        let names: Vec<_> = canaries.journeys.iter().map(|j| j.name.as_str()).collect();
        assert_eq!(names, ["canary a", "canary b"]);
        let Shape::Arrivals {
            segments,
            spread,
            max_users,
        } = &canaries.loads[1].shape
        else {
            panic!("an open load")
        };
        let over: Vec<_> = segments.iter().map(|s| s.over.as_millis()).collect();
        assert_eq!(over, [25, 59_975], "b takes turns with a");
        assert!((segments[1].from - 20.0).abs() < 1e-9 && *spread == Spread::Even);
        assert!(*max_users >= 40, "writes that hang hold {max_users} back");
        assert_eq!(canaries.loads[1].journeys, [(1, 1)]);
        assert_eq!(canaries.journeys[1].steps, 1..2);
        assert_eq!(canaries.steps[1].timeout, Duration::from_secs(1));
        assert_eq!(canaries.steps[1].headers[0].1.as_literal(), Some("b"));
        assert_ne!(canaries.seed, scenario.seed);
        assert!(canaries.faults.is_empty() && canaries.canary.is_none());
    }

    #[test]
    fn the_ledger_finds_their_rules_behind_the_journeys_steps() {
        let scenario = read(FAULT, &Overrides::default());
        assert_eq!(scenario.ledger_step(1).name, "GET /");
        assert_eq!(scenario.ledger_step(3).name, "canary b");
        assert!(scenario.ledger_step(3).ledger.is_some());
        assert!(scenario.is_canary(2) && !scenario.is_canary(1));
    }

    #[test]
    fn they_follow_the_loads_length_and_not_its_size() {
        let overrides = Overrides {
            scale: Some(3.0),
            duration: Some("30s".into()),
            ..Overrides::default()
        };
        let scenario = read(FAULT, &overrides);
        let canaries = scenario.of_canaries().expect("canaries");
        assert_eq!(canaries.load_length(), Duration::from_secs(30));
        let canary = scenario.canary.expect("canaries");
        assert!((canary.rate - 20.0).abs() < 1e-9);
    }

    #[test]
    fn without_faults_there_are_only_those_that_were_asked_for() {
        let none =
            |more: &str, overrides: &Overrides| read(more, overrides).of_canaries().is_none();
        let no_faults = Overrides {
            no_faults: true,
            ..Overrides::default()
        };
        let asked = format!("{FAULT}\ncanary = {{ rate = \"5/s\" }}");
        assert!(none("", &Overrides::default()));
        assert!(none(FAULT, &no_faults));
        assert!(!none(&asked, &no_faults));
        for off in ["canary = false", "canary = { enabled = false }"] {
            assert!(
                none(&format!("{FAULT}\n{off}"), &Overrides::default()),
                "{off}"
            );
        }
    }
}
