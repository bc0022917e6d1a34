//! What is changed and not taken back, as the resources themselves remember it.

use std::collections::{BTreeMap, BTreeSet};

use super::hosts::{self, filter};
use super::{networks, queue, shifts};
use crate::provider::aws::account::Account;
use crate::provider::aws::tags::{self, Mark};
use crate::provider::{ChangeId, OpenChange, ProviderError};

/// Open changes, and the zones and subnets that take no traffic because of them.
#[derive(Default)]
struct Found {
    changes: BTreeMap<ChangeId, OpenChange>,
    cut: Vec<String>,
}

impl Found {
    fn add(&mut self, mark: Mark, words: String) {
        let id = mark.change.clone();
        self.changes
            .entry(id)
            .and_modify(|open| {
                open.words += ", ";
                open.words += &words;
            })
            .or_insert_with(|| mark.open(words.clone()));
    }
}

/// Looks wherever this account's faults may have left a mark.
pub(super) async fn look(
    account: &Account,
) -> Result<(Vec<OpenChange>, Vec<String>), ProviderError> {
    let needs = account.needs;
    let mut found = Found::default();
    if needs.networks {
        account.allowed(of_networks(account, &mut found).await)?;
    }
    if needs.instances {
        account.allowed(of_instances(account, &mut found).await)?;
    }
    if needs.shift {
        of_shifts(account, &mut found).await?;
    }
    if needs.queue {
        account.allowed(of_queues(account, &mut found).await)?;
    }
    Ok((found.changes.into_values().collect(), found.cut))
}

async fn of_networks(account: &Account, found: &mut Found) -> Result<(), ProviderError> {
    for list in networks::lists(account, "tag-key", [tags::CHANGE.to_owned()]).await? {
        let Some(mark) = Mark::read(|key| networks::tag(&list, key)) else {
            continue;
        };
        let subnets: BTreeSet<&str> = (list.associations().iter())
            .filter_map(|association| association.subnet_id())
            .collect();
        let named: Vec<&str> = subnets.iter().copied().collect();
        let words = format!(
            "network ACL {} cuts off {}",
            list.network_acl_id().unwrap_or_default(),
            if named.is_empty() {
                "nothing".to_owned()
            } else {
                named.join(", ")
            }
        );
        found.cut.extend(subnets.into_iter().map(str::to_owned));
        found.add(mark, words);
    }
    Ok(())
}

async fn of_instances(account: &Account, found: &mut Found) -> Result<(), ProviderError> {
    let marked = filter("tag-key", [tags::CHANGE.to_owned()]);
    for instance in hosts::instances(account, vec![marked]).await? {
        let gone = hosts::state(&instance) == "terminated";
        if let Some(mark) = Mark::read(|key| hosts::tag(&instance, key)).filter(|_| !gone) {
            let id = instance.instance_id().unwrap_or_default();
            found.add(mark, format!("{id} stopped"));
        }
    }
    Ok(())
}

async fn of_shifts(account: &Account, found: &mut Found) -> Result<(), ProviderError> {
    let active = match shifts::active(account).await {
        // Not every region, and no stand-in, has zonal shifts.
        Err(_) if account.needs.tolerant => return Ok(()),
        active => active?,
    };
    for shift in active {
        if Some(shift.resource_identifier()) == account.spec.load_balancer.as_deref() {
            found.cut.push(shift.away_from().to_owned());
        }
        if let Some(mark) = Mark::of_comment(shift.comment()) {
            let words = format!("traffic shifted away from zone {}", shift.away_from());
            found.add(mark, words);
        }
    }
    Ok(())
}

async fn of_queues(account: &Account, found: &mut Found) -> Result<(), ProviderError> {
    for url in queue::candidates(account).await? {
        let marks = queue::queue_tags(account, &url).await?;
        if let Some(mark) = Mark::read(|key| marks.get(key).map(String::as_str)) {
            let was = marks.get(tags::WAS).map_or("its own times", String::as_str);
            found.add(mark, format!("{url} delayed, instead of {was}"));
        }
    }
    Ok(())
}
