//! `link-delay`: every byte takes longer.

use std::time::Duration;

use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, Snapshot};
use crate::scenario::LinkSelector;

/// Latency with jitter on the links between zones.
pub(super) struct LinkDelay {
    pub(super) links: LinkSelector,
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
}

impl Fault for LinkDelay {
    fn plan(&self, now: &Snapshot, _choice: Choice<'_>) -> Result<Plan, Refusal> {
        let hit = select::links(&self.links, now)?;
        let names: Vec<String> = hit.iter().map(|link| link.name.clone()).collect();
        let milliseconds =
            |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (delay_ms, jitter_ms) = (milliseconds(self.delay), milliseconds(self.jitter));
        Ok(Plan {
            change: Change::DelayLinks {
                links: names.clone(),
                delay_ms,
                jitter_ms,
            },
            words: format!(
                "delay {} by {delay_ms} ms (± {jitter_ms} ms) each way",
                names.join(", ")
            ),
            blast_radius: format!("{} of {} links become slow", hit.len(), now.links.len()),
            targets: names,
            undo: "the links pass bytes on at once again".to_owned(),
            restored_when: "the links have no delay".to_owned(),
        })
    }
}
