//! Which part of an AWS account faults may touch.

use std::time::Duration;

/// `[aws]`: where faults with `provider = "aws"` act. Holds no secrets: credentials come from AWS's
/// own chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSpec {
    /// Region; none: the shared configuration's, or the environment's.
    pub region: Option<String>,
    /// Profile of the shared configuration; none: the default chain of credentials.
    pub profile: Option<String>,
    /// The tag without which nothing is touched.
    pub allow: String,
    /// Identifier of the database instance or cluster; none: the only one with the opt-in tag.
    pub database: Option<String>,
    /// ARN of the load balancer whose traffic a zonal shift moves.
    pub load_balancer: Option<String>,
    /// ECS cluster, by name or ARN; none: the cluster `default`.
    pub cluster: Option<String>,
    /// SQS queue, by name or URL.
    pub queue: Option<String>,
    /// CloudWatch alarms that detect faults, and that end a run in which no fault explains them.
    pub alarms: Vec<String>,
}

impl Default for AwsSpec {
    fn default() -> Self {
        Self {
            region: None,
            profile: None,
            allow: "loadtest/allow".to_owned(),
            database: None,
            load_balancer: None,
            cluster: None,
            queue: None,
            alarms: Vec::new(),
        }
    }
}

/// Which EC2 instances. Every given condition must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceSelector {
    /// Instance id, or the tag `Name`.
    pub name: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// Tags.
    pub tags: std::collections::BTreeMap<String, String>,
    /// How many of those that match.
    pub pick: super::PickCount,
}

/// What is raised at a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueDelay {
    /// New messages are not seen before this long.
    Delivery(Duration),
    /// A message that was taken and not deleted is not seen again before this long.
    Visibility(Duration),
}
