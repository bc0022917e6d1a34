//! The load balancer's health checks: who they take out, and who they let in again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Blind;
use crate::provider::aws::account::Account;
use crate::provider::aws::look;

/// Tells when a target's health changes.
pub(super) async fn watch(account: Arc<Account>) {
    let Some(balancer) = account.spec.load_balancer.clone() else {
        return;
    };
    let mut blind = Blind::default();
    let mut known = BTreeMap::<String, bool>::new();
    loop {
        let seen = look::targets::look(&account, &balancer).await;
        if let Some(seen) = blind.told(&account, "targets", seen) {
            let now: BTreeMap<String, bool> = seen
                .into_iter()
                .map(|target| (target.name, target.ready))
                .collect();
            for (name, before) in &known {
                // One that is gone serves as little as one that is unwell.
                let ready = now.get(name).copied().unwrap_or(false);
                if *before && !ready {
                    account.happenings.tell("target-unhealthy", name, "");
                }
            }
            for (name, _) in now.iter().filter(|(_, ready)| **ready) {
                if known.get(name) == Some(&false) {
                    account.happenings.tell("target-healthy", name, "");
                }
            }
            known = now;
        }
        tokio::time::sleep(account.pace()).await;
    }
}
