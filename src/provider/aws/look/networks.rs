//! Subnets with the opt-in tag.

use aws_sdk_ec2::types::{NetworkAcl, Subnet};

use super::hosts::filter;
use crate::provider::aws::account::Account;
use crate::provider::aws::error::code_of;
use crate::provider::aws::tags;
use crate::provider::{NetworkView, ProviderError};

/// All that opted in.
pub(in crate::provider::aws) async fn look(
    account: &Account,
) -> Result<Vec<NetworkView>, ProviderError> {
    let mut pages = (account.look.ec2.describe_subnets())
        .filters(filter("tag-key", [account.spec.allow.clone()]))
        .into_paginator()
        .send();
    let mut views = Vec::new();
    while let Some(page) = pages.next().await {
        let page = account.told("list its subnets", page)?;
        views.extend(page.subnets().iter().map(|subnet| view(account, subnet)));
    }
    Ok(views)
}

fn view(account: &Account, subnet: &Subnet) -> NetworkView {
    NetworkView {
        name: subnet.subnet_id().unwrap_or_default().to_owned(),
        zone: subnet.availability_zone().unwrap_or_default().to_owned(),
        shielded: shielded(account, subnet),
    }
}

/// Why it must not be cut off.
pub(in crate::provider::aws) fn shielded(account: &Account, subnet: &Subnet) -> Option<String> {
    if account.own.subnet.is_some() && account.own.subnet.as_deref() == subnet.subnet_id() {
        return Some("this tool runs in it".to_owned());
    }
    let allow = &account.spec.allow;
    let mut tags = subnet.tags().iter();
    let opted = tags.find(|tag| tag.key() == Some(allow));
    let opted = opted.map(|tag| tag.value().unwrap_or_default());
    (!opted.is_some_and(tags::allows)).then(|| tags::no_opt_in("it", allow, opted))
}

/// The access lists to which one of these filters applies.
pub(in crate::provider::aws) async fn lists(
    account: &Account,
    key: &str,
    values: impl IntoIterator<Item = String>,
) -> Result<Vec<NetworkAcl>, ProviderError> {
    let mut pages = (account.look.ec2.describe_network_acls())
        .filters(filter(key, values))
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = account.told("list its network ACLs", page)?;
        found.extend(page.network_acls.unwrap_or_default());
    }
    Ok(found)
}

/// Those of these access lists that are still there.
pub(in crate::provider::aws) async fn by_ids(
    account: &Account,
    ids: impl IntoIterator<Item = String>,
) -> Result<Vec<NetworkAcl>, ProviderError> {
    let mut found = Vec::new();
    // One by one: a single one that is gone makes the whole answer an error.
    for id in ids {
        let answer = account
            .look
            .ec2
            .describe_network_acls()
            .network_acl_ids(id)
            .send()
            .await;
        if code_of(&answer).ends_with(GONE) {
            continue;
        }
        let answer = account.told("describe a network ACL", answer)?;
        found.extend(answer.network_acls.unwrap_or_default());
    }
    Ok(found)
}

/// How the code ends with which AWS says that there is no such resource.
pub(in crate::provider::aws) const GONE: &str = ".NotFound";

/// The value of an access list's tag.
pub(in crate::provider::aws) fn tag<'a>(list: &'a NetworkAcl, key: &str) -> Option<&'a str> {
    let mut tags = list.tags().iter();
    tags.find(|tag| tag.key() == Some(key))
        .map(|tag| tag.value().unwrap_or_default())
}
