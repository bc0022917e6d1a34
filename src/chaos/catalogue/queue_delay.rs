//! `queue-delay`: messages come late, and a backlog grows.

use super::{Choice, Fault, Plan, Refusal};
use crate::provider::{Change, Snapshot};
use crate::scenario;

/// A queue's own delay, or how long a taken message stays out of sight.
pub(super) struct QueueDelay {
    pub(super) delay: scenario::QueueDelay,
}

impl Fault for QueueDelay {
    fn plan(&self, now: &Snapshot, _choice: Choice<'_>) -> Result<Plan, Refusal> {
        let queue = now.queue.as_ref().ok_or_else(|| {
            Refusal("queue-delay: no queue is named: add queue = \"…\" to [aws]".to_owned())
        })?;
        if let Some(why) = &queue.shielded {
            return Err(Refusal(format!("queue-delay: {why}")));
        }
        let (delay_s, visibility_s, words, was) = match self.delay {
            scenario::QueueDelay::Delivery(delay) => (
                Some(delay.as_secs()),
                None,
                format!("delay new messages by {} s", delay.as_secs()),
                queue.delay_s,
            ),
            scenario::QueueDelay::Visibility(hidden) => (
                None,
                Some(hidden.as_secs()),
                format!("hide taken messages for {} s", hidden.as_secs()),
                queue.visibility_s,
            ),
        };
        if was >= delay_s.or(visibility_s).unwrap_or_default() {
            return Err(Refusal(format!(
                "queue-delay: it is {was} s already: say a longer time"
            )));
        }
        let name = &queue.name;
        Ok(Plan {
            change: Change::DelayQueue {
                queue: name.clone(),
                delay_s,
                visibility_s,
            },
            targets: vec![name.clone()],
            words: format!("{words} in {name}, instead of {was} s"),
            blast_radius: format!(
                "every message of {name}; {} wait now, and more will",
                queue.waiting
            ),
            undo: format!("{name} gets back its {was} s"),
            restored_when: "the queue has its own times again".to_owned(),
        })
    }
}
