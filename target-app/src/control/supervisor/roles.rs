//! The database's place in the supervision: the pair places and repairs itself; it is told which
//! zones it may use, and what it is asked for.

use std::sync::Arc;

use super::Supervisor;
use crate::api::EventKind;
use crate::control::change::Stage;
use crate::control::database::{Asked, DatabaseNews};
use crate::control::databases;

impl Supervisor {
    /// Takes over what the pair says of itself.
    pub(super) fn look_at_database(&mut self) {
        for (pair, handle) in self
            .state
            .databases
            .iter_mut()
            .zip(self.tools.databases.all())
        {
            pair.seen = handle.describe();
            pair.trouble = handle.trouble();
        }
    }

    pub(super) fn hear_database(&mut self, index: usize, news: DatabaseNews) {
        match news {
            DatabaseNews::Started(pair) => {
                if let Some(handle) = self.tools.databases.get_mut(index) {
                    handle.set_pair(Arc::clone(&pair));
                }
            }
            DatabaseNews::Failed(failure) => self.tools.outlook.fail(failure),
            DatabaseNews::Done(Asked::FailOver(change), done) => {
                self.state.databases[index].busy = false;
                match done {
                    Ok(()) => self.set_effective(&change),
                    Err(error) => self.set_failed(&change, error),
                }
            }
            // Whether a zone is empty is seen, not believed.
            DatabaseNews::Done(_, Ok(())) => {}
            DatabaseNews::Done(Asked::Zone(change), Err(error)) => self.set_failed(&change, error),
            DatabaseNews::Done(Asked::Repair, Err(error)) => {
                let name = databases::name(index);
                self.tools.events.add(EventKind::Problem, name, error);
            }
        }
    }

    fn set_failed(&mut self, id: &str, error: String) {
        self.tools.events.add(EventKind::Problem, id, error.clone());
        let change = self.state.changes.get_mut(id);
        if let Some(change) = change.filter(|change| change.stage == Stage::Applying) {
            change.stage = Stage::Failed(error);
        }
    }
}
