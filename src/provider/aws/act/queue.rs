//! Raising a queue's delay, or how long taken messages stay out of sight.
//!
//! `SetQueueAttributes` takes no tags, so the old value is tagged first.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;

use super::{WAY, facts, inked, nothing};
use crate::provider::aws::account::Account;
use crate::provider::aws::error::code_of;
use crate::provider::aws::look::queue::{attributes, candidates, queue_tags};
use crate::provider::aws::tags::{self, Mark};
use crate::provider::{
    Call, CallOutcome, CallRecord, Change, ChangeId, Ink, Milestone, Order, ProviderError,
};

pub(super) const NAME: &str = "queue";
const QUEUE: &str = "queue";

/// A queue's attribute, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    name: QueueAttributeName,
    value: u64,
}

impl Setting {
    /// `DelaySeconds=0`
    fn text(&self) -> String {
        format!("{}={}", self.name.as_str(), self.value)
    }

    fn read(text: &str) -> Option<Self> {
        let (name, value) = text.split_once('=')?;
        let name = QueueAttributeName::from(name);
        let ours = matches!(
            name,
            QueueAttributeName::DelaySeconds | QueueAttributeName::VisibilityTimeout
        );
        let value = value.parse().ok()?;
        ours.then_some(Self { name, value })
    }
}

/// The queue's URL and its new setting.
fn wanted(change: &Change) -> Option<(&str, Setting)> {
    let Change::DelayQueue {
        queue,
        delay_s,
        visibility_s,
    } = change
    else {
        return None;
    };
    let setting = match (delay_s, visibility_s) {
        (Some(value), _) => Setting {
            name: QueueAttributeName::DelaySeconds,
            value: *value,
        },
        (None, value) => Setting {
            name: QueueAttributeName::VisibilityTimeout,
            value: (*value)?,
        },
    };
    Some((queue, setting))
}

pub(super) async fn calls(account: &Account, change: &Change) -> Result<Vec<Call>, ProviderError> {
    let (queue, setting, was) = fit(account, change).await?;
    Ok(vec![
        tag_call(&queue, &was),
        set_call(&queue, &setting, &was),
    ])
}

fn tag_call(queue: &str, was: &Setting) -> Call {
    Call::new(
        format!("sqs TagQueue {queue}: it was {}", was.text()),
        queue,
    )
    .undone_by("sqs UntagQueue")
    .knowing(WAY, NAME)
    .knowing(QUEUE, queue)
    .knowing("was", was.text())
}

fn set_call(queue: &str, setting: &Setting, was: &Setting) -> Call {
    let what = format!("sqs SetQueueAttributes {queue}: {}", setting.text());
    Call::new(what, queue)
        .undone_by(format!("sqs SetQueueAttributes {queue}: {}", was.text()))
        .knowing(WAY, NAME)
        .knowing(QUEUE, queue)
        .knowing("was", was.text())
}

pub(super) async fn apply(
    account: &Account,
    order: &Order,
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    let (queue, setting, was) = fit(account, &order.change).await?;
    let marks = queue_tags(account, &queue).await?;
    let open = marks.get(tags::CHANGE);
    if let Some(other) = open.filter(|open| **open != order.id.0) {
        let why = format!("it belongs to the open change {other}: recover that first");
        return Err(account.refused("delay the queue", why));
    }
    // A second attempt must not take the raised value for the old one.
    let was = marks
        .get(tags::WAS)
        .and_then(|was| Setting::read(was))
        .unwrap_or(was);
    if open.is_none() {
        let mark = Mark::of(order);
        let call = tag_call(&queue, &was);
        inked(ink, call, set_marks(account, &queue, &mark, &was), nothing).await?;
    }
    let call = set_call(&queue, &setting, &was);
    inked(ink, call, set(account, &queue, &setting), nothing).await?;
    let effective = Milestone::Effective(order.id.clone());
    let words = format!("{} instead of {}", setting.text(), was.text());
    account
        .happenings
        .reached("change-effective", effective, words);
    Ok(())
}

/// The queue, its new setting, and the old one.
async fn fit(
    account: &Account,
    change: &Change,
) -> Result<(String, Setting, Setting), ProviderError> {
    const WHAT: &str = "delay the queue";
    let Some((queue, setting)) = wanted(change) else {
        return Err(account.refused(WHAT, "the change does not say how"));
    };
    let allow = &account.spec.allow;
    let marks = queue_tags(account, queue).await?;
    let opted = marks.get(allow).map(String::as_str);
    if !opted.is_some_and(tags::allows) {
        return Err(account.refused(WHAT, tags::no_opt_in("the queue", allow, opted)));
    }
    let now = attributes(account, queue).await?;
    let value = now.get(&setting.name).and_then(|value| value.parse().ok());
    let Some(value) = value else {
        return Err(account.refused(WHAT, format!("it has no {}", setting.name.as_str())));
    };
    let was = Setting {
        name: setting.name.clone(),
        value,
    };
    Ok((queue.to_owned(), setting, was))
}

async fn set_marks(
    account: &Account,
    queue: &str,
    mark: &Mark,
    was: &Setting,
) -> Result<(), ProviderError> {
    let marks = mark
        .tags()
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut marks: HashMap<String, String> = marks.into_iter().collect();
    marks.insert(tags::WAS.to_owned(), was.text());
    let answer = account
        .act
        .sqs
        .tag_queue()
        .queue_url(queue)
        .set_tags(Some(marks));
    account.told("tag the queue", answer.send().await).map(drop)
}

async fn set(account: &Account, queue: &str, setting: &Setting) -> Result<(), ProviderError> {
    let answer = (account.act.sqs.set_queue_attributes())
        .queue_url(queue)
        .attributes(setting.name.clone(), setting.value.to_string())
        .send()
        .await;
    account.told("set the queue's attribute", answer).map(drop)
}

pub(super) async fn undo(
    account: &Account,
    change: &ChangeId,
    written: &[CallRecord],
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    let noted = facts(written, QUEUE).into_iter().map(str::to_owned);
    let mut queues: Vec<String> = noted.collect();
    if queues.is_empty() {
        queues = candidates(account).await?;
    }
    for queue in queues {
        let marks = queue_tags(account, &queue).await?;
        if marks.get(tags::CHANGE) == Some(&change.0) {
            give_back(account, &queue, &marks, ink).await?;
        } else if let Some(was) =
            noted_setting(written).filter(|_| !marks.contains_key(tags::CHANGE))
        {
            // Somebody took the mark away, but not the change.
            let call = again_call(&queue, &was);
            inked(ink, call, set(account, &queue, &was), nothing).await?;
        }
    }
    Ok(())
}

fn again_call(queue: &str, was: &Setting) -> Call {
    Call::new(
        format!("sqs SetQueueAttributes {queue}: {} again", was.text()),
        queue,
    )
    .knowing(WAY, NAME)
    .knowing(QUEUE, queue)
}

/// What the queue was, if it may have been changed and was not given back since.
fn noted_setting(written: &[CallRecord]) -> Option<Setting> {
    let mut noted = None;
    for record in written {
        if record.call.what.starts_with("sqs SetQueueAttributes") {
            let was = record
                .call
                .facts
                .get("was")
                .and_then(|was| Setting::read(was));
            match was {
                Some(was) => noted = Some(was),
                None if record.outcome == CallOutcome::Made => noted = None,
                None => {}
            }
        }
    }
    noted
}

/// The mark comes before the change, and goes after its undo.
async fn give_back(
    account: &Account,
    queue: &str,
    marks: &HashMap<String, String>,
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    let Some(was) = marks.get(tags::WAS).and_then(|was| Setting::read(was)) else {
        let why = format!(
            "{queue} does not remember what it was: the tag {} is gone",
            tags::WAS
        );
        return Err(account.failed("give the queue its times back", why));
    };
    let call = again_call(queue, &was);
    inked(ink, call, set(account, queue, &was), nothing).await?;
    let call = Call::new(format!("sqs UntagQueue {queue}"), queue)
        .knowing(WAY, NAME)
        .knowing(QUEUE, queue);
    inked(ink, call, remove_marks(account, queue), nothing).await
}

async fn remove_marks(account: &Account, queue: &str) -> Result<(), ProviderError> {
    let keys = [tags::CHANGE, tags::RUN, tags::FAULT, tags::WAS];
    let keys = keys.map(str::to_owned).to_vec();
    let answer = account
        .act
        .sqs
        .untag_queue()
        .queue_url(queue)
        .set_tag_keys(Some(keys));
    let answer = answer.send().await;
    if code_of(&answer).ends_with("QueueDoesNotExist") {
        return Ok(());
    }
    account
        .told("take the tags off the queue", answer)
        .map(drop)
}

/// What a person does instead.
pub(super) fn by_hand(account: &Account) -> Vec<String> {
    let queue = account.spec.queue.as_deref().unwrap_or("QUEUE_URL");
    vec![
        account.command(&format!(
            "sqs list-queue-tags --queue-url {queue}  # {} is what it was",
            tags::WAS
        )),
        account.command(&format!(
            "sqs set-queue-attributes --queue-url {queue} --attributes NAME=VALUE"
        )),
        account.command(&format!(
            "sqs untag-queue --queue-url {queue} --tag-keys {} {} {} {}",
            tags::CHANGE,
            tags::RUN,
            tags::FAULT,
            tags::WAS
        )),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_undone_once() {
        let (was, new) = (
            Setting::read("DelaySeconds=0"),
            Setting::read("DelaySeconds=30"),
        );
        let (was, new) = (was.expect("ours"), new.expect("ours"));
        let record = |call, outcome| CallRecord {
            number: 0,
            call,
            outcome,
        };
        let mut written = vec![record(tag_call("q", &was), CallOutcome::Made)];
        assert_eq!(noted_setting(&written), None, "a tag changes nothing");
        written.push(record(set_call("q", &new, &was), CallOutcome::Unknown));
        assert_eq!(noted_setting(&written), Some(was.clone()));
        written.push(record(again_call("q", &was), CallOutcome::Made));
        assert_eq!(noted_setting(&written), None);
    }

    #[test]
    fn a_setting_is_read_back_from_its_tag_and_no_other_attribute_is() {
        let setting = Setting {
            name: QueueAttributeName::VisibilityTimeout,
            value: 30,
        };
        assert_eq!(Setting::read(&setting.text()), Some(setting));
        assert_eq!(Setting::read("Policy=1"), None);
        assert_eq!(Setting::read("DelaySeconds=soon"), None);
    }
}
