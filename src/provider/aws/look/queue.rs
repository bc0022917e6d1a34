//! An SQS queue and its times.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;

use crate::provider::aws::account::Account;
use crate::provider::aws::error::code_of;
use crate::provider::aws::tags;
use crate::provider::{ProviderError, QueueView};

/// The queue that the scenario names; none: it names none.
pub(in crate::provider::aws) async fn look(
    account: &Account,
) -> Result<Option<QueueView>, ProviderError> {
    let Some(url) = url(account).await? else {
        return Ok(None);
    };
    let attributes = attributes(account, &url).await?;
    let number = |name: &QueueAttributeName| {
        let value = attributes.get(name);
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    let tags = queue_tags(account, &url).await?;
    let allow = &account.spec.allow;
    let opted = tags.get(allow).map(String::as_str);
    Ok(Some(QueueView {
        delay_s: number(&QueueAttributeName::DelaySeconds),
        visibility_s: number(&QueueAttributeName::VisibilityTimeout),
        waiting: number(&QueueAttributeName::ApproximateNumberOfMessages),
        shielded: (!opted.is_some_and(tags::allows))
            .then(|| tags::no_opt_in("the queue", allow, opted)),
        name: url,
    }))
}

/// The queue's URL; none: the scenario names none.
pub(in crate::provider::aws) async fn url(
    account: &Account,
) -> Result<Option<String>, ProviderError> {
    let Some(queue) = &account.spec.queue else {
        return Ok(None);
    };
    if queue.contains("://") {
        return Ok(Some(queue.clone()));
    }
    let answer = account
        .look
        .sqs
        .get_queue_url()
        .queue_name(queue)
        .send()
        .await;
    let answer = account.told(&format!("find the queue `{queue}`"), answer)?;
    Ok(answer.queue_url)
}

/// All attributes that AWS has of it.
pub(in crate::provider::aws) async fn attributes(
    account: &Account,
    url: &str,
) -> Result<HashMap<QueueAttributeName, String>, ProviderError> {
    let answer = (account.look.sqs.get_queue_attributes())
        .queue_url(url)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await;
    let answer = account.told("tell the queue's attributes", answer)?;
    Ok(answer.attributes.unwrap_or_default())
}

/// Its tags; none, when there is no such queue any more.
pub(in crate::provider::aws) async fn queue_tags(
    account: &Account,
    url: &str,
) -> Result<HashMap<String, String>, ProviderError> {
    let answer = account
        .look
        .sqs
        .list_queue_tags()
        .queue_url(url)
        .send()
        .await;
    if code_of(&answer).ends_with("QueueDoesNotExist") {
        return Ok(HashMap::new());
    }
    let answer = account.told("tell the queue's tags", answer)?;
    Ok(answer.tags.unwrap_or_default())
}

/// Where marks may be: the named queue, or every one of the region when nothing is known.
pub(in crate::provider::aws) async fn candidates(
    account: &Account,
) -> Result<Vec<String>, ProviderError> {
    if let Some(url) = url(account).await? {
        return Ok(vec![url]);
    }
    if !account.needs.tolerant {
        return Ok(Vec::new());
    }
    let mut pages = account.look.sqs.list_queues().into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = account.told("list its queues", page)?;
        found.extend(page.queue_urls.unwrap_or_default());
    }
    Ok(found)
}
