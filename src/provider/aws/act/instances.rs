//! Stopping instances, and starting exactly those again.
//!
//! `StopInstances` takes no tags, so the tags come first: an instance with a mark that still runs
//! has only to lose its mark.

use std::time::Duration;

use aws_sdk_ec2::types::{Instance, Tag};

use super::{WAY, inked, nothing};
use crate::provider::aws::account::Account;
use crate::provider::aws::look::hosts::{filter, instances, shielded, state, tag};
use crate::provider::aws::tags::{self, Mark};
use crate::provider::{Call, CallOutcome, CallRecord, ChangeId, Ink, Order, ProviderError};

pub(super) const NAME: &str = "instances";
const IDS: &str = "instances";
/// Joins ids in a fact.
const COMMA: &str = ",";
/// How long an instance may take to stop, and then to run.
pub(in crate::provider::aws) const PATIENCE: Duration = Duration::from_secs(600);

pub(super) async fn calls(account: &Account, ids: &[String]) -> Result<Vec<Call>, ProviderError> {
    fit(account, ids, None).await?;
    Ok(vec![mark_call(ids), stop_call(ids)])
}

fn mark_call(ids: &[String]) -> Call {
    Call::new(
        format!("ec2 CreateTags on {}", ids.join(", ")),
        ids.join(COMMA),
    )
    .undone_by("ec2 DeleteTags")
    .knowing(WAY, NAME)
    .knowing(IDS, ids.join(COMMA))
}

fn stop_call(ids: &[String]) -> Call {
    Call::new(
        format!("ec2 StopInstances {}", ids.join(", ")),
        ids.join(COMMA),
    )
    .undone_by(format!("ec2 StartInstances {}", ids.join(", ")))
    .knowing(WAY, NAME)
    .knowing(IDS, ids.join(COMMA))
}

pub(super) async fn apply(
    account: &Account,
    order: &Order,
    ids: &[String],
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    fit(account, ids, Some(&order.id)).await?;
    let mark = Mark::of(order);
    inked(ink, mark_call(ids), set_marks(account, &mark, ids), nothing).await?;
    inked(ink, stop_call(ids), stop(account, ids), nothing).await
}

/// Looked at again right before: all of them run, opted in, and nobody else stops them.
async fn fit(
    account: &Account,
    ids: &[String],
    change: Option<&ChangeId>,
) -> Result<(), ProviderError> {
    const WHAT: &str = "stop instances";
    let found = instances(account, vec![filter("instance-id", ids.to_vec())]).await?;
    for id in ids {
        let instance = found.iter().find(|of| of.instance_id() == Some(id));
        let why = match instance {
            None => Some("is not there".to_owned()),
            Some(instance) => unfit(account, instance, change),
        };
        if let Some(why) = why {
            return Err(account.refused(WHAT, format!("{id} {why}")));
        }
    }
    Ok(())
}

fn unfit(account: &Account, instance: &Instance, change: Option<&ChangeId>) -> Option<String> {
    // The groups were asked when the targets were chosen.
    if let Some(why) = shielded(account, instance, &Default::default()) {
        return Some(format!("must not be touched: {why}"));
    }
    let marked = tag(instance, tags::CHANGE);
    if let Some(other) = marked.filter(|marked| change.is_none_or(|own| own.0 != **marked)) {
        return Some(format!(
            "belongs to the open change {other}: recover that first"
        ));
    }
    let state = state(instance);
    (state != "running" && marked.is_none()).then(|| format!("is {state}, not running"))
}

async fn set_marks(account: &Account, mark: &Mark, ids: &[String]) -> Result<(), ProviderError> {
    let tags = mark
        .tags()
        .map(|(key, value)| Tag::builder().key(key).value(value).build());
    let answer = (account.act.ec2.create_tags())
        .set_resources(Some(ids.to_vec()))
        .set_tags(Some(tags.to_vec()))
        .send()
        .await;
    account.told("tag the instances", answer).map(drop)
}

async fn stop(account: &Account, ids: &[String]) -> Result<(), ProviderError> {
    let answer = (account.act.ec2.stop_instances())
        .set_instance_ids(Some(ids.to_vec()))
        .send()
        .await;
    account.told("stop the instances", answer).map(drop)
}

/// Whether none of them serves any more.
pub(in crate::provider::aws) async fn all_stopped(
    account: &Account,
    ids: &[String],
) -> Result<bool, ProviderError> {
    let found = instances(account, vec![filter("instance-id", ids.to_vec())]).await?;
    Ok(found
        .iter()
        .all(|of| matches!(state(of), "stopped" | "terminated")))
}

pub(super) async fn undo(
    account: &Account,
    change: &ChangeId,
    written: &[CallRecord],
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    // Until none of them is on its way from one state to another.
    let ours = loop {
        let ours = ours(account, change, written).await?;
        if !ours.iter().any(|of| state(of) == "stopping") {
            break ours;
        }
        tokio::time::sleep(account.pace()).await;
    };
    let ids = |in_state: &str| -> Vec<String> {
        let ours = ours.iter().filter(|of| state(of) == in_state);
        ours.filter_map(|of| of.instance_id().map(str::to_owned))
            .collect()
    };
    for lost in ids("terminated") {
        let words = "somebody terminated it meanwhile: nothing is left to start";
        account.happenings.tell("instance-lost", lost, words);
    }
    let stopped = ids("stopped");
    if !stopped.is_empty() {
        let names = stopped.join(", ");
        let call = Call::new(format!("ec2 StartInstances {names}"), stopped.join(COMMA))
            .knowing(WAY, NAME);
        inked(ink, call, start(account, &stopped), nothing).await?;
    }
    let alive: Vec<String> = (ours.iter())
        .filter(|of| state(of) != "terminated")
        .filter_map(|of| of.instance_id().map(str::to_owned))
        .collect();
    running(account, &alive).await?;
    let marked: Vec<String> = (ours.iter())
        .filter(|of| tag(of, tags::CHANGE).is_some())
        .filter_map(|of| of.instance_id().map(str::to_owned))
        .collect();
    if marked.is_empty() {
        return Ok(());
    }
    let names = marked.join(", ");
    let call =
        Call::new(format!("ec2 DeleteTags of {names}"), marked.join(COMMA)).knowing(WAY, NAME);
    inked(ink, call, remove_marks(account, &marked), nothing).await
}

/// Those that carry the change's mark; and those that were written down as being stopped, unless
/// they carry somebody else's mark or were started again already.
async fn ours(
    account: &Account,
    change: &ChangeId,
    written: &[CallRecord],
) -> Result<Vec<Instance>, ProviderError> {
    let by_mark = filter(&format!("tag:{}", tags::CHANGE), [change.0.clone()]);
    let mut found = instances(account, vec![by_mark]).await?;
    let more = noted(written);
    if !more.is_empty() && found.is_empty() {
        let noted = instances(account, vec![filter("instance-id", more)]).await?;
        found.extend(
            noted
                .into_iter()
                .filter(|of| tag(of, tags::CHANGE).is_none()),
        );
    }
    Ok(found)
}

/// The ids that may have been stopped and were not started since.
fn noted(written: &[CallRecord]) -> Vec<String> {
    let mut ids = Vec::new();
    for record in written {
        if record.call.what.starts_with("ec2 StopInstances") {
            let named = record.call.facts.get(IDS).map_or("", String::as_str);
            ids = named.split(COMMA).map(str::to_owned).collect();
        }
        let started = record.call.what.starts_with("ec2 StartInstances");
        if started && record.outcome == CallOutcome::Made {
            ids.clear();
        }
    }
    ids
}

async fn start(account: &Account, ids: &[String]) -> Result<(), ProviderError> {
    let answer = (account.act.ec2.start_instances())
        .set_instance_ids(Some(ids.to_vec()))
        .send()
        .await;
    account.told("start the instances", answer).map(drop)
}

/// Waits until they run.
async fn running(account: &Account, ids: &[String]) -> Result<(), ProviderError> {
    if ids.is_empty() {
        return Ok(());
    }
    loop {
        let found = instances(account, vec![filter("instance-id", ids.to_vec())]).await?;
        if let Some(stuck) = found
            .iter()
            .find(|of| matches!(state(of), "stopped" | "terminated"))
        {
            let why = format!(
                "{} did not start: {}",
                stuck.instance_id().unwrap_or_default(),
                stuck
                    .state_reason()
                    .and_then(|reason| reason.message())
                    .unwrap_or("no reason is given")
            );
            return Err(account.failed("start the instances", why));
        }
        if found.iter().all(|of| state(of) == "running") {
            return Ok(());
        }
        tokio::time::sleep(account.pace()).await;
    }
}

async fn remove_marks(account: &Account, ids: &[String]) -> Result<(), ProviderError> {
    let keys = [tags::CHANGE, tags::RUN, tags::FAULT];
    let tags = keys.map(|key| Tag::builder().key(key).build());
    let answer = (account.act.ec2.delete_tags())
        .set_resources(Some(ids.to_vec()))
        .set_tags(Some(tags.to_vec()))
        .send()
        .await;
    account
        .told("take the tags off the instances", answer)
        .map(drop)
}

/// What a person does instead.
pub(super) fn by_hand(account: &Account, change: &ChangeId) -> Vec<String> {
    let by_tag = format!("--filters Name=tag:{},Values={change}", tags::CHANGE);
    vec![
        account.command(&format!(
            "ec2 describe-instances {by_tag} --query 'Reservations[].Instances[].[InstanceId,State.Name]'"
        )),
        account.command("ec2 start-instances --instance-ids IDS  # those that are stopped"),
        account.command(&format!(
            "ec2 delete-tags --resources IDS --tags Key={} Key={} Key={}",
            tags::CHANGE,
            tags::RUN,
            tags::FAULT
        )),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u32, call: Call, outcome: CallOutcome) -> CallRecord {
        CallRecord {
            number,
            call,
            outcome,
        }
    }

    #[test]
    fn what_was_started_again_is_not_started_twice() {
        let ids = ["i-1".to_owned(), "i-2".to_owned()];
        let mut written = vec![
            record(0, mark_call(&ids), CallOutcome::Made),
            record(1, stop_call(&ids), CallOutcome::Unknown),
        ];
        assert_eq!(noted(&written), ids);
        let start = Call::new("ec2 StartInstances i-1, i-2", "i-1,i-2");
        written.push(record(2, start.clone(), CallOutcome::Unknown));
        assert_eq!(noted(&written), ids, "it may not have been made");
        written.push(record(3, start, CallOutcome::Made));
        assert!(noted(&written).is_empty());
    }

    #[test]
    fn tags_alone_stop_nothing() {
        let ids = ["i-1".to_owned()];
        let written = [record(0, mark_call(&ids), CallOutcome::Unknown)];
        assert!(noted(&written).is_empty());
    }
}
