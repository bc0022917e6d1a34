//! Cutting subnets off by swapping their network ACL for one that denies everything.
//!
//! A new network ACL denies everything, and is created with its undo on it: which list each subnet
//! had. **The id of an association changes with every swap**, so nothing is undone by an id that
//! was written down: the list's associations are looked up again.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{NetworkAcl, ResourceType, Tag, TagSpecification};

use super::{WAY, facts, inked, nothing};
use crate::provider::aws::account::Account;
use crate::provider::aws::error::code_of;
use crate::provider::aws::look::hosts::filter;
use crate::provider::aws::look::networks::{GONE, by_ids, lists, shielded, tag};
use crate::provider::aws::tags::{self, Mark};
use crate::provider::{Call, CallRecord, ChangeId, Ink, Milestone, Order, ProviderError};

pub(super) const NAME: &str = "network-acl";
/// AWS allows 50 tags; ours and a few of the account's own need room.
const MOST_SUBNETS: usize = 40;
const LIST: &str = "acl";

/// A subnet with the list that it has.
#[derive(Debug, Clone)]
struct Member {
    subnet: String,
    vpc: String,
    association: String,
    list: String,
}

pub(super) async fn calls(
    account: &Account,
    subnets: &[String],
) -> Result<Vec<Call>, ProviderError> {
    let mut calls = Vec::new();
    for (vpc, members) in by_vpc(members(account, subnets).await?) {
        calls.push(create_call(&vpc));
        calls.extend(
            members
                .iter()
                .map(|member| swap_call(member, "the new one")),
        );
    }
    Ok(calls)
}

fn create_call(vpc: &str) -> Call {
    Call::new(
        format!("ec2 CreateNetworkAcl in {vpc}, denying everything"),
        format!("vpc {vpc}"),
    )
    .undone_by("ec2 DeleteNetworkAcl")
    .knowing(WAY, NAME)
}

fn swap_call(member: &Member, list: &str) -> Call {
    let Member {
        subnet, list: was, ..
    } = member;
    Call::new(
        format!("ec2 ReplaceNetworkAclAssociation of {subnet}: {list} instead of {was}"),
        format!("subnet {subnet}"),
    )
    .undone_by(format!(
        "ec2 ReplaceNetworkAclAssociation of {subnet}: {was}"
    ))
    .knowing(WAY, NAME)
    .knowing("subnet", subnet)
    .knowing("was", was)
}

pub(super) async fn apply(
    account: &Account,
    order: &Order,
    subnets: &[String],
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    let mark = Mark::of(order);
    let members = members(account, subnets).await?;
    // The same change twice is one change: what the first attempt made is used.
    let ours = marked(account, &order.id).await?;
    for (vpc, members) in by_vpc(members) {
        let made = ours.iter().find(|list| list.vpc_id() == Some(&vpc));
        let list = match made.and_then(NetworkAcl::network_acl_id) {
            Some(list) => list.to_owned(),
            None => create(account, &mark, &vpc, &members, ink).await?,
        };
        for member in members.iter().filter(|member| member.list != list) {
            let call = swap_call(member, &list).knowing(LIST, &list);
            inked(
                ink,
                call,
                swap(account, &member.association, &list),
                nothing,
            )
            .await?;
        }
    }
    let effective = Milestone::Effective(order.id.clone());
    let words = format!("cut off: {}", subnets.join(", "));
    account
        .happenings
        .reached("change-effective", effective, words);
    Ok(())
}

async fn create(
    account: &Account,
    mark: &Mark,
    vpc: &str,
    members: &[Member],
    ink: &dyn Ink,
) -> Result<String, ProviderError> {
    let tag = |key: String, value: &str| Tag::builder().key(key).value(value).build();
    let mut tags: Vec<Tag> = mark
        .tags()
        .iter()
        .map(|(key, value)| tag((*key).to_owned(), value))
        .collect();
    let replaced =
        |member: &Member| tag(format!("{}{}", tags::REPLACED, member.subnet), &member.list);
    tags.extend(members.iter().map(replaced));
    let request = (account.act.ec2.create_network_acl())
        .vpc_id(vpc)
        .client_token(
            format!("{}-{vpc}", mark.change)
                .chars()
                .take(64)
                .collect::<String>(),
        )
        .tag_specifications(
            TagSpecification::builder()
                .resource_type(ResourceType::NetworkAcl)
                .set_tags(Some(tags))
                .build(),
        );
    let made = async {
        let answer = account.told("create a network ACL", request.send().await)?;
        let id = answer.network_acl().and_then(NetworkAcl::network_acl_id);
        id.map(str::to_owned)
            .ok_or_else(|| account.failed("create a network ACL", "the answer names none"))
    };
    inked(ink, create_call(vpc), made, |list| {
        BTreeMap::from([(LIST.to_owned(), list.clone())])
    })
    .await
}

async fn swap(account: &Account, association: &str, list: &str) -> Result<(), ProviderError> {
    let answer = (account.act.ec2.replace_network_acl_association())
        .association_id(association)
        .network_acl_id(list)
        .send()
        .await;
    account
        .told("swap a subnet's network ACL", answer)
        .map(drop)
}

/// The subnets as they are now, each still fit to be cut off.
async fn members(account: &Account, subnets: &[String]) -> Result<Vec<Member>, ProviderError> {
    const WHAT: &str = "cut subnets off";
    if subnets.len() > MOST_SUBNETS {
        let why = format!(
            "{} subnets are more than {MOST_SUBNETS}: their undo does not fit on one network ACL",
            subnets.len()
        );
        return Err(account.refused(WHAT, why));
    }
    let answer = (account.look.ec2.describe_subnets())
        .set_subnet_ids(Some(subnets.to_vec()))
        .send()
        .await;
    let found = account.told("describe its subnets", answer)?;
    let mut vpcs = BTreeMap::new();
    for subnet in found.subnets() {
        let id = subnet.subnet_id().unwrap_or_default();
        if let Some(why) = shielded(account, subnet) {
            return Err(account.refused(WHAT, format!("{id} must not be touched: {why}")));
        }
        vpcs.insert(
            id.to_owned(),
            subnet.vpc_id().unwrap_or_default().to_owned(),
        );
    }
    let mut members = Vec::new();
    for list in lists(account, "association.subnet-id", subnets.iter().cloned()).await? {
        for association in list.associations() {
            let subnet = association.subnet_id().unwrap_or_default().to_owned();
            if let Some(vpc) = vpcs.remove(&subnet) {
                members.push(Member {
                    subnet,
                    vpc,
                    association: association
                        .network_acl_association_id()
                        .unwrap_or_default()
                        .to_owned(),
                    list: list.network_acl_id().unwrap_or_default().to_owned(),
                });
            }
        }
    }
    if members.len() < subnets.len() {
        let why = "not every subnet is there any more with a network ACL: plan again";
        return Err(account.refused(WHAT, why));
    }
    members.sort_by(|one, other| one.subnet.cmp(&other.subnet));
    Ok(members)
}

fn by_vpc(members: Vec<Member>) -> BTreeMap<String, Vec<Member>> {
    let mut vpcs = BTreeMap::<String, Vec<Member>>::new();
    for member in members {
        vpcs.entry(member.vpc.clone()).or_default().push(member);
    }
    vpcs
}

/// The lists that this change made.
async fn marked(account: &Account, change: &ChangeId) -> Result<Vec<NetworkAcl>, ProviderError> {
    let key = format!("tag:{}", tags::CHANGE);
    lists(account, &key, [change.0.clone()]).await
}

pub(super) async fn undo(
    account: &Account,
    change: &ChangeId,
    written: &[CallRecord],
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    for list in ours(account, change, written).await? {
        let id = list.network_acl_id().unwrap_or_default().to_owned();
        for association in list.associations() {
            let subnet = association.subnet_id().unwrap_or_default();
            let was = before(account, &list, subnet, written).await?;
            let call = Call::new(
                format!("ec2 ReplaceNetworkAclAssociation of {subnet}: {was} again"),
                format!("subnet {subnet}"),
            )
            .knowing(WAY, NAME);
            let association = association.network_acl_association_id().unwrap_or_default();
            inked(ink, call, swap(account, association, &was), nothing).await?;
        }
        // Whoever still has it would lose its list, and AWS would refuse.
        let left = by_ids(account, [id.clone()]).await?;
        if left.iter().any(|list| !list.associations().is_empty()) {
            let why = format!("{id} still has subnets: somebody gave them to it meanwhile");
            return Err(account.failed("take the network ACL away", why));
        }
        let call = Call::new(
            format!("ec2 DeleteNetworkAcl {id}"),
            format!("network ACL {id}"),
        )
        .knowing(WAY, NAME);
        inked(ink, call, delete(account, &id), nothing).await?;
    }
    Ok(())
}

/// By their tags, and by what was written: a list that was made a moment ago may not be found by
/// its tags yet.
async fn ours(
    account: &Account,
    change: &ChangeId,
    written: &[CallRecord],
) -> Result<Vec<NetworkAcl>, ProviderError> {
    let mut found = marked(account, change).await?;
    let known: BTreeSet<String> = (found.iter())
        .filter_map(|list| list.network_acl_id().map(str::to_owned))
        .collect();
    let more = facts(written, LIST).into_iter().map(str::to_owned);
    let more: Vec<String> = more.filter(|id| !known.contains(id)).collect();
    if !more.is_empty() {
        found.extend(by_ids(account, more).await?);
    }
    Ok(found)
}

/// The list that the subnet had. One that was deleted meanwhile is replaced by its VPC's default.
async fn before(
    account: &Account,
    list: &NetworkAcl,
    subnet: &str,
    written: &[CallRecord],
) -> Result<String, ProviderError> {
    let tagged = tag(list, &format!("{}{subnet}", tags::REPLACED));
    let of_subnet = |record: &&CallRecord| {
        record
            .call
            .facts
            .get("subnet")
            .is_some_and(|known| known == subnet)
    };
    let noted = written
        .iter()
        .filter(of_subnet)
        .find_map(|record| record.call.facts.get("was"));
    let was = tagged.or(noted.map(String::as_str));
    if let Some(was) = was
        && !by_ids(account, [was.to_owned()]).await?.is_empty()
    {
        return Ok(was.to_owned());
    }
    let vpc = list.vpc_id().unwrap_or_default().to_owned();
    let mut pages = (account.look.ec2.describe_network_acls())
        .filters(filter("vpc-id", [vpc.clone()]))
        .filters(filter("default", ["true".to_owned()]))
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = account.told("list its network ACLs", page)?;
        if let Some(id) = page
            .network_acls()
            .iter()
            .find_map(NetworkAcl::network_acl_id)
        {
            let words = format!("the list that {subnet} had is gone: it gets the default of {vpc}");
            account.happenings.tell("undo-substitute", subnet, words);
            return Ok(id.to_owned());
        }
    }
    let why = format!("{vpc} has no default network ACL for {subnet}");
    Err(account.failed("give a subnet its network ACL back", why))
}

async fn delete(account: &Account, id: &str) -> Result<(), ProviderError> {
    let answer = account
        .act
        .ec2
        .delete_network_acl()
        .network_acl_id(id)
        .send()
        .await;
    if code_of(&answer).ends_with(GONE) {
        return Ok(());
    }
    account.told("delete the network ACL", answer).map(drop)
}

/// What a person does instead.
pub(super) fn by_hand(account: &Account, change: &ChangeId) -> Vec<String> {
    let by_tag = format!("--filters Name=tag:{},Values={change}", tags::CHANGE);
    vec![
        account.command(&format!(
            "ec2 describe-network-acls {by_tag} --query \
             'NetworkAcls[].[NetworkAclId,Associations,Tags]'  # the tag {}SUBNET names the list that SUBNET had",
            tags::REPLACED
        )),
        account.command(
            "ec2 replace-network-acl-association --association-id ASSOCIATION --network-acl-id OLD_LIST  # for each association",
        ),
        account.command("ec2 delete-network-acl --network-acl-id LIST"),
    ]
}
