//! Selectors into exact targets: conditions filter, the seed picks.

use super::{Choice, Refusal};
use crate::provider::{HostView, LinkView, PodView, Snapshot};
use crate::scenario::{InstanceSelector, LinkSelector, PickCount, PodSelector};

pub(super) const AS_MANY_READY: &str = "as many pods of each app are ready as before";

/// The pods to hit, by name.
///
/// Only ready pods are chosen: hitting one that is already down would measure nothing.
pub(super) fn pods<'s>(
    selector: &PodSelector,
    now: &'s Snapshot,
    choice: Choice<'_>,
) -> Result<Vec<&'s PodView>, Refusal> {
    let words = pods_in_words(selector);
    let zone = selector.zone.as_deref().map(|zone| zone_name(zone, now));
    let (shielded, open): (Vec<_>, Vec<_>) = now
        .pods
        .iter()
        .filter(|pod| matches(selector, zone, pod))
        .partition(|pod| pod.shielded.is_some());
    if let (Some(pod), true) = (shielded.first(), open.is_empty()) {
        return Err(Refusal(format!(
            "{words}: {} must not be touched: {}",
            pod.name,
            pod.shielded.as_deref().unwrap_or_default()
        )));
    }
    let (mut ready, down): (Vec<_>, Vec<_>) = open.into_iter().partition(|pod| pod.ready);
    if ready.is_empty() && !down.is_empty() {
        let names: Vec<_> = down.iter().map(|pod| pod.name.as_str()).collect();
        return Err(Refusal(format!(
            "{words}: {} match, but none is ready ({})",
            down.len(),
            names.join(", ")
        )));
    }
    if ready.is_empty() {
        return Err(Refusal(format!(
            "{words}: no pod matches; there are {}",
            list(now.pods.iter().map(|pod| pod.name.as_str()))
        )));
    }
    let Some(wanted) = wanted(selector.pick, ready.len()) else {
        return Err(Refusal(format!(
            "{words}: only {} ready",
            list(ready.iter().map(|pod| pod.name.as_str()))
        )));
    };
    // Providers list pods in any order; the choice must not depend on it.
    ready.sort_by_key(|pod| natural(&pod.name));
    pick(&mut ready, wanted, choice);
    spare_one(&ready, now, choice)?;
    Ok(ready)
}

/// How many of so many; none: there are too few.
pub(super) fn wanted(pick: PickCount, there: usize) -> Option<usize> {
    let wanted = match pick {
        PickCount::All => there,
        PickCount::Count(count) => count as usize,
        PickCount::Percent(percent) => (there * percent as usize).div_ceil(100),
    };
    (wanted <= there).then_some(wanted)
}

/// The machines to hit. Only those that run are chosen.
pub(super) fn hosts<'s>(
    selector: &InstanceSelector,
    now: &'s Snapshot,
    choice: Choice<'_>,
) -> Result<Vec<&'s HostView>, Refusal> {
    let words = hosts_in_words(selector);
    let zone = selector.zone.as_deref().map(|zone| zone_name(zone, now));
    let matching = |host: &&HostView| {
        zone.is_none_or(|zone| zone == host.zone)
            && (selector.name.as_ref())
                .is_none_or(|name| *name == host.name || host.labels.get("Name") == Some(name))
            && (selector.tags.iter()).all(|(tag, value)| host.labels.get(tag) == Some(value))
    };
    let found: Vec<_> = now.hosts.iter().filter(matching).collect();
    if let Some((host, why)) = found
        .iter()
        .find_map(|host| host.shielded.as_ref().map(|why| (host, why)))
    {
        return Err(Refusal(format!(
            "{words}: {} must not be touched: {why}",
            host.name
        )));
    }
    let mut ready: Vec<_> = found.into_iter().filter(|host| host.ready).collect();
    let Some(wanted) = wanted(selector.pick, ready.len()).filter(|_| !ready.is_empty()) else {
        return Err(Refusal(format!(
            "{words}: {} match and run",
            list(ready.iter().map(|host| host.name.as_str()))
        )));
    };
    ready.sort_by(|one, other| one.name.cmp(&other.name));
    pick(&mut ready, wanted, choice);
    let running = now.hosts.iter().filter(|host| host.ready).count();
    if ready.len() == running && !choice.is_forced() {
        return Err(Refusal(format!(
            "it would stop every running instance ({running}): pick fewer, run more, or set \
             `force = true` in the fault if that is what you want to see"
        )));
    }
    Ok(ready)
}

/// The selector as a person would say it: `1 instance with role=web`.
pub(super) fn hosts_in_words(selector: &InstanceSelector) -> String {
    let mut words = match (selector.pick, &selector.name) {
        (_, Some(name)) => format!("instance `{name}`"),
        (PickCount::All, None) => "all instances".to_owned(),
        (PickCount::Count(1), None) => "1 instance".to_owned(),
        (PickCount::Count(count), None) => format!("{count} instances"),
        (PickCount::Percent(percent), None) => format!("{percent} % of the instances"),
    };
    if let Some(zone) = &selector.zone {
        words += &format!(" in zone `{zone}`");
    }
    for (tag, value) in &selector.tags {
        words += &format!(" with {tag}={value}");
    }
    words
}

/// A zone's own name, whatever it is called.
fn zone_name<'a>(called: &'a str, now: &'a Snapshot) -> &'a str {
    now.zone(called).map_or(called, |zone| zone.name.as_str())
}

/// Keeps a seeded random choice of `wanted`, in the order they were in.
pub(super) fn pick<T>(candidates: &mut Vec<T>, wanted: usize, choice: Choice<'_>) {
    let mut random = fastrand::Rng::with_seed(seed_for(choice));
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    random.shuffle(&mut order);
    let mut keep = vec![false; candidates.len()];
    for chosen in &order[..wanted] {
        keep[*chosen] = true;
    }
    let mut keep = keep.into_iter();
    candidates.retain(|_| keep.next().unwrap_or(false));
}

/// FNV-1a over seed and fault name: stable over versions of Rust, unlike its default hasher.
fn seed_for(choice: Choice<'_>) -> u64 {
    choice
        .seed
        .to_le_bytes()
        .iter()
        .chain(choice.fault.as_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

/// An app that loses every ready pod is an outage of that app, not the loss of a replica.
fn spare_one(hit: &[&PodView], now: &Snapshot, choice: Choice<'_>) -> Result<(), Refusal> {
    for (app, ready) in now.ready_by_app() {
        let lost = hit.iter().filter(|pod| pod.app == app).count();
        if lost > 0 && lost == ready && !choice.is_forced() {
            return Err(Refusal(format!(
                "it would take every ready pod of `{app}` ({ready}): pick fewer, run more \
                 replicas, or set `force = true` in the fault if that is what you want to see"
            )));
        }
    }
    Ok(())
}

/// What is left of each app that is hit: `2 of 3 pods of shop stay ready`.
pub(super) fn left(hit: &[&PodView], now: &Snapshot) -> String {
    let parts: Vec<String> = now
        .ready_by_app()
        .into_iter()
        .filter_map(|(app, ready)| {
            let lost = hit.iter().filter(|pod| pod.app == app).count();
            (lost > 0).then(|| format!("{} of {ready} pods of {app} stay ready", ready - lost))
        })
        .collect();
    parts.join(", ")
}

/// `shop-2 (zone b), shop-3 (zone c)`
pub(super) fn named(pods: &[&PodView]) -> String {
    list(
        pods.iter()
            .map(|pod| format!("{} (zone {})", pod.name, pod.zone)),
    )
}

/// Names, for what is touched.
pub(super) fn names(pods: &[&PodView]) -> Vec<String> {
    pods.iter().map(|pod| pod.name.clone()).collect()
}

/// The links to hit, in order of name.
pub(super) fn links<'s>(
    selector: &LinkSelector,
    now: &'s Snapshot,
) -> Result<Vec<&'s LinkView>, Refusal> {
    let mut chosen: Vec<_> = now
        .links
        .iter()
        .filter(|link| {
            equal(&selector.from, &link.from)
                && equal(&selector.to, &link.to)
                && selector
                    .name
                    .as_ref()
                    .is_none_or(|pattern| wildcard(pattern, &link.name))
        })
        .collect();
    if chosen.is_empty() {
        return Err(Refusal(format!(
            "{}: no link matches; there are {}",
            links_in_words(selector),
            list(now.links.iter().map(|link| link.name.as_str()))
        )));
    }
    chosen.sort_by_key(|link| natural(&link.name));
    Ok(chosen)
}

fn matches(selector: &PodSelector, zone: Option<&str>, pod: &PodView) -> bool {
    let optional =
        |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
    equal(&selector.name, &pod.name)
        && equal(&selector.app, &pod.app)
        && zone.is_none_or(|zone| zone == pod.zone)
        && optional(&selector.namespace, &pod.namespace)
        && optional(&selector.owner, &pod.owner)
        && optional(&selector.host, &pod.host)
        && selector
            .labels
            .iter()
            .all(|(label, value)| pod.labels.get(label) == Some(value))
}

fn equal(wanted: &Option<String>, found: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted == found)
}

/// Whether `text` matches a pattern in which `*` stands for any characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The selector as a person would say it: `1 pod of app shop in zone b`.
pub(super) fn pods_in_words(selector: &PodSelector) -> String {
    let mut words = match (selector.pick, &selector.name) {
        (_, Some(name)) => format!("pod `{name}`"),
        (PickCount::All, None) => "all pods".to_owned(),
        (PickCount::Count(1), None) => "1 pod".to_owned(),
        (PickCount::Count(count), None) => format!("{count} pods"),
        (PickCount::Percent(percent), None) => format!("{percent} % of the pods"),
    };
    if let Some(app) = &selector.app {
        words += &format!(" of app `{app}`");
    }
    if let Some(zone) = &selector.zone {
        words += &format!(" in zone `{zone}`");
    }
    if let Some(namespace) = &selector.namespace {
        words += &format!(" in namespace `{namespace}`");
    }
    if let Some(owner) = &selector.owner {
        words += &format!(" of `{owner}`");
    }
    if let Some(host) = &selector.host {
        words += &format!(" on node `{host}`");
    }
    for (label, value) in &selector.labels {
        words += &format!(" with {label}={value}");
    }
    words
}

/// The selector as a person would say it: `links edge->* to zone b`.
pub(super) fn links_in_words(selector: &LinkSelector) -> String {
    let mut words = match &selector.name {
        Some(name) => format!("links `{name}`"),
        None => "all links".to_owned(),
    };
    if let Some(from) = &selector.from {
        words += &format!(" from `{from}`");
    }
    if let Some(to) = &selector.to {
        words += &format!(" to `{to}`");
    }
    words
}

/// Joined by commas; `none` when there is nothing.
pub(super) fn list<T: Into<String>>(names: impl Iterator<Item = T>) -> String {
    let names: Vec<String> = names.map(Into::into).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Orders `shop-2` before `shop-10`.
pub(super) fn natural(name: &str) -> (String, u64) {
    let digits = name.len()
        - name
            .trim_end_matches(|last: char| last.is_ascii_digit())
            .len();
    let (stem, number) = name.split_at(name.len() - digits);
    (stem.to_owned(), number.parse().unwrap_or(0))
}
