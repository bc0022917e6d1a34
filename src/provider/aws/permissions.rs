//! Which rights each kind of fault needs. `ci/aws/` grants them. Mostly data.

use super::account::Account;
use super::error::is_denied;
use super::{act, look};
use crate::provider::{Answer, Permission, Rehearsed};
use crate::scenario::FaultKind;

/// A group of rights: to look, and to act.
struct Group {
    read: &'static [&'static str],
    write: &'static [&'static str],
}

const ALWAYS: &[&str] = &["sts:GetCallerIdentity", "ec2:DescribeAvailabilityZones"];
const DATABASE: Group = Group {
    read: &[
        "rds:DescribeDBInstances",
        "rds:DescribeDBClusters",
        "rds:DescribeEvents",
    ],
    write: &["rds:RebootDBInstance", "rds:FailoverDBCluster"],
};
const NETWORKS: Group = Group {
    read: &["ec2:DescribeSubnets", "ec2:DescribeNetworkAcls"],
    write: &[
        "ec2:CreateNetworkAcl",
        "ec2:CreateTags",
        "ec2:ReplaceNetworkAclAssociation",
        "ec2:DeleteNetworkAcl",
    ],
};
const INSTANCES: Group = Group {
    read: &[
        "ec2:DescribeInstances",
        "autoscaling:DescribeAutoScalingGroups",
    ],
    write: &[
        "ec2:StopInstances",
        "ec2:StartInstances",
        "ec2:CreateTags",
        "ec2:DeleteTags",
    ],
};
const TASKS: Group = Group {
    read: &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeServices"],
    write: &["ecs:StopTask"],
};
const SHIFT: Group = Group {
    read: &[
        "arc-zonal-shift:ListZonalShifts",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
    ],
    write: &[
        "arc-zonal-shift:StartZonalShift",
        "arc-zonal-shift:CancelZonalShift",
    ],
};
const QUEUE: Group = Group {
    read: &[
        "sqs:GetQueueUrl",
        "sqs:GetQueueAttributes",
        "sqs:ListQueueTags",
    ],
    write: &["sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"],
};

fn groups(kind: &FaultKind) -> Vec<(Group, bool)> {
    match kind {
        FaultKind::DbFailover { .. } | FaultKind::DbCrash { .. } | FaultKind::DbReboot => {
            vec![(DATABASE, true)]
        }
        // What else is in the zone is only looked at.
        FaultKind::ZoneOutage { .. } => vec![
            (NETWORKS, true),
            (DATABASE, false),
            (INSTANCES, false),
            (TASKS, false),
        ],
        FaultKind::ZoneShift { .. } => vec![(SHIFT, true)],
        FaultKind::ZoneStop { .. } | FaultKind::InstanceStop { .. } => vec![(INSTANCES, true)],
        FaultKind::PodKill { .. } | FaultKind::EcsTaskStop { .. } => vec![(TASKS, true)],
        FaultKind::QueueDelay { .. } => vec![(QUEUE, true)],
        // AWS has no such faults.
        _ => Vec::new(),
    }
}

/// All rights that these kinds need, each once. Pure.
fn needed(kinds: &[FaultKind], alarms: bool) -> Vec<(String, String, bool)> {
    let mut found: Vec<(String, String, bool)> = Vec::new();
    let mut add = |right: &str, what_for: &str, reads: bool| {
        if !found.iter().any(|(known, ..)| known == right) {
            found.push((right.to_owned(), what_for.to_owned(), reads));
        }
    };
    for right in ALWAYS {
        add(right, "every fault", true);
    }
    if alarms {
        add("cloudwatch:DescribeAlarms", "alarms", true);
    }
    for kind in kinds {
        for (group, acts) in groups(kind) {
            for right in group.read {
                add(right, kind.name(), true);
            }
            for right in group.write.iter().filter(|_| acts) {
                add(right, kind.name(), false);
            }
        }
    }
    found
}

/// The rights, and of those that can be asked for by reading whether they are held. Whether a right
/// to act is held EC2 alone can say, in a rehearsal of the exact calls.
pub(super) async fn permissions(account: &Account, kinds: &[FaultKind]) -> Vec<Permission> {
    let denied = denied(account).await;
    let alarms = !account.spec.alarms.is_empty();
    let needed = needed(kinds, alarms).into_iter();
    needed
        .map(|(what, needed_for, reads)| {
            let service = what.split(':').next().unwrap_or_default();
            let held = reads.then(|| !denied.contains(&service));
            Permission {
                what,
                needed_for,
                held,
            }
        })
        .collect()
}

/// Services whose needed reads are denied.
async fn denied(account: &Account) -> Vec<&'static str> {
    let mut denied = Vec::new();
    let mut note = |service, error: Option<crate::provider::ProviderError>| {
        if error.as_ref().is_some_and(is_denied) {
            denied.push(service);
        }
    };
    let needs = account.needs;
    note("ec2", look::zones::look(account).await.err());
    if needs.networks {
        note("ec2", look::networks::look(account).await.err());
    }
    if needs.instances {
        note("ec2", look::hosts::look(account).await.err());
    }
    if needs.database {
        note("rds", look::database::choose(account).await.err());
    }
    if needs.tasks {
        note("ecs", look::tasks::look(account).await.err());
    }
    if needs.shift {
        note("arc-zonal-shift", look::shifts::active(account).await.err());
    }
    if let Some(balancer) = &account.spec.load_balancer {
        let seen = look::targets::look(account, balancer).await;
        note("elasticloadbalancing", seen.err());
    }
    if needs.queue {
        note("sqs", look::queue::look(account).await.err());
    }
    denied
}

/// The calls of a change, each with EC2's own word on whether it would be made, where EC2 is asked.
pub(super) async fn rehearse(
    account: &Account,
    change: &crate::provider::Change,
) -> Result<Vec<Rehearsed>, crate::provider::ProviderError> {
    let calls = act::calls(account, change).await?;
    let mut rehearsed = Vec::new();
    for call in calls {
        let answer = act::dry::run(account, change, &call).await;
        rehearsed.push(Rehearsed {
            answer: answer.unwrap_or(Answer::Unknown),
            call,
        });
    }
    Ok(rehearsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::PodSelector;

    fn names(kind: FaultKind) -> Vec<String> {
        let needed = needed(&[kind], false).into_iter();
        needed.map(|(right, ..)| right).collect()
    }

    #[test]
    fn a_fault_needs_no_right_that_it_does_not_use() {
        let failover = names(FaultKind::DbFailover {
            profile: None,
            shard: 1,
        });
        assert!(failover.contains(&"rds:FailoverDBCluster".to_owned()));
        assert!(!failover.iter().any(|right| right.starts_with("ec2:Stop")));
        let outage = names(FaultKind::ZoneOutage { zone: "b".into() });
        assert!(outage.contains(&"rds:DescribeDBInstances".to_owned()));
        assert!(!outage.contains(&"rds:RebootDBInstance".to_owned()));
    }

    /// The policies of `ci/aws` by file name.
    fn policy(name: &str) -> String {
        let path = format!("{}/ci/aws/{name}.json", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn the_policies_grant_exactly_what_is_asked_for() {
        let tasks = FaultKind::EcsTaskStop {
            tasks: PodSelector::default(),
        };
        let kinds = [
            (FaultKind::DbReboot, "database"),
            (FaultKind::ZoneOutage { zone: "b".into() }, "zone-outage"),
            (FaultKind::ZoneStop { zone: "b".into() }, "instances"),
            (
                FaultKind::ZoneShift {
                    zone: "b".into(),
                    expires: std::time::Duration::from_secs(60),
                },
                "zonal-shift",
            ),
            (tasks, "tasks"),
            (
                FaultKind::QueueDelay {
                    delay: crate::scenario::QueueDelay::Delivery(std::time::Duration::from_secs(1)),
                },
                "queue",
            ),
        ];
        let planning = policy("planning");
        for (kind, file) in kinds {
            let acting = policy(file);
            for (right, _, reads) in needed(&[kind], true) {
                let granted = if reads { &planning } else { &acting };
                assert!(
                    granted.contains(&format!("\"{right}\"")),
                    "{right} in {file}"
                );
            }
        }
        for verb in [
            "Create", "Delete", "Stop", "Start", "Reboot", "Failover", "Set", "Tag", "Replace",
        ] {
            assert!(
                !planning.contains(&format!(":{verb}")),
                "planning only reads: {verb}"
            );
        }
    }
}
