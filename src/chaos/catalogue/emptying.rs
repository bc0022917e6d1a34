//! What emptying machines means for the pods on them.

use super::budgets::{headroom, losing_something};
use super::{Choice, Refusal, select};
use crate::provider::{Eviction, HostView, PodView, Snapshot};
use crate::scenario::HostSelector;

/// Machines to empty, and what is on them.
pub(super) struct Emptying<'s> {
    pub(super) hosts: Vec<&'s HostView>,
    /// Pods that leave.
    pub(super) leaving: Vec<&'s PodView>,
    /// How many stay: not opted in, or bound to their machine.
    staying: usize,
    now: &'s Snapshot,
}

impl<'s> Emptying<'s> {
    /// Refuses machines that must not be touched, and pods that would be lost.
    pub(super) fn of(
        hosts: Vec<&'s HostView>,
        now: &'s Snapshot,
        choice: Choice<'_>,
    ) -> Result<Self, Refusal> {
        if let Some((host, why)) =
            (hosts.iter()).find_map(|host| host.shielded.as_ref().map(|why| (host, why)))
        {
            return Err(Refusal(format!(
                "node {} must not be touched: {why}",
                host.name
            )));
        }
        let on_them = now.pods.iter().filter(|pod| {
            let host = pod.host.as_deref();
            hosts.iter().any(|known| host == Some(&known.name))
        });
        let (leaving, staying): (Vec<_>, Vec<_>) = on_them
            .partition(|pod| pod.shielded.is_none() && !matches!(pod.eviction, Eviction::Left(_)));
        losing_something(&leaving, choice)?;
        let emptying = Self {
            hosts,
            leaving,
            staying: staying.len(),
            now,
        };
        emptying.somewhere_to_go()?;
        Ok(emptying)
    }

    fn somewhere_to_go(&self) -> Result<(), Refusal> {
        let other = self.now.hosts.iter().any(|host| {
            host.schedulable && host.ready && !self.hosts.iter().any(|h| h.name == host.name)
        });
        if other || self.leaving.is_empty() {
            return Ok(());
        }
        Err(Refusal(
            "no other node takes pods: nothing would be left".to_owned(),
        ))
    }

    /// Everything that is hit, by name.
    pub(super) fn targets(&self) -> Vec<String> {
        (self.hosts.iter().map(|host| format!("node {}", host.name)))
            .chain(self.leaving.iter().map(|pod| pod.name.clone()))
            .collect()
    }

    /// Names of the machines.
    pub(super) fn names(&self) -> Vec<String> {
        self.hosts.iter().map(|host| host.name.clone()).collect()
    }

    /// Who is hit and what is left.
    pub(super) fn blast_radius(&self) -> String {
        let leaving = match self.leaving.len() {
            0 => "no pod leaves".to_owned(),
            1 => "1 pod leaves".to_owned(),
            pods => format!("{pods} pods leave"),
        };
        let staying = match self.staying {
            0 => String::new(),
            pods => format!(", {pods} stay (not opted in, or bound to their node)"),
        };
        format!("{leaving}{staying}{}", headroom(&self.leaving, self.now))
    }
}

/// The machines that a selector means; only such that take pods.
pub(super) fn select<'s>(
    selector: &HostSelector,
    now: &'s Snapshot,
    choice: Choice<'_>,
) -> Result<Vec<&'s HostView>, Refusal> {
    let equal = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|w| w == found);
    let matching: Vec<&HostView> = (now.hosts.iter())
        .filter(|host| {
            equal(&selector.name, &host.name)
                && equal(&selector.zone, &host.zone)
                && (selector.labels.iter())
                    .all(|(label, value)| host.labels.get(label) == Some(value))
        })
        .collect();
    let mut open: Vec<&HostView> = (matching.iter().copied())
        .filter(|host| host.schedulable && host.shielded.is_none())
        .collect();
    let words = in_words(selector);
    if open.is_empty() {
        let why = match matching.iter().find_map(|host| host.shielded.as_ref()) {
            Some(why) => format!("{} must not be touched: {why}", matching[0].name),
            None if matching.is_empty() => format!(
                "no node matches; there are {}",
                select::list(now.hosts.iter().map(|host| host.name.as_str()))
            ),
            None => "all of them are out of service already".to_owned(),
        };
        return Err(Refusal(format!("{words}: {why}")));
    }
    let Some(wanted) = select::wanted(selector.pick, open.len()) else {
        let there = select::list(open.iter().map(|host| host.name.as_str()));
        return Err(Refusal(format!("{words}: only {there}")));
    };
    open.sort_by_key(|host| select::natural(&host.name));
    select::pick(&mut open, wanted, choice);
    Ok(open)
}

/// The selector as a person would say it: `1 node in zone b`.
pub(super) fn in_words(selector: &HostSelector) -> String {
    use crate::scenario::PickCount;
    let mut words = match (selector.pick, &selector.name) {
        (_, Some(name)) => format!("node `{name}`"),
        (PickCount::All, None) => "all nodes".to_owned(),
        (PickCount::Count(1), None) => "1 node".to_owned(),
        (PickCount::Count(count), None) => format!("{count} nodes"),
        (PickCount::Percent(percent), None) => format!("{percent} % of the nodes"),
    };
    if let Some(zone) = &selector.zone {
        words += &format!(" in zone `{zone}`");
    }
    for (label, value) in &selector.labels {
        words += &format!(" with {label}={value}");
    }
    words
}
