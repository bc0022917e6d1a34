//! A controller of pods, by its name.

use super::{Refusal, select};
use crate::provider::{Snapshot, WorkloadView};
use crate::scenario::WorkloadSelector;

/// The one workload of this name; refused where there is none, or it must not be touched.
pub(super) fn find<'s>(
    selector: &WorkloadSelector,
    now: &'s Snapshot,
) -> Result<&'s WorkloadView, Refusal> {
    let WorkloadSelector { name, namespace } = selector;
    let found: Vec<&WorkloadView> = (now.workloads.iter())
        .filter(|known| known.name == *name)
        .filter(|known| namespace.is_none() || known.namespace == *namespace)
        .collect();
    let workload = match found.as_slice() {
        [one] => *one,
        [] => {
            let there = select::list(now.workloads.iter().map(exact));
            return Err(Refusal(format!("there is no `{name}`; there are {there}")));
        }
        several => {
            let there = select::list(several.iter().copied().map(exact));
            return Err(Refusal(format!(
                "`{name}` is ambiguous: say which namespace, of {there}"
            )));
        }
    };
    match &workload.shielded {
        Some(why) => Err(Refusal(format!("{name} must not be touched: {why}"))),
        None => Ok(workload),
    }
}

/// Namespace, kind and name, by which a change names it.
pub(super) fn exact(workload: &WorkloadView) -> String {
    match &workload.namespace {
        Some(namespace) => format!("{namespace}/{}", workload.name),
        None => workload.name.clone(),
    }
}
