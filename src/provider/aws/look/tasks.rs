//! Tasks of an ECS cluster.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{HealthStatus, ServiceField, Tag, Task, TaskField};

use crate::provider::aws::account::Account;
use crate::provider::aws::error::code_of;
use crate::provider::aws::tags;
use crate::provider::{PodView, ProviderError};

/// The API describes so many tasks, and so many services, in one call.
const TASKS_PER_CALL: usize = 100;
const SERVICES_PER_CALL: usize = 10;

/// The cluster's name or ARN.
pub(in crate::provider::aws) fn cluster(account: &Account) -> &str {
    account.spec.cluster.as_deref().unwrap_or("default")
}

/// All tasks that are meant to run.
pub(in crate::provider::aws) async fn look(
    account: &Account,
) -> Result<Vec<PodView>, ProviderError> {
    let found = tasks(account).await?;
    let services: BTreeSet<&str> = found.iter().filter_map(service).collect();
    let opted = services_tags(account, services).await?;
    Ok(found
        .iter()
        .filter_map(|task| view(account, task, &opted))
        .collect())
}

async fn tasks(account: &Account) -> Result<Vec<Task>, ProviderError> {
    let mut pages = (account.look.ecs.list_tasks())
        .cluster(cluster(account))
        .into_paginator()
        .send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        // Nobody has to have a cluster who has not named one.
        let absent = code_of(&page) == "ClusterNotFoundException";
        if absent && account.spec.cluster.is_none() {
            return Ok(Vec::new());
        }
        let page = account.told("list its tasks", page)?;
        arns.extend(page.task_arns.unwrap_or_default());
    }
    let mut found = Vec::new();
    for arns in arns.chunks(TASKS_PER_CALL) {
        found.extend(describe(account, arns.to_vec()).await?);
    }
    Ok(found)
}

/// These tasks, by id or ARN, as far as they are still known.
pub(in crate::provider::aws) async fn describe(
    account: &Account,
    tasks: Vec<String>,
) -> Result<Vec<Task>, ProviderError> {
    let answer = (account.look.ecs.describe_tasks())
        .cluster(cluster(account))
        .set_tasks(Some(tasks))
        .include(TaskField::Tags)
        .send()
        .await;
    let answer = account.told("describe its tasks", answer)?;
    Ok(answer.tasks.unwrap_or_default())
}

/// The tags of these services.
async fn services_tags(
    account: &Account,
    services: BTreeSet<&str>,
) -> Result<BTreeMap<String, Vec<Tag>>, ProviderError> {
    let services: Vec<&str> = services.into_iter().collect();
    let mut found = BTreeMap::new();
    for some in services.chunks(SERVICES_PER_CALL) {
        let names = some.iter().map(|name| (*name).to_owned()).collect();
        let answer = (account.look.ecs.describe_services())
            .cluster(cluster(account))
            .set_services(Some(names))
            .include(ServiceField::Tags)
            .send()
            .await;
        let answer = account.told("describe its services", answer)?;
        for service in answer.services.unwrap_or_default() {
            let name = service.service_name.unwrap_or_default();
            found.insert(name, service.tags.unwrap_or_default());
        }
    }
    Ok(found)
}

/// The name of the service that started it.
pub(in crate::provider::aws) fn service(task: &Task) -> Option<&str> {
    task.group()?.strip_prefix("service:")
}

fn view(account: &Account, task: &Task, services: &BTreeMap<String, Vec<Tag>>) -> Option<PodView> {
    let arn = task.task_arn()?;
    let name = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    let service = service(task);
    let own = services.get(service.unwrap_or_default());
    let of_service = own.map_or(&[][..], Vec::as_slice);
    let unwell = task.health_status() == Some(&HealthStatus::Unhealthy);
    let group = task.group().unwrap_or_default();
    let labels = of_service.iter().chain(task.tags()).filter_map(|tag| {
        Some((
            tag.key()?.to_owned(),
            tag.value().unwrap_or_default().to_owned(),
        ))
    });
    Some(PodView {
        uid: arn.to_owned(),
        app: service.unwrap_or(group).to_owned(),
        zone: task.availability_zone().unwrap_or_default().to_owned(),
        ready: task.last_status() == Some("RUNNING") && !unwell,
        serving: service.is_some(),
        labels: labels.collect(),
        owner: service.map(|service| format!("service/{service}")),
        host: task.container_instance_arn().map(str::to_owned),
        shielded: shielded(account, arn, of_service.iter().chain(task.tags())),
        name,
        ..PodView::default()
    })
}

fn shielded<'t>(
    account: &Account,
    arn: &str,
    tags: impl Iterator<Item = &'t Tag>,
) -> Option<String> {
    if account.own.task.as_deref() == Some(arn) {
        return Some("this tool runs in it".to_owned());
    }
    let allow = &account.spec.allow;
    // A task's own tag comes after its service's, and has the last word.
    let opted = tags.filter(|tag| tag.key() == Some(allow)).last();
    let opted = opted.map(|tag| tag.value().unwrap_or_default());
    (!opted.is_some_and(tags::allows))
        .then(|| tags::no_opt_in("neither it nor its service", allow, opted))
}
