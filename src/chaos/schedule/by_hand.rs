//! Faults that a person releases, one key press each. What keeps a fault that is due waiting holds
//! a released one back: nobody is surprised by a fault that starts minutes after the key.

use super::{Action, Outlook, Schedule, Stage, micros};
use crate::measure::clock::Micros;
use crate::scenario::{FaultId, FaultStart};

impl Schedule {
    /// The same faults, each of which waits for [`Schedule::release`] whatever its time.
    #[must_use]
    pub fn by_hand(mut self) -> Self {
        self.by_hand = true;
        self
    }

    /// A person wants this fault now.
    ///
    /// # Errors
    /// Why it is held back; nothing has changed then.
    pub fn release(
        &mut self,
        fault: FaultId,
        now: Micros,
        outlook: &Outlook,
    ) -> Result<Action, String> {
        match self.entries[fault].stage {
            Stage::Pending if self.given_up.is_none() => {}
            Stage::Pending => return Err("the run has been given up".into()),
            Stage::Waiting { .. } | Stage::Injecting => {
                return Err("it is being injected already".into());
            }
            ref stage if stage.is_over() => {
                return Err("it is over: each fault is done once".into());
            }
            _ => return Err("it is in progress already".into()),
        }
        if let Some(why) = self.too_early(fault, now, outlook) {
            return Err(why);
        }
        if let Some(obstacle) = self.obstacle(fault, now, outlook) {
            return Err(obstacle.why);
        }
        let entry = &mut self.entries[fault];
        entry.due = Some(now);
        entry.stage = Stage::Injecting;
        Ok(Action::Inject(fault))
    }

    /// What the fault that this one follows still has to do.
    fn too_early(&self, fault: FaultId, now: Micros, outlook: &Outlook) -> Option<String> {
        let FaultStart::After {
            fault: earlier,
            recovered_for,
        } = self.entries[fault].start
        else {
            return None;
        };
        let name = &self.entries[earlier].name;
        let Stage::Closed { at } = self.entries[earlier].stage else {
            return Some(format!("it follows `{name}`, which is not over"));
        };
        let since = outlook.recovered_since.get(earlier).copied().flatten();
        let served = since.map(|since| since.max(at) + micros(recovered_for));
        served.is_none_or(|from| now < from).then(|| {
            format!(
                "it follows `{name}`, after which users have not been served for {} s yet",
                recovered_for.as_secs_f64()
            )
        })
    }
}
