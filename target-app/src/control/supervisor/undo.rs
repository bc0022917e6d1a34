//! Undoing changes, and waiting until the stack is well.

use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::oneshot;
use tokio::time;

use super::Supervisor;
use crate::api::{Action, EventKind, Instant};
use crate::control::change::Stage;
use crate::control::journal::Record;
use crate::control::problems::{self, Scope};
use crate::control::server::Refusal;

/// Longer than a failover with the durations of RDS takes; shorter than a client waits.
const LIMIT: Duration = Duration::from_secs(240);

type Answer = oneshot::Sender<Result<(), Refusal>>;

/// Somebody who waits.
#[derive(Debug)]
pub(super) struct Waiter {
    /// For these changes to be undone.
    changes: Vec<String>,
    /// And for the whole stack to be as specified.
    whole: bool,
    until: time::Instant,
    answer: Answer,
}

impl Supervisor {
    /// Takes back a change's effect; the answer follows when the stack is well again.
    pub(super) fn undo(&mut self, id: &str, answer: Answer) {
        if self.state.changes.get(id).is_none() {
            // Remembered all the same: the request to make it may still be on its way.
            self.state.changes.close(id);
        }
        self.take_back(id);
        self.wait_for(vec![id.to_owned()], false, answer);
    }

    /// Takes back every open change and starts what was stopped by whoever it was.
    pub(super) fn recover(&mut self, answer: Answer) {
        let open = self.state.changes.open().iter();
        let ids: Vec<_> = open.rev().map(|change| change.id.clone()).collect();
        for id in &ids {
            self.take_back(id);
        }
        for handle in self.pods.values() {
            handle.resume();
        }
        for database in self.tools.databases.all() {
            database.repair();
        }
        self.wait_for(ids, true, answer);
    }

    fn wait_for(&mut self, changes: Vec<String>, whole: bool, answer: Answer) {
        self.waiters.push(Waiter {
            changes,
            whole,
            until: time::Instant::now() + LIMIT,
            answer,
        });
    }

    fn take_back(&mut self, id: &str) {
        let Some(change) = self.state.changes.get_mut(id) else {
            return;
        };
        change.stage = Stage::Undoing;
        let action = change.request.action.clone();
        match action {
            Action::Deploy { strategy, .. } => self.turn_back(id, &strategy),
            Action::HangPods { pods } => {
                let hung = self.state.changes.hung();
                for pod in pods.iter().filter(|pod| !hung.contains(pod.as_str())) {
                    if let Some(handle) = self.pods.get(pod) {
                        handle.resume();
                    }
                }
            }
            Action::OutageZone { zone } | Action::DrainZone { zone } => {
                for database in self.tools.databases.all() {
                    database.regain_zone(zone.clone());
                }
            }
            Action::KillPods { .. }
            | Action::EvictPods { .. }
            | Action::FailOverDatabase { .. }
            | Action::RestartPods { .. }
            | Action::DelayLinks { .. } => {}
        }
    }

    /// Closes changes that are undone, and answers who waited for that.
    pub(super) fn notice_undone(&mut self) {
        if self.waiters.is_empty() && !self.has_undoing() {
            return;
        }
        let problems = problems::find(&self.state);
        let has = |scope| problems.iter().any(|problem| problem.scope == scope);
        let (pods, database) = (has(Scope::Pods), has(Scope::Database));
        let is_over = |action: &Action| match action {
            Action::KillPods { .. }
            | Action::EvictPods { .. }
            | Action::HangPods { .. }
            | Action::Deploy { .. }
            | Action::RestartPods { .. } => !pods,
            Action::FailOverDatabase { .. } => !database,
            Action::DrainZone { .. } | Action::OutageZone { .. } => !pods && !database,
            Action::DelayLinks { .. } => true,
        };
        let open = self.state.changes.open().iter();
        let over = open.filter(|c| c.stage == Stage::Undoing && is_over(&c.request.action));
        let ids: Vec<_> = over.map(|change| change.id.clone()).collect();
        for id in ids {
            self.close(&id);
        }
        let well = !pods && !database;
        let now = time::Instant::now();
        for waiter in std::mem::take(&mut self.waiters) {
            let open = |id: &String| self.state.changes.get(id).is_some();
            let done = !waiter.changes.iter().any(open) && (well || !waiter.whole);
            if done {
                let _ = waiter.answer.send(Ok(()));
            } else if waiter.until <= now {
                let _ = waiter.answer.send(Err(too_late(&problems)));
            } else if !waiter.answer.is_closed() {
                self.waiters.push(waiter);
            }
        }
    }

    fn has_undoing(&self) -> bool {
        let mut open = self.state.changes.open().iter();
        open.any(|change| change.stage == Stage::Undoing)
    }

    fn close(&mut self, id: &str) {
        self.state.changes.close(id);
        let at = Instant::now();
        if let Err(error) = self.tools.journal.write(&Record::Undone { id, at }) {
            tracing::error!(id, %error, "cannot put on record that a change is undone");
        }
        self.tools
            .events
            .add_at(at, EventKind::ChangeUndone, id, "undone");
    }
}

fn too_late(problems: &[problems::Problem]) -> Refusal {
    let words: Vec<_> = problems
        .iter()
        .map(|problem| problem.text.as_str())
        .collect();
    let text = format!("not well again after {LIMIT:?}: {}", words.join("; "));
    Refusal::new(StatusCode::GATEWAY_TIMEOUT, text)
}
