//! Stopping ECS tasks. Their services start others: nothing is to be undone.

use super::{WAY, inked, nothing};
use crate::provider::aws::account::Account;
use crate::provider::aws::look::tasks::{cluster, describe, service};
use crate::provider::{Call, Ink, Order, ProviderError};

pub(super) const NAME: &str = "tasks";

pub(super) fn calls(account: &Account, tasks: &[String]) -> Vec<Call> {
    tasks.iter().map(|task| call(account, task)).collect()
}

fn call(account: &Account, task: &str) -> Call {
    let what = format!("ecs StopTask {task} in {}", cluster(account));
    Call::new(what, format!("task {task}")).knowing(WAY, NAME)
}

pub(super) async fn apply(
    account: &Account,
    order: &Order,
    tasks: &[String],
    ink: &dyn Ink,
) -> Result<(), ProviderError> {
    let found = describe(account, tasks.to_vec()).await?;
    // Those that have stopped since they were chosen need no second stop.
    for task in found
        .iter()
        .filter(|task| task.desired_status() != Some("STOPPED"))
    {
        let arn = task.task_arn().unwrap_or_default();
        let id = arn.rsplit('/').next().unwrap_or(arn);
        if service(task).is_none() {
            let why = format!("{id} belongs to no service: nothing would start another");
            return Err(account.refused("stop tasks", why));
        }
        let stop = (account.act.ecs.stop_task())
            .cluster(cluster(account))
            .task(arn)
            .reason(format!("loadtest run {} change {}", order.run, order.id));
        let made = async { account.told("stop a task", stop.send().await).map(drop) };
        inked(ink, call(account, id), made, nothing).await?;
    }
    Ok(())
}

/// Whether all of them have ended.
pub(in crate::provider::aws) async fn all_stopped(
    account: &Account,
    tasks: &[String],
) -> Result<bool, ProviderError> {
    let found = describe(account, tasks.to_vec()).await?;
    Ok(found
        .iter()
        .all(|task| task.last_status() == Some("STOPPED")))
}
