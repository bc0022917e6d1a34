//! What is done to the account: one file for each way, with its calls, its undo, and what a person
//! does when the undo fails.

pub(super) mod acl;
pub(super) mod database;
pub(super) mod dry;
pub(super) mod instances;
pub(super) mod queue;
pub(super) mod shift;
pub(super) mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use super::account::Account;
use super::error::{code_of, is_denied};
use crate::provider::{Call, CallRecord, Change, ChangeId, Ink, Order, ProviderError};

/// A fact of every call: which of these files made it.
const WAY: &str = "way";

/// The calls with which the change would be made now.
pub(super) async fn calls(account: &Account, change: &Change) -> Result<Vec<Call>, ProviderError> {
    match change {
        Change::FailOverDatabase { .. } => database::calls(account, database::Ask::FailOver).await,
        Change::RebootDatabase => database::calls(account, database::Ask::Reboot).await,
        Change::CutNetworks { networks, .. } => acl::calls(account, networks).await,
        Change::StopHosts { hosts } => instances::calls(account, hosts).await,
        Change::ShiftZone { zone, balancer, .. } => shift::calls(account, zone, balancer).await,
        Change::KillPods { pods, .. } => Ok(tasks::calls(account, pods)),
        Change::DelayQueue { .. } => queue::calls(account, change).await,
        _ => Err(unknown(account, change)),
    }
}

/// Makes the change; answers when it is under way.
pub(super) async fn apply(
    account: &Account,
    order: &Order,
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    account.goes(&order.id, way(&order.change).map(str::to_owned));
    match &order.change {
        Change::FailOverDatabase { .. } => {
            database::apply(account, database::Ask::FailOver, ink).await
        }
        Change::RebootDatabase => database::apply(account, database::Ask::Reboot, ink).await,
        Change::CutNetworks { networks, .. } => acl::apply(account, order, networks, ink).await,
        Change::StopHosts { hosts } => instances::apply(account, order, hosts, ink).await,
        Change::ShiftZone {
            zone,
            balancer,
            expires_s,
        } => shift::apply(account, order, (zone, balancer, *expires_s), ink).await,
        Change::KillPods { pods, .. } => tasks::apply(account, order, pods, ink).await,
        Change::DelayQueue { .. } => queue::apply(account, order, ink).await,
        change => Err(unknown(account, change)),
    }
}

fn unknown(account: &Account, change: &Change) -> ProviderError {
    account.refused(
        "make the change",
        format!("AWS has no counterpart of {change:?}"),
    )
}

/// The way in which a change is made.
fn way(change: &Change) -> Option<&'static str> {
    Some(match change {
        Change::FailOverDatabase { .. } | Change::RebootDatabase => database::NAME,
        Change::CutNetworks { .. } => acl::NAME,
        Change::StopHosts { .. } => instances::NAME,
        Change::ShiftZone { .. } => shift::NAME,
        Change::KillPods { .. } => tasks::NAME,
        Change::DelayQueue { .. } => queue::NAME,
        _ => return None,
    })
}

/// The commands with which a person takes a change back.
pub(super) fn by_hand(account: &Account, change: &ChangeId) -> Vec<String> {
    let (ways, needs) = (account.ways_of(change), account.needs);
    let wanted = |way: &str, needed: bool| match ways.is_empty() {
        true => needed,
        false => ways.contains(way),
    };
    let mut commands = Vec::new();
    if wanted(acl::NAME, needs.networks) {
        commands.extend(acl::by_hand(account, change));
    }
    if wanted(instances::NAME, needs.instances) {
        commands.extend(instances::by_hand(account, change));
    }
    if wanted(shift::NAME, needs.shift) {
        commands.extend(shift::by_hand(account, change));
    }
    if wanted(queue::NAME, needs.queue) {
        commands.extend(queue::by_hand(account));
    }
    commands
}

/// Takes a change back, from what was written or from what resources remember.
pub(super) async fn undo(
    account: &Account,
    change: &ChangeId,
    written: &[CallRecord],
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    let ways = ways(written);
    account.goes(change, ways.iter().map(|way| (*way).to_owned()));
    let needs = account.needs;
    // Without a word of what was done, every way that leaves a mark is looked for.
    let wanted = |way: &str, needed: bool| match ways.is_empty() {
        true => needed,
        false => ways.contains(way),
    };
    if wanted(acl::NAME, needs.networks) {
        skippable(&ways, acl::undo(account, change, written, ink).await)?;
    }
    if wanted(instances::NAME, needs.instances) {
        skippable(&ways, instances::undo(account, change, written, ink).await)?;
    }
    if wanted(shift::NAME, needs.shift) {
        let undone = shift::undo(account, change, written, ink).await;
        // Not every region, and no stand-in, has zonal shifts.
        if !(ways.is_empty() && needs.tolerant) {
            undone?;
        }
    }
    if wanted(queue::NAME, needs.queue) {
        skippable(&ways, queue::undo(account, change, written, ink).await)?;
    }
    Ok(())
}

/// Where nothing says that this way was used, having no right to look means that it was not.
fn skippable(
    ways: &BTreeSet<&str>,
    undone: Result<(), ProviderError>,
) -> Result<(), ProviderError> {
    match undone {
        Err(error) if ways.is_empty() && is_denied(&error) => Ok(()),
        undone => undone,
    }
}

fn ways(written: &[CallRecord]) -> BTreeSet<&str> {
    let facts = written
        .iter()
        .filter_map(|record| record.call.facts.get(WAY));
    facts.map(String::as_str).collect()
}

/// All values of a fact in what was written.
fn facts<'w>(written: &'w [CallRecord], fact: &str) -> BTreeSet<&'w str> {
    let values = written
        .iter()
        .filter_map(|record| record.call.facts.get(fact));
    values.map(String::as_str).collect()
}

/// Makes a call that changes something: on disk before, and what came of it after.
async fn inked<T>(
    ink: &dyn Ink,
    call: Call,
    made: impl Future<Output = Result<T, ProviderError>>,
    facts: impl FnOnce(&T) -> BTreeMap<String, String>,
) -> Result<T, ProviderError> {
    let number = ink.intend(call).await?;
    match made.await {
        Ok(answer) => {
            ink.made(number, facts(&answer)).await?;
            Ok(answer)
        }
        Err(error) => {
            // The intent is on disk: that is what undoing rests on.
            let _ = ink.failed(number, error.to_string()).await;
            Err(error)
        }
    }
}

/// Nothing came of it that undoing has to know.
fn nothing<T>(_: &T) -> BTreeMap<String, String> {
    BTreeMap::new()
}
