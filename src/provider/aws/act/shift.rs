//! Zonal shift: the load balancer leaves a zone out. It ends by itself, whatever becomes of us.

use std::collections::BTreeMap;

use super::{WAY, facts, inked, nothing};
use crate::provider::aws::account::Account;
use crate::provider::aws::error::code_of;
use crate::provider::aws::look::{shifts, zones};
use crate::provider::aws::tags::Mark;
use crate::provider::{Call, CallRecord, ChangeId, Ink, Milestone, Order, ProviderError, Snapshot};

pub(super) const NAME: &str = "zonal-shift";
const SHIFT: &str = "shift";

pub(super) async fn calls(
    account: &Account,
    zone: &str,
    balancer: &str,
) -> Result<Vec<Call>, ProviderError> {
    let id = zone_id(account, zone).await?;
    Ok(vec![call(&id, balancer)])
}

fn call(zone_id: &str, balancer: &str) -> Call {
    Call::new(
        format!("arc-zonal-shift StartZonalShift of {balancer} away from {zone_id}"),
        balancer,
    )
    .undone_by("arc-zonal-shift CancelZonalShift")
    .knowing(WAY, NAME)
}

/// A shift names zones by id: names differ between accounts.
async fn zone_id(account: &Account, zone: &str) -> Result<String, ProviderError> {
    let snapshot = Snapshot {
        zones: zones::look(account).await?,
        ..Snapshot::default()
    };
    let id = snapshot.zone(zone).and_then(zones::id).map(str::to_owned);
    id.ok_or_else(|| account.refused("shift traffic", format!("zone {zone} has no zone id")))
}

pub(super) async fn apply(
    account: &Account,
    order: &Order,
    (zone, balancer, expires_s): (&str, &str, u64),
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    let zone_id = zone_id(account, zone).await?;
    let mark = Mark::of(order);
    if of_change(account, &order.id).await?.is_none() {
        let request = (account.act.shift.start_zonal_shift())
            .resource_identifier(balancer)
            .away_from(&zone_id)
            .expires_in(format!("{}m", expires_s.div_ceil(60)))
            .comment(mark.comment());
        let made = async {
            let answer = account.told("shift traffic", request.send().await)?;
            Ok(answer.zonal_shift_id)
        };
        inked(ink, call(&zone_id, balancer), made, |id| {
            BTreeMap::from([(SHIFT.to_owned(), id.clone())])
        })
        .await?;
    }
    let effective = Milestone::Effective(order.id.clone());
    let words = format!("traffic leaves {zone} ({zone_id}) as clients ask DNS again");
    account
        .happenings
        .reached("change-effective", effective, words);
    Ok(())
}

/// The active shift that this change started.
async fn of_change(account: &Account, change: &ChangeId) -> Result<Option<String>, ProviderError> {
    let active = shifts::active(account).await?;
    let ours = active
        .iter()
        .find(|shift| Mark::of_comment(shift.comment()).is_some_and(|mark| mark.change == *change));
    Ok(ours.map(|shift| shift.zonal_shift_id().to_owned()))
}

pub(super) async fn undo(
    account: &Account,
    change: &ChangeId,
    written: &[CallRecord],
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    let active = shifts::active(account).await?;
    let noted = facts(written, SHIFT);
    let ours = active.iter().filter(|shift| {
        let marked = Mark::of_comment(shift.comment()).is_some_and(|mark| mark.change == *change);
        marked || noted.contains(shift.zonal_shift_id())
    });
    for shift in ours {
        let id = shift.zonal_shift_id();
        let call = Call::new(
            format!("arc-zonal-shift CancelZonalShift {id}"),
            shift.resource_identifier(),
        )
        .knowing(WAY, NAME);
        inked(ink, call, cancel(account, id), nothing).await?;
    }
    Ok(())
}

async fn cancel(account: &Account, id: &str) -> Result<(), ProviderError> {
    let answer = account
        .act
        .shift
        .cancel_zonal_shift()
        .zonal_shift_id(id)
        .send()
        .await;
    // It has ended by itself meanwhile.
    if code_of(&answer) == "ResourceNotFoundException" {
        return Ok(());
    }
    account.told("cancel the zonal shift", answer).map(drop)
}

/// What a person does instead.
pub(super) fn by_hand(account: &Account, change: &ChangeId) -> Vec<String> {
    vec![
        account.command(&format!(
            "arc-zonal-shift list-zonal-shifts --status ACTIVE --query \
             \"items[?contains(comment, '{change}')].zonalShiftId\""
        )),
        account.command("arc-zonal-shift cancel-zonal-shift --zonal-shift-id ID"),
    ]
}
