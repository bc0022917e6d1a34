//! A lane for each zone, pod and database server: what it was when. From a look at the start and
//! what the provider has told since. Pure.

use crate::measure::clock::Micros;
use crate::provider::{Role, Snapshot};

/// How well something does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    /// It does its part.
    Good,
    /// It is there, and does not.
    Weak,
    /// It is not there.
    Bad,
}

/// From this instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) since: Micros,
    pub(super) health: Health,
    /// `primary`, `drained`
    pub(super) word: String,
}

/// What a lane is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Zone,
    Database,
    Host,
    Pod,
}

/// One thing over time; there is always a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) subject: Subject,
    pub(super) name: String,
    states: Vec<State>,
}

impl Lane {
    fn new(subject: Subject, name: &str, state: State) -> Self {
        Self {
            subject,
            name: name.to_owned(),
            states: vec![state],
        }
    }

    /// What it is now.
    pub(super) fn now(&self) -> &State {
        &self.states[self.states.len() - 1]
    }

    /// The worst it was in this stretch; none: it was not there yet.
    pub(super) fn worst(&self, from: Micros, to: Micros) -> Option<Health> {
        let ends = self.states.iter().skip(1).map(|next| next.since);
        let spans = self.states.iter().zip(ends.chain([Micros::MAX]));
        spans
            .filter(|(state, end)| state.since < to && *end > from)
            .map(|(state, _)| state.health)
            .max()
    }

    fn becomes(&mut self, state: State) {
        if self.now().word != state.word {
            self.states.push(state);
        }
    }
}

/// All lanes, zones first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lanes(pub(super) Vec<Lane>);

impl Lanes {
    /// What is there at the start.
    pub(super) fn of(snapshots: &[Snapshot]) -> Self {
        let mut lanes = Self::default();
        let state = |health, word: &str| State {
            since: 0,
            health,
            word: word.to_owned(),
        };
        for now in snapshots {
            for zone in &now.zones {
                let state = match zone.up {
                    true => state(Health::Good, "up"),
                    false => state(Health::Bad, "out"),
                };
                lanes.0.push(Lane::new(Subject::Zone, &zone.name, state));
            }
            for node in now.databases().flat_map(|database| &database.nodes) {
                let state = match node.role {
                    Role::Primary => state(Health::Good, "primary"),
                    Role::Standby => state(Health::Good, "standby"),
                    Role::Other => state(Health::Bad, "down"),
                };
                lanes
                    .0
                    .push(Lane::new(Subject::Database, &node.name, state));
            }
            for host in &now.hosts {
                let state = match (host.ready, host.schedulable) {
                    (true, true) => state(Health::Good, "ready"),
                    (true, false) => state(Health::Weak, "cordoned"),
                    (false, _) => state(Health::Bad, "not ready"),
                };
                lanes.0.push(Lane::new(Subject::Host, &host.name, state));
            }
            for pod in &now.pods {
                let state = match pod.ready {
                    true => state(Health::Good, "ready"),
                    false => state(Health::Weak, "not ready"),
                };
                lanes.0.push(Lane::new(Subject::Pod, &pod.name, state));
            }
        }
        lanes.0.sort_by_key(|lane| lane.subject);
        lanes
    }

    /// Takes in what a provider told.
    pub(super) fn told(&mut self, at: Micros, kind: &str, subject: &str, detail: &str) {
        let Some((about, health, word)) = meaning(kind, detail) else {
            return;
        };
        let state = State {
            since: at,
            health,
            word: word.to_owned(),
        };
        let same = |lane: &&mut Lane| lane.subject == about && lane.name == subject;
        match self.0.iter_mut().find(same) {
            // That nobody is sent to the dead is no news.
            Some(lane) if kind == "edge-target-down" && lane.now().health == Health::Bad => {}
            Some(lane) => lane.becomes(state),
            None => {
                let after = self.0.iter().rposition(|lane| lane.subject <= about);
                let place = after.map_or(0, |last| last + 1);
                self.0.insert(place, Lane::new(about, subject, state));
            }
        }
    }
}

/// What an event says about whom.
fn meaning(kind: &str, detail: &str) -> Option<(Subject, Health, &'static str)> {
    use Health::{Bad, Good, Weak};
    use Subject::{Database, Host, Pod, Zone};
    Some(match kind {
        "zone-changed" if detail.contains("takes part") => (Zone, Good, "up"),
        "zone-changed" if detail.contains("drained") => (Zone, Weak, "drained"),
        "zone-changed" => (Zone, Bad, "out"),
        "pod-started" | "pod-created" | "pod-scheduled" => (Pod, Weak, "starting"),
        "pod-ready" | "edge-target-up" => (Pod, Good, "ready"),
        "pod-unready" | "container-restarted" => (Pod, Weak, "not ready"),
        "pod-unschedulable" => (Pod, Bad, "no place"),
        "pod-terminating" | "pod-evicted" => (Pod, Weak, "ending"),
        "edge-target-down" => (Pod, Weak, "no traffic"),
        "pod-exited" | "pod-deleted" => (Pod, Bad, "gone"),
        "node-ready" | "node-uncordoned" | "target-healthy" => (Host, Good, "ready"),
        "node-cordoned" => (Host, Weak, "cordoned"),
        "target-unhealthy" => (Host, Weak, "no traffic"),
        "node-not-ready" => (Host, Bad, "not ready"),
        "instance-lost" => (Host, Bad, "gone"),
        "database-down" | "database-degraded" | "replica-lost" => (Database, Bad, "down"),
        "database-fenced" => (Database, Bad, "fenced"),
        "database-promoted" => (Database, Good, "primary"),
        "database-rebuild-started" | "replica-copying" => (Database, Weak, "rebuilding"),
        "database-standby-caught-up" => (Database, Good, "standby"),
        "replica-ready" => (Database, Good, "replica"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::testing::{run, seen};
    use crate::provider::HostView;
    use crate::provider::local::double::Double;

    #[test]
    fn a_lane_shows_the_worst_of_each_stretch() {
        let mut lanes = Lanes::of(&[run(seen(&Double::new()))]);
        let names: Vec<&str> = lanes.0.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(names[..3], ["a", "b", "c"]);
        lanes.told(20, "pod-exited", "shop-2", "killed");
        lanes.told(21, "edge-target-down", "shop-2", "refused");
        lanes.told(25, "pod-started", "shop-9", "zone b");
        lanes.told(30, "pod-ready", "shop-9", "zone b");
        lanes.told(31, "stack-healthy", "stack", "");
        let lane = |name: &str| lanes.0.iter().find(|lane| lane.name == name).expect(name);
        assert_eq!(lane("shop-2").worst(0, 20), Some(Health::Good));
        assert_eq!(lane("shop-2").worst(10, 25), Some(Health::Bad));
        assert_eq!(lane("shop-9").worst(0, 25), None, "it was not there yet");
        assert_eq!(lane("shop-9").now().word, "ready");
        lanes.told(40, "zone-changed", "b", "zone b is being drained");
        assert_eq!(lanes.0[1].now().word, "drained");
        lanes.told(50, "database-promoted", "db-2", "accepts writes");
        let primary = lanes.0.iter().find(|lane| lane.name == "db-2");
        assert_eq!(
            primary.map(|lane| lane.now().word.as_str()),
            Some("primary")
        );
    }

    #[test]
    fn machines_have_lanes_between_databases_and_pods() {
        let machine = HostView {
            name: "node-a".to_owned(),
            ready: true,
            schedulable: true,
            ..HostView::default()
        };
        let mut lanes = Lanes::of(&[Snapshot {
            hosts: vec![machine],
            ..run(seen(&Double::new()))
        }]);
        lanes.told(10, "node-cordoned", "node-a", "");
        lanes.told(20, "pod-terminating", "shop-1", "");
        lanes.told(30, "node-uncordoned", "node-a", "");
        let place = lanes.0.iter().position(|lane| lane.name == "node-a");
        let place = place.expect("a lane");
        assert_eq!(lanes.0[place].worst(10, 20), Some(Health::Weak));
        assert_eq!(lanes.0[place].now().word, "ready");
        assert_eq!(lanes.0[place - 1].subject, Subject::Database);
        assert_eq!(lanes.0[place + 1].subject, Subject::Pod);
    }
}
