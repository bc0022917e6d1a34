//! EC2 instances with the opt-in tag.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{DeviceType, Filter, Instance};

use crate::provider::aws::account::Account;
use crate::provider::aws::tags;
use crate::provider::{HostView, ProviderError};

/// All that opted in and are not gone for good.
pub(in crate::provider::aws) async fn look(
    account: &Account,
) -> Result<Vec<HostView>, ProviderError> {
    let tagged = filter("tag-key", [account.spec.allow.clone()]);
    let found = instances(account, vec![tagged]).await?;
    let groups: BTreeSet<String> = found.iter().filter_map(group).collect();
    let replacing = replacing(account, groups).await?;
    let found = found.iter().filter(|of| state(of) != "terminated");
    Ok(found
        .map(|instance| view(account, instance, &replacing))
        .collect())
}

/// All instances that match, whatever their state.
pub(in crate::provider::aws) async fn instances(
    account: &Account,
    filters: Vec<Filter>,
) -> Result<Vec<Instance>, ProviderError> {
    let mut pages = (account.look.ec2.describe_instances())
        .set_filters(Some(filters))
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = account.told("list its instances", page)?;
        let reservations = page.reservations.unwrap_or_default().into_iter();
        found
            .extend(reservations.flat_map(|reservation| reservation.instances.unwrap_or_default()));
    }
    Ok(found)
}

/// A filter of EC2's.
pub(in crate::provider::aws) fn filter(
    name: &str,
    values: impl IntoIterator<Item = String>,
) -> Filter {
    let values = values.into_iter().collect();
    Filter::builder()
        .name(name)
        .set_values(Some(values))
        .build()
}

/// `running`, `stopping` …
pub(in crate::provider::aws) fn state(instance: &Instance) -> &str {
    let state = instance.state().and_then(|state| state.name());
    state.map_or("unknown", |name| name.as_str())
}

/// The value of a tag.
pub(in crate::provider::aws) fn tag<'i>(instance: &'i Instance, key: &str) -> Option<&'i str> {
    let mut tags = instance.tags().iter();
    tags.find(|tag| tag.key() == Some(key))
        .map(|tag| tag.value().unwrap_or_default())
}

fn group(instance: &Instance) -> Option<String> {
    tag(instance, "aws:autoscaling:groupName").map(str::to_owned)
}

/// Of these Auto Scaling groups those that would terminate and replace a stopped instance.
async fn replacing(
    account: &Account,
    groups: BTreeSet<String>,
) -> Result<BTreeSet<String>, ProviderError> {
    if groups.is_empty() {
        return Ok(groups);
    }
    let mut pages = (account.look.scaling.describe_auto_scaling_groups())
        .set_auto_scaling_group_names(Some(groups.into_iter().collect()))
        .into_paginator()
        .send();
    let mut replacing = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = account.told("list its Auto Scaling groups", page)?;
        for group in page.auto_scaling_groups() {
            let mut suspended = group.suspended_processes().iter();
            if !suspended.any(|process| process.process_name() == Some("ReplaceUnhealthy")) {
                replacing.extend(group.auto_scaling_group_name().map(str::to_owned));
            }
        }
    }
    Ok(replacing)
}

fn view(account: &Account, instance: &Instance, replacing: &BTreeSet<String>) -> HostView {
    let name = instance.instance_id().unwrap_or_default().to_owned();
    let labels: BTreeMap<String, String> = (instance.tags().iter())
        .filter_map(|tag| {
            Some((
                tag.key()?.to_owned(),
                tag.value().unwrap_or_default().to_owned(),
            ))
        })
        .collect();
    let zone = instance
        .placement()
        .and_then(|place| place.availability_zone());
    let ready = state(instance) == "running";
    HostView {
        zone: zone.unwrap_or_default().to_owned(),
        ready,
        schedulable: ready,
        shielded: shielded(account, instance, replacing),
        labels,
        name,
    }
}

/// Why it must not be stopped.
pub(in crate::provider::aws) fn shielded(
    account: &Account,
    instance: &Instance,
    replacing: &BTreeSet<String>,
) -> Option<String> {
    let id = instance.instance_id().unwrap_or_default();
    if account.own.instance.as_deref() == Some(id) {
        return Some("this tool runs on it".to_owned());
    }
    let allow = &account.spec.allow;
    let opted = tag(instance, allow);
    if !opted.is_some_and(tags::allows) {
        return Some(tags::no_opt_in("it", allow, opted));
    }
    if let Some(group) = group(instance).filter(|group| replacing.contains(group)) {
        return Some(format!(
            "its Auto Scaling group {group} would terminate it once it stops, and nothing undoes \
             that: suspend that first: {}",
            account.command(&format!(
                "autoscaling suspend-processes --auto-scaling-group-name {group} \
                 --scaling-processes ReplaceUnhealthy"
            ))
        ));
    }
    let root = instance.root_device_type().map(DeviceType::as_str);
    (root == Some("instance-store")).then(|| "its disk would not survive a stop".to_owned())
}
