//! Watches: one for each kind and namespace, from a paginated list on.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::watch as channel;
use tokio::task::JoinSet;

use super::news::News;
use super::owner::Key;
use super::state::{State, Watched};
use super::trouble::Trouble;
use crate::provider::Happenings;

const PAGE: u32 = 500;

/// What one watch is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// The whole cluster.
    Cluster,
    /// This namespace.
    Namespace(String),
    /// The one resource of this name.
    Only(String),
}

impl Scope {
    fn covers(&self, (namespace, name): &Key) -> bool {
        match self {
            Self::Cluster => true,
            Self::Namespace(of) => of == namespace,
            Self::Only(one) => one == name,
        }
    }

    fn config(&self) -> watcher::Config {
        match self {
            Self::Cluster | Self::Namespace(_) => watcher::Config::default(),
            Self::Only(name) => watcher::Config::default().fields(&format!("metadata.name={name}")),
        }
    }

    /// The watch's name, for people.
    fn of(&self, what: &str) -> String {
        match self {
            Self::Cluster => what.to_owned(),
            Self::Namespace(namespace) => format!("{what} in namespace {namespace}"),
            Self::Only(name) => format!("{what} {name}"),
        }
    }
}

/// A cluster as watches have it; what happens in it is told.
pub(super) struct Cluster {
    state: Mutex<State>,
    /// Counts changes of the state.
    changed: channel::Sender<u64>,
    happenings: Arc<Happenings>,
}

/// The watches of a cluster; they end with this.
pub(super) type Watches = JoinSet<()>;

impl Cluster {
    pub(super) fn new(happenings: Arc<Happenings>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changed: channel::Sender::new(0),
            happenings,
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until what is there fits; none: the time was over first.
    pub(super) async fn until<T>(
        &self,
        limit: Duration,
        mut fits: impl FnMut(&State) -> Option<T>,
    ) -> Option<T> {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            loop {
                changed.borrow_and_update();
                let found = fits(&self.state());
                if let Some(found) = found {
                    return Some(found);
                }
                if changed.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(limit, waiting).await.ok().flatten()
    }

    /// Follows all resources of one kind in one namespace, or of the whole cluster.
    pub(super) fn follow<K>(
        self: &Arc<Self>,
        watches: &mut Watches,
        api: Api<K>,
        what: &'static str,
        scope: Scope,
    ) where
        K: Resource + Watched + News + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    {
        let (what, config) = (scope.of(what), scope.config());
        self.state().awaited.insert(what.clone());
        let stream = watch(api, config.page_size(PAGE)).default_backoff();
        let cluster = Arc::clone(self);
        watches.spawn(async move {
            let mut stream = stream.boxed();
            let mut listed = Vec::new();
            while let Some(event) = stream.next().await {
                match event {
                    Ok(event) => cluster.take(event, &mut listed, &what, &scope),
                    Err(error) => cluster.failed(&error, &what),
                }
                cluster.changed.send_modify(|count| *count += 1);
            }
        });
    }

    fn take<K>(&self, event: Event<K>, listed: &mut Vec<(Key, K)>, what: &str, scope: &Scope)
    where
        K: Resource + Watched + News + Clone,
    {
        match event {
            Event::Init => listed.clear(),
            Event::InitApply(mut one) => {
                one.trim();
                listed.push((key(&one), one));
            }
            Event::InitDone => self.replace(std::mem::take(listed), what, scope),
            Event::Apply(mut one) => {
                one.trim();
                let mut state = self.state();
                let before = K::table(&mut state).insert(key(&one), one.clone());
                drop(state);
                K::told(before.as_ref(), Some(&one), &self.happenings);
            }
            Event::Delete(one) => {
                let before = K::table(&mut self.state()).remove(&key(&one));
                K::told(before.as_ref(), None, &self.happenings);
            }
        }
    }

    /// A new list: what is not in it is gone. The first one is no news.
    fn replace<K>(&self, listed: Vec<(Key, K)>, what: &str, scope: &Scope)
    where
        K: Resource + Watched + News + Clone,
    {
        let mut state = self.state();
        let first = state.awaited.remove(what);
        state.denied.remove(what);
        // A table may belong to several watches.
        let table = K::table(&mut state);
        let mut before = std::mem::take(table);
        table.extend(before.extract_if(.., |key, _| !scope.covers(key)));
        table.extend(listed.iter().cloned());
        drop(state);
        if first {
            return;
        }
        for (key, now) in listed {
            K::told(before.remove(&key).as_ref(), Some(&now), &self.happenings);
        }
        for gone in before.values() {
            K::told(Some(gone), None, &self.happenings);
        }
    }

    fn failed(&self, error: &watcher::Error, what: &str) {
        let trouble = match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => Trouble::of(error),
            watcher::Error::WatchError(status) => Trouble::of_status(status),
            watcher::Error::NoResourceVersion => Trouble::Server("no resource version".to_owned()),
        };
        let mut state = self.state();
        match trouble {
            Trouble::Forbidden(why) => {
                state.awaited.remove(what);
                state.denied.insert(what.to_owned(), why);
            }
            trouble => state.trouble = Some((what.to_owned(), trouble)),
        }
    }
}

fn key<K: Resource>(one: &K) -> Key {
    let metadata = one.meta();
    (
        metadata.namespace.clone().unwrap_or_default(),
        metadata.name.clone().unwrap_or_default(),
    )
}
