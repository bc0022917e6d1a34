//! `deploy`: another version takes over while users are served. Nobody should notice a good one.

use target_app::api::Strategy;

use super::{Choice, Fault, Plan, Refusal, workloads};
use crate::provider::{Change, Snapshot};
use crate::scenario::{Deploy as Wanted, DeployStrategy, WorkloadSelector};

/// The shop's own name for what is deployed.
const SHOP: &str = "deployment/shop";

/// A version that takes the place of the one that runs.
pub(super) struct Deploy {
    pub(super) deploy: Wanted,
}

impl Fault for Deploy {
    fn plan(&self, now: &Snapshot, _choice: Choice<'_>) -> Result<Plan, Refusal> {
        let selector = WorkloadSelector {
            name: SHOP.to_owned(),
            namespace: None,
        };
        let workload = workloads::find(&selector, now)?;
        let name = workloads::exact(workload);
        if !workload.settled {
            return Err(Refusal(format!(
                "{name} is in the middle of a rollout: wait until it has ended"
            )));
        }
        let Wanted {
            version,
            strategy,
            bad,
            rollback_when,
        } = &self.deploy;
        let desired = workload.desired;
        let strategy = exact(strategy, desired)?;
        let back = rollback_when.as_ref().map_or(String::new(), |rule| {
            format!(
                "; taken back by itself when its own traffic shows {}",
                rule.text
            )
        });
        Ok(Plan {
            words: format!(
                "deploy version {version} of {name}, {}",
                in_words(&strategy)
            ),
            blast_radius: format!(
                "all {desired} pods of {name} are replaced{}{back}",
                bad.words()
                    .map_or(String::new(), |bad| format!(" by {bad}")),
            ),
            change: Change::Deploy {
                workload: name.clone(),
                version: version.clone(),
                strategy,
                bad: *bad,
                rollback_when: rollback_when.clone(),
            },
            targets: vec![name],
            undo: "the version before comes back, in good order as well".to_owned(),
            restored_when: "every pod is of the version before and serves".to_owned(),
        })
    }
}

/// For so many pods. As Kubernetes counts: a part of a pod more is one, a part of a pod fewer none.
fn exact(strategy: &DeployStrategy, pods: u32) -> Result<Strategy, Refusal> {
    Ok(match strategy {
        DeployStrategy::Rolling {
            max_surge,
            max_unavailable,
        } => {
            let max_surge = max_surge.rounded_up(pods);
            let max_unavailable = max_unavailable.rounded_down(pods);
            if max_surge == 0 && max_unavailable == 0 {
                return Err(Refusal(format!(
                    "of {pods} pods, max_surge and max_unavailable both come to none: no pod could \
                     ever be replaced"
                )));
            }
            Strategy::Rolling {
                max_surge,
                max_unavailable,
            }
        }
        DeployStrategy::BlueGreen { keep_old } => Strategy::BlueGreen {
            keep_old_ms: u64::try_from(keep_old.as_millis()).unwrap_or(u64::MAX),
        },
        DeployStrategy::Canary { steps } => Strategy::Canary {
            steps: steps.clone(),
        },
    })
}

fn in_words(strategy: &Strategy) -> String {
    match strategy {
        Strategy::Rolling {
            max_surge,
            max_unavailable,
        } => format!("rolling: at most {max_surge} pods more and {max_unavailable} fewer"),
        Strategy::BlueGreen { keep_old_ms } => format!(
            "blue-green: a whole second set, one switch, the old set leaves {} s later",
            *keep_old_ms as f64 / 1e3
        ),
        Strategy::Canary { steps } => {
            let shares: Vec<String> = (steps.iter())
                .map(|step| format!("{} %", step.share))
                .collect();
            format!("canary: {} of the traffic", shares.join(", "))
        }
    }
}
