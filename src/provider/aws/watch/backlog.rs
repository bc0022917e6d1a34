//! What waits in the queue.

use std::sync::Arc;

use aws_sdk_sqs::types::QueueAttributeName as Attribute;

use super::Blind;
use crate::provider::ProviderError;
use crate::provider::aws::account::Account;
use crate::provider::aws::look::queue::{attributes, url};

/// SQS counts approximately, and not by the second.
const PERIOD: u32 = 5;

/// Tells how much waits, whenever that changes.
pub(super) async fn watch(account: Arc<Account>) {
    let mut blind = Blind::default();
    let mut known = None;
    loop {
        if let Some(Some((queue, now))) = blind.told(&account, "queue", look(&account).await) {
            if known != Some(now) {
                let [waiting, delayed, taken] = now;
                let words = format!("{waiting} wait, {delayed} are delayed, {taken} are taken");
                account.happenings.tell("queue-backlog", queue, words);
            }
            known = Some(now);
        }
        tokio::time::sleep(account.pace() * PERIOD).await;
    }
}

async fn look(account: &Account) -> Result<Option<(String, [u64; 3])>, ProviderError> {
    let Some(queue) = url(account).await? else {
        return Ok(None);
    };
    let now = attributes(account, &queue).await?;
    let counts = [
        Attribute::ApproximateNumberOfMessages,
        Attribute::ApproximateNumberOfMessagesDelayed,
        Attribute::ApproximateNumberOfMessagesNotVisible,
    ];
    let counts = counts.map(|name| {
        let count = now.get(&name).and_then(|count| count.parse().ok());
        count.unwrap_or(0)
    });
    Ok(Some((queue, counts)))
}
