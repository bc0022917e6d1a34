//! The open changes: what was asked for and not undone. What a change *does* for as long as it is
//! open (a zone out, a pod hung, a link slow) is never stored elsewhere: it is read from here, so
//! that to close the change is to end its effect.

use std::collections::{BTreeSet, VecDeque};

use crate::api::{
    Action, ChangeRequest, Instant, LinkMode, Mischief, OpenChange, Strategy, ZoneState,
};

/// Ids remembered after they were undone, so that a late request cannot break things again.
const UNDONE_KEPT: usize = 10_000;

/// The open changes, oldest first, and the ids that were undone.
#[derive(Debug, Default)]
pub(super) struct Changes {
    open: Vec<Change>,
    undone: VecDeque<String>,
}

/// One open change.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) id: String,
    pub(super) request: ChangeRequest,
    pub(super) accepted: Instant,
    pub(super) stage: Stage,
}

/// How far a change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Under way.
    Applying,
    /// Its effect is complete.
    Effective,
    /// It could not be done, for this reason.
    Failed(String),
    /// It took its effect back by itself.
    RolledBack {
        /// For this reason.
        why: String,
        /// Nothing of it is left.
        complete: bool,
    },
    /// Its effect was taken back; the stack is getting well.
    Undoing,
}

impl Changes {
    pub(super) fn open(&self) -> &[Change] {
        &self.open
    }

    pub(super) fn get(&self, id: &str) -> Option<&Change> {
        self.open.iter().find(|change| change.id == id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Change> {
        self.open.iter_mut().find(|change| change.id == id)
    }

    pub(super) fn add(&mut self, id: &str, request: ChangeRequest, accepted: Instant) {
        self.open.push(Change {
            id: id.to_owned(),
            request,
            accepted,
            stage: Stage::Applying,
        });
    }

    /// Forgets the change, but not that its id was undone.
    pub(super) fn close(&mut self, id: &str) {
        self.open.retain(|change| change.id != id);
        if !self.was_undone(id) {
            if self.undone.len() == UNDONE_KEPT {
                self.undone.pop_front();
            }
            self.undone.push_back(id.to_owned());
        }
    }

    pub(super) fn was_undone(&self, id: &str) -> bool {
        self.undone.iter().any(|undone| undone == id)
    }

    /// What a zone is: an outage goes before a drain.
    pub(super) fn zone_state(&self, zone: &str) -> ZoneState {
        let mut state = ZoneState::Up;
        for action in self.in_force() {
            match action {
                Action::OutageZone { zone: out } if out == zone => return ZoneState::Out,
                Action::DrainZone { zone: drained } if drained == zone => {
                    state = ZoneState::Drained;
                }
                _ => {}
            }
        }
        state
    }

    /// The pods that are to hang.
    pub(super) fn hung(&self) -> BTreeSet<&str> {
        self.in_force()
            .filter_map(|action| match action {
                Action::HangPods { pods } => Some(pods.iter().map(String::as_str)),
                _ => None,
            })
            .flatten()
            .collect()
    }

    /// What a link between two zones does: nothing crosses into or out of a zone that is out; of
    /// several delays the newest counts.
    pub(super) fn link_mode(&self, name: &str, from: &str, to: &str) -> LinkMode {
        if [from, to]
            .iter()
            .any(|end| self.zone_state(end) == ZoneState::Out)
        {
            return LinkMode::Silent;
        }
        self.in_force()
            .filter_map(|action| match action {
                Action::DelayLinks {
                    links,
                    delay_ms,
                    jitter_ms,
                } if links.iter().any(|link| link == name) => Some(LinkMode::Delay {
                    delay_ms: *delay_ms,
                    jitter_ms: *jitter_ms,
                }),
                _ => None,
            })
            .last()
            .unwrap_or_default()
    }

    /// The version of the shop that is to run, and how badly it is to answer; none: the first one.
    pub(super) fn deployed(&self) -> Option<(&str, Mischief)> {
        let deployed = self.in_force().filter_map(|action| match action {
            Action::Deploy { version, bad, .. } => Some((version.as_str(), *bad)),
            _ => None,
        });
        deployed.last()
    }

    fn in_force(&self) -> impl Iterator<Item = &Action> {
        self.open
            .iter()
            .filter(|change| !matches!(change.stage, Stage::Undoing | Stage::RolledBack { .. }))
            .map(|change| &change.request.action)
    }
}

impl Change {
    pub(super) fn to_api(&self) -> OpenChange {
        OpenChange {
            id: self.id.clone(),
            request: self.request.clone(),
            accepted: self.accepted,
        }
    }
}

/// How an action is undone, in words.
pub(super) fn undo_in_words(action: &Action) -> String {
    match action {
        Action::KillPods { .. } | Action::EvictPods { .. } => {
            "replacements are started without being asked for; undoing waits for them".into()
        }
        Action::HangPods { .. } => "SIGCONT: the pods go on where they stopped".into(),
        Action::FailOverDatabase { .. } => {
            "the roles stay swapped; undoing waits until a new standby is in step".into()
        }
        Action::DrainZone { zone } => {
            format!("zone {zone} takes part again, and pods and database are spread as specified")
        }
        Action::OutageZone { zone } => {
            format!("zone {zone}'s links pass again, and pods and database are spread as specified")
        }
        Action::DelayLinks { .. } => "the links pass without delay".into(),
        Action::Deploy { strategy, .. } => match strategy {
            Strategy::Rolling { .. } => {
                "the version before comes back in the same way, a few pods at a time".into()
            }
            Strategy::BlueGreen { .. } | Strategy::Canary { .. } => {
                "the version before gets all traffic once it stands in full, and the other leaves"
                    .into()
            }
        },
        Action::RestartPods { .. } => {
            "nothing to undo: undoing waits until every pod was replaced".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(changes: &mut Changes, id: &str, action: Action) {
        let request = ChangeRequest {
            run: "r".into(),
            fault: "f".into(),
            action,
        };
        changes.add(id, request, Instant::now());
    }

    fn delay(delay_ms: u64) -> Action {
        Action::DelayLinks {
            links: vec!["shop-1->database".into()],
            delay_ms,
            jitter_ms: 0,
        }
    }

    #[test]
    fn an_effect_lasts_as_long_as_its_change() {
        let mut changes = Changes::default();
        open(
            &mut changes,
            "hang",
            Action::HangPods {
                pods: vec!["shop-1".into()],
            },
        );
        assert!(changes.hung().contains("shop-1"));
        changes.get_mut("hang").unwrap().stage = Stage::Undoing;
        assert!(changes.hung().is_empty());
        changes.close("hang");
        assert!(changes.was_undone("hang") && changes.open().is_empty());
    }

    #[test]
    fn silence_goes_before_delay_and_the_newest_delay_counts() {
        let mut changes = Changes::default();
        let mode = |changes: &Changes| changes.link_mode("shop-1->database", "a", "b");
        open(&mut changes, "slow", delay(5));
        open(&mut changes, "slower", delay(50));
        assert!(matches!(
            mode(&changes),
            LinkMode::Delay { delay_ms: 50, .. }
        ));
        open(&mut changes, "out", Action::OutageZone { zone: "b".into() });
        assert_eq!(mode(&changes), LinkMode::Silent);
        assert_eq!(
            changes.link_mode("edge->shop-3", "edge", "c"),
            LinkMode::Pass
        );
        changes.close("out");
        changes.close("slower");
        assert!(matches!(
            mode(&changes),
            LinkMode::Delay { delay_ms: 5, .. }
        ));
    }

    #[test]
    fn an_outage_goes_before_a_drain() {
        let mut changes = Changes::default();
        let zone = || "b".to_owned();
        open(&mut changes, "drain", Action::DrainZone { zone: zone() });
        assert_eq!(changes.zone_state("b"), ZoneState::Drained);
        open(&mut changes, "out", Action::OutageZone { zone: zone() });
        assert_eq!(changes.zone_state("b"), ZoneState::Out);
        changes.close("out");
        assert_eq!(changes.zone_state("b"), ZoneState::Drained);
    }

    #[test]
    fn undone_ids_are_remembered_but_not_for_ever() {
        let mut changes = Changes::default();
        for id in 0..=UNDONE_KEPT {
            changes.close(&id.to_string());
        }
        assert!(!changes.was_undone("0") && changes.was_undone("1"));
        assert_eq!(changes.undone.len(), UNDONE_KEPT);
    }
}
