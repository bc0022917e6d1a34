//! Changing roles, in the one order in which no acknowledged commit is lost:
//! fence, promote, move the endpoint, and only then build a new standby.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Error;
use super::actor::Actor;
use super::detect::{Detector, Timing};
use crate::api::{EventKind, FailoverMode, FailoverProfile, Replication};

/// For a primary to send the rest of its log before it is fenced.
const DRAIN_LIMIT: Duration = Duration::from_secs(3);
const PROBE_PAUSE: Duration = Duration::from_millis(50);

impl Actor {
    /// A failover that was asked for.
    pub(super) async fn fail_over(
        &mut self,
        mode: FailoverMode,
        profile: Option<FailoverProfile>,
    ) -> Result<(), Error> {
        self.standby_holds_everything()?;
        let timing = (self.timing)(profile.unwrap_or(self.profile));
        match mode {
            FailoverMode::Planned => {
                if self.replication == Replication::Asynchronous {
                    // Without waiting commits, only an orderly end sends the standby the rest.
                    self.primary.server.drain(DRAIN_LIMIT).await;
                }
                self.down = true;
                self.switch_over(timing).await
            }
            FailoverMode::Crash => {
                self.primary.server.kill().await?;
                self.publish();
                self.notice(timing).await;
                self.primary_lost("it was killed", timing).await
            }
        }
    }

    /// Returns when a dead primary counts as dead.
    async fn notice(&mut self, timing: Timing) {
        if timing.notices_exit {
            return self.primary.server.ended().await;
        }
        let mut detector = Detector::default();
        loop {
            let answered = self.primary.probe(&self.kit, "").await.is_ok();
            if detector.observe(&timing, Instant::now(), answered) {
                return;
            }
            sleep(PROBE_PAUSE).await;
        }
    }

    /// The primary was found dead: the standby takes over if it holds everything, else the primary
    /// is started again where it is, since nobody else has its data.
    pub(super) async fn primary_lost(&mut self, why: &str, timing: Timing) -> Result<(), Error> {
        self.down = true;
        self.report(EventKind::DatabaseDown, self.primary.name(), why);
        self.publish();
        self.cancel_rebuild().await;
        let done = match self.standby_holds_everything() {
            Ok(()) => self.switch_over(timing).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &done {
            self.problem(error);
            self.retry_at = Instant::now();
        }
        done
    }

    /// Whether the standby may take over without losing an acknowledged commit (or, asynchronous,
    /// more of them than was asked for).
    fn standby_holds_everything(&self) -> Result<(), Error> {
        let why = match &self.standby {
            None => "there is no standby",
            Some(standby) if self.closed.contains(standby.zone()) => "the standby's zone is closed",
            Some(_) if !self.redundant => "the standby has not caught up",
            Some(_) if self.replication == Replication::Synchronous && !self.synchronous => {
                "commits do not wait for the standby"
            }
            Some(_) => return Ok(()),
        };
        Err(Error::NoStandby { why: why.into() })
    }

    /// Fences the primary, promotes the standby and moves the endpoint.
    async fn switch_over(&mut self, timing: Timing) -> Result<(), Error> {
        let started = Instant::now();
        self.primary.server.kill().await?;
        let fenced = format!("every process is gone after {}", ms(started));
        self.report(EventKind::DatabaseFenced, self.primary.name(), &fenced);
        self.publish();
        sleep(timing.promotion_delay).await;
        let Some(standby) = self.standby.take() else {
            let why = "the standby is gone".into();
            return Err(Error::NoStandby { why });
        };
        (self.synchronous, self.redundant) = (false, false);
        self.unreleased = false;
        if let Err(error) = standby.admin.promote().await {
            // It may yet become a primary: it must be gone before the old one is started again.
            standby.server.destroy().await?;
            return Err(error);
        }
        let promoted = format!("it accepts writes {} after the fencing began", ms(started));
        self.report(EventKind::DatabasePromoted, standby.name(), &promoted);
        let old = std::mem::replace(&mut self.primary, standby);
        self.primary.link = None;
        (self.down, self.detector) = (false, Detector::default());
        self.preferred = Some(old.zone().to_owned());
        self.retry_at = Instant::now();
        self.discard(old);
        sleep(timing.name_lag).await;
        self.move_endpoint();
        Ok(())
    }

    /// Starts a dead primary again on its own data.
    pub(super) async fn start_in_place(&mut self) {
        if self.closed.contains(self.primary.zone()) {
            // Its data is in a zone that is out: it has to wait for that to return.
            let (name, zone) = (self.primary.name(), self.primary.zone());
            self.trouble = Some(format!("primary {name} waits for zone {zone} to return"));
            return;
        }
        match self.primary.server.restart(&self.kit).await {
            Ok(admin) => {
                self.primary.admin = admin;
                (self.down, self.detector) = (false, Detector::default());
                self.move_endpoint();
                // Its standby, if any, followed the old address.
                self.degrade("its primary was started again").await;
                self.retry_at = Instant::now();
            }
            Err(error) => self.problem(&error),
        }
    }
}

fn ms(since: Instant) -> String {
    format!("{} ms", since.elapsed().as_millis())
}
