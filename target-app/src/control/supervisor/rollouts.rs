//! Releases on their way: begun by changes, moved on by time and by what serves, taken back by
//! request or by what their traffic looks like.

use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::Instant;

use super::{Message, Supervisor};
use crate::api::{self, Action, EventKind, Strategy};
use crate::control::change::Stage;
use crate::control::journal::Record;
use crate::control::rollout::{Judge, Rolling, Rollout, Way};
use crate::control::server::Refusal;
use crate::control::spec;
use crate::control::state::App;
use crate::edge::admin_api::Stats;

/// How often the edge is asked for its numbers while a rule watches them.
const JUDGE_EVERY: Duration = Duration::from_millis(100);

impl Supervisor {
    /// Whether a rollout of this kind can begin now.
    pub(super) fn check_rollout(&self, app: &str) -> Result<App, Refusal> {
        let Some(app) = App::named(app) else {
            return refuse(StatusCode::NOT_FOUND, format!("there is no app '{app}'"));
        };
        if self.state.rollouts.contains_key(&app) {
            let text = format!(
                "a rollout of {} is under way: wait until it has ended",
                app.as_str()
            );
            return refuse(StatusCode::CONFLICT, text);
        }
        Ok(app)
    }

    pub(super) fn check_deploy(
        &self,
        app: &str,
        version: &str,
        strategy: &Strategy,
        bad: api::Mischief,
    ) -> Result<(), Refusal> {
        let invalid = |text: String| refuse(StatusCode::UNPROCESSABLE_ENTITY, text);
        let app = self.check_rollout(app)?;
        if app != App::Shop {
            return invalid("only the shop has versions to deploy".into());
        }
        if let Some(objection) = spec::bad_version(version).or_else(|| spec::bad_answers(&bad)) {
            return invalid(objection);
        }
        if let Some(objection) = strategy.objection() {
            return invalid(objection.into());
        }
        if self.state.release(app).version == version {
            let text = format!("version {version} runs already: deploy another one");
            return refuse(StatusCode::CONFLICT, text);
        }
        Ok(())
    }

    /// Brings a change's release on its way.
    pub(super) fn begin_rollout(&mut self, id: &str, action: &Action) {
        match action {
            Action::Deploy {
                strategy,
                rollback_when,
                ..
            } => {
                let way = Way::forward(strategy);
                if let Some(rollout) = self.state.roll_out(App::Shop, id, way) {
                    rollout.judge = rollback_when.clone().map(Judge::new);
                }
            }
            Action::RestartPods { app } => {
                let Some(app) = App::named(app) else { return };
                *self.state.restarts.entry(app).or_default() += 1;
                let rolling = Rolling::default_of(self.state.replicas(app));
                self.state.roll_out(app, id, Way::Rolling(rolling));
            }
            _ => {}
        }
    }

    /// Brings back what was there before a deploy that is no longer in force.
    pub(super) fn turn_back(&mut self, id: &str, strategy: &Strategy) {
        let under_way = self.state.rollouts.get(&App::Shop);
        let share = under_way.and_then(Rollout::old_share).unwrap_or(0);
        let way = Way::back(strategy, share);
        self.state.roll_out(App::Shop, id, way);
    }

    /// Moves every rollout on, and ends those that are through.
    pub(super) fn advance_rollouts(&mut self) {
        let now = Instant::now();
        let apps: Vec<App> = self.state.rollouts.keys().copied().collect();
        for app in apps {
            self.shift(app, now);
            if self.state.is_settled(app)
                && let Some(rollout) = self.state.rollouts.remove(&app)
            {
                let detail = format!("every pod of {} is of {}", app.as_str(), rollout.to);
                let change = rollout.change;
                self.tools
                    .events
                    .add(EventKind::RolloutDone, change, detail);
            }
        }
        self.ask_for_traffic(now);
    }

    fn shift(&mut self, app: App, now: Instant) {
        let Some(rollout) = self.state.rollouts.get(&app) else {
            return;
        };
        let fits = |pod: &&crate::control::state::Pod| {
            pod.app == app && pod.release == rollout.to && self.state.serves(pod)
        };
        let serving = self.state.pods.iter().filter(fits).count();
        let replicas = self.state.replicas(app);
        let Some(rollout) = self.state.rollouts.get_mut(&app) else {
            return;
        };
        let Way::Shift(shift) = &mut rollout.way else {
            return;
        };
        if let Some(share) = shift.advance(serving, replicas, now) {
            let detail = format!("{} gets {share} % of the traffic", rollout.to);
            let change = rollout.change.clone();
            self.tools
                .events
                .add(EventKind::TrafficShifted, change, detail);
        }
    }

    /// Asks the edge for its numbers, beside the loop, while somebody judges by them.
    fn ask_for_traffic(&mut self, now: Instant) {
        let judged = self.state.rollouts.values().any(|r| r.judge.is_some());
        let due = (self.traffic_asked).is_none_or(|asked| asked + JUDGE_EVERY <= now);
        if !judged || !due {
            return;
        }
        self.traffic_asked = Some(now);
        let (edge, news) = (self.tools.edge.view(), self.tools.pods.news.clone());
        tokio::spawn(async move {
            if let Some(stats) = edge.stats().await {
                // Nobody listens once the supervisor has ended.
                let _ = news.send(Message::Traffic(stats));
            }
        });
    }

    /// Shows the edge's numbers to whoever judges by them.
    pub(super) fn hear_traffic(&mut self, stats: &Stats) {
        let now = Instant::now();
        let mut condemned = Vec::new();
        for rollout in self.state.rollouts.values_mut() {
            let Some(judge) = &mut rollout.judge else {
                continue;
            };
            judge.see(now, stats, &rollout.to.version);
            if let Some(why) = judge.verdict(now) {
                condemned.push((rollout.change.clone(), why));
            }
        }
        for (change, why) in condemned {
            self.roll_back(&change, why);
        }
    }

    /// Takes a deploy back because its rule held.
    fn roll_back(&mut self, id: &str, why: String) {
        let Some(change) = self.state.changes.get_mut(id) else {
            return;
        };
        let Action::Deploy { strategy, .. } = &change.request.action else {
            return;
        };
        let strategy = strategy.clone();
        change.stage = Stage::RolledBack {
            why: why.clone(),
            complete: false,
        };
        let at = api::Instant::now();
        let record = Record::RolledBack { id, at, why: &why };
        if let Err(error) = self.tools.journal.write(&record) {
            tracing::error!(id, %error, "cannot put on record that a change is rolled back");
        }
        self.tools
            .events
            .add_at(at, EventKind::RolloutRolledBack, id, why);
        self.turn_back(id, &strategy);
    }
}

fn refuse<T>(status: StatusCode, text: String) -> Result<T, Refusal> {
    Err(Refusal::new(status, text))
}
