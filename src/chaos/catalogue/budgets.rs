//! What disruption budgets leave room for, and what an eviction would lose.

use super::{Choice, Refusal};
use crate::provider::{BudgetView, Eviction, PodView, Snapshot};

/// Refuses evictions by which something is lost, unless forced.
pub(super) fn losing_something(pods: &[&PodView], choice: Choice<'_>) -> Result<(), Refusal> {
    let loses = pods.iter().find_map(|pod| match &pod.eviction {
        Eviction::Loses(why) => Some((pod, why)),
        Eviction::Replaced | Eviction::Left(_) => None,
    });
    match loses {
        Some((pod, why)) if !choice.is_forced() => Err(Refusal(format!(
            "{} would be lost: {why}; set `force = true` in the fault if that is acceptable",
            pod.name
        ))),
        _ => Ok(()),
    }
}

/// What the budgets of these pods say, for people; empty: none protects them.
pub(super) fn headroom(pods: &[&PodView], now: &Snapshot) -> String {
    let told = now.budgets.iter().filter_map(|budget| {
        let hit = hit_by(budget, pods);
        (hit > 0).then(|| {
            let BudgetView { name, headroom, .. } = budget;
            let short = if hit > *headroom as usize {
                ": the others wait until replacements are ready"
            } else {
                ""
            };
            format!("; budget {name} lets {headroom} of {hit} go at once{short}")
        })
    });
    told.collect()
}

fn hit_by(budget: &BudgetView, pods: &[&PodView]) -> usize {
    pods.iter()
        .filter(|pod| budget.pods.contains(&pod.name))
        .count()
}
