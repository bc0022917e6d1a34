//! Where answers are kept: bounded in bytes, and emptied by the beginning of a path.

use std::sync::Arc;

use http::HeaderName;
use moka::future::Cache;

use super::question::Question;
use super::stored::Stored;

/// What is under a key.
#[derive(Debug, Clone)]
enum Slot {
    /// Answers to this address differ by these headers: each is under a key of its own.
    Varies(Arc<[HeaderName]>),
    /// An answer.
    Answer(Arc<Stored>),
}

/// The answers. When there is no room, those that are asked for least go first.
#[derive(Debug)]
pub(super) struct Store {
    slots: Cache<String, Slot>,
}

impl Store {
    /// A store for this many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let weigh = |key: &String, slot: &Slot| {
            let weight = match slot {
                Slot::Varies(_) => key.len(),
                Slot::Answer(stored) => stored.weight(),
            };
            u32::try_from(weight).unwrap_or(u32::MAX)
        };
        Self {
            slots: Cache::builder().max_capacity(bytes).weigher(weigh).build(),
        }
    }

    /// The answer that is kept for a question, whatever its age, and the key that a new one would
    /// have as far as is known.
    pub(super) async fn get(&self, question: &Question) -> (String, Option<Arc<Stored>>) {
        let key = question.key(&[]);
        match self.slots.get(&key).await {
            None => (key, None),
            Some(Slot::Answer(stored)) => (key, Some(stored)),
            Some(Slot::Varies(names)) => {
                let key = question.key(&names);
                let stored = match self.slots.get(&key).await {
                    Some(Slot::Answer(stored)) => Some(stored),
                    _ => None,
                };
                (key, stored)
            }
        }
    }

    /// Keeps an answer, instead of the one before it.
    pub(super) async fn put(&self, address: &str, stored: Arc<Stored>) {
        if !stored.varying.is_empty() {
            let names = Arc::from(stored.varying.as_slice());
            self.slots
                .insert(address.to_owned(), Slot::Varies(names))
                .await;
        }
        self.slots
            .insert(stored.key.clone(), Slot::Answer(stored))
            .await;
    }

    /// Forgets one answer.
    pub(super) async fn forget(&self, key: &str) {
        self.slots.invalidate(key).await;
    }

    /// Forgets every answer whose address begins so. Answers how many there were.
    pub(super) async fn purge(&self, prefix: &str) -> u64 {
        let mut answers = 0;
        let found = self.slots.iter().filter(|(key, _)| key.starts_with(prefix));
        let found: Vec<_> = found.collect();
        for (key, slot) in found {
            self.slots.invalidate(&*key).await;
            answers += u64::from(matches!(slot, Slot::Answer(_)));
        }
        answers
    }

    /// How many bytes are kept now.
    pub(super) async fn bytes(&self) -> u64 {
        self.slots.run_pending_tasks().await;
        self.slots.weighted_size()
    }
}
