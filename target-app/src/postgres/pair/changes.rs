//! The changes that can be asked of a pair.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Error;
use super::actor::Actor;
use crate::api::{FailoverMode, FailoverProfile};

type Reply = oneshot::Sender<Result<(), Error>>;

/// A change, and whom to tell when it has taken effect.
pub(super) enum Command {
    FailOver {
        mode: FailoverMode,
        profile: Option<FailoverProfile>,
        reply: Reply,
    },
    LeaveZone {
        zone: String,
        reply: Reply,
    },
    LoseZone {
        zone: String,
        reply: Reply,
    },
    ZoneReturned {
        zone: String,
        reply: Reply,
    },
    Repair {
        reply: Reply,
    },
}

impl Actor {
    /// Makes one change. Those that need a standby wait until a rebuild is over.
    pub(super) async fn execute(&mut self, command: Command) {
        let waits = matches!(
            command,
            Command::FailOver { .. } | Command::LeaveZone { .. }
        );
        let standby_is_coming =
            self.is_rebuilding() || (self.needs_standby() && self.retry_at <= Instant::now());
        if waits && standby_is_coming {
            self.deferred.push_back(command);
            return;
        }
        let (done, reply) = match command {
            Command::FailOver {
                mode,
                profile,
                reply,
            } => (self.fail_over(mode, profile).await, reply),
            Command::LeaveZone { zone, reply } => (self.leave_zone(&zone).await, reply),
            Command::LoseZone { zone, reply } => (self.lose_zone(&zone).await, reply),
            Command::ZoneReturned { zone, reply } => (self.open_zone(&zone), reply),
            Command::Repair { reply } => (self.repair(), reply),
        };
        self.publish();
        // Whoever asked may have gone; the change is made all the same.
        let _ = reply.send(done);
    }

    async fn leave_zone(&mut self, zone: &str) -> Result<(), Error> {
        self.kit.zone(zone)?;
        let newly = self.closed.insert(zone.to_owned());
        if self.primary.zone() == zone {
            let moved = self.fail_over(FailoverMode::Planned, None).await;
            if moved.is_err() && newly {
                self.closed.remove(zone);
            }
            moved?;
        }
        let left_behind = self.standby.as_ref().is_some_and(|s| s.zone() == zone);
        if left_behind && self.place_for_standby().is_none() {
            self.degrade("its zone is drained and no other is left")
                .await;
        }
        Ok(())
    }

    async fn lose_zone(&mut self, zone: &str) -> Result<(), Error> {
        self.kit.zone(zone)?;
        self.closed.insert(zone.to_owned());
        if self.rebuilding_in(zone) {
            self.cancel_rebuild().await;
        }
        if self.primary.zone() == zone {
            self.primary.server.kill().await?;
        }
        match &self.standby {
            Some(standby) if standby.zone() == zone => standby.server.kill().await,
            _ => Ok(()),
        }
    }

    fn open_zone(&mut self, zone: &str) -> Result<(), Error> {
        self.kit.zone(zone)?;
        self.closed.remove(zone);
        self.retry_at = Instant::now();
        Ok(())
    }

    fn repair(&mut self) -> Result<(), Error> {
        self.retry_at = Instant::now();
        if self.redundant || self.down || self.place_for_standby().is_some() {
            return Ok(());
        }
        Err(Error::NoStandby {
            why: "no zone is left for a standby".into(),
        })
    }
}
