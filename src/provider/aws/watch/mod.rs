//! Work beside the calls: following what AWS does after it said yes, and what it notices by itself.

pub(super) mod alarms;
pub(super) mod backlog;
pub(super) mod database;
pub(super) mod stopped;
pub(super) mod targets;

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use super::account::Account;

/// Ends with the provider.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    tasks: Mutex<JoinSet<()>>,
    standing: AtomicBool,
}

impl Watchers {
    /// Does this beside everything else.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(work);
    }

    /// Begins to watch what is watched all the time, once: whoever only plans needs none of it.
    pub(super) fn stand(&self, account: &Arc<Account>) {
        if self.standing.swap(true, Ordering::Relaxed) {
            return;
        }
        if !account.spec.alarms.is_empty() {
            self.spawn(alarms::watch(Arc::clone(account)));
        }
        if account.spec.load_balancer.is_some() {
            self.spawn(targets::watch(Arc::clone(account)));
        }
        if account.spec.queue.is_some() {
            self.spawn(backlog::watch(Arc::clone(account)));
        }
    }
}

/// What a watcher cannot see it tells once, until it sees again.
#[derive(Debug, Default)]
struct Blind(bool);

impl Blind {
    fn told<T>(
        &mut self,
        account: &Account,
        what: &str,
        seen: Result<T, crate::provider::ProviderError>,
    ) -> Option<T> {
        match seen {
            Ok(seen) => {
                self.0 = false;
                Some(seen)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.0, true) {
                    account.happenings.tell("not-seen", what, error.to_string());
                }
                None
            }
        }
    }
}
