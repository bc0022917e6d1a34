//! Waiting until what was told to stop has stopped.

use std::sync::Arc;

use super::Blind;
use crate::provider::aws::account::Account;
use crate::provider::aws::act::{instances, tasks};
use crate::provider::{Change, ChangeId, Milestone};

/// Tells that the change's effect is complete.
pub(in crate::provider::aws) async fn watch(account: Arc<Account>, id: ChangeId, change: Change) {
    let mut blind = Blind::default();
    loop {
        let stopped = match &change {
            Change::StopHosts { hosts } => instances::all_stopped(&account, hosts).await,
            Change::KillPods { pods, .. } => tasks::all_stopped(&account, pods).await,
            _ => return,
        };
        if blind.told(&account, "what was stopped", stopped) == Some(true) {
            let effective = Milestone::Effective(id);
            account
                .happenings
                .reached("change-effective", effective, "all have stopped");
            return;
        }
        tokio::time::sleep(account.pace()).await;
    }
}
