//! One region of an account: clients, and what is known from the start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::needs::Needs;
use super::own::Own;
use crate::provider::{ChangeId, Happenings, Place};
use crate::scenario::AwsSpec;

/// Everything that the parts of this provider share.
pub(super) struct Account {
    /// For calls that only read: throttled ones are tried again.
    pub(super) look: Clients,
    /// For calls that change something: none is ever repeated by the SDK.
    pub(super) act: Clients,
    pub(super) spec: AwsSpec,
    pub(super) needs: Needs,
    pub(super) own: Own,
    pub(super) happenings: Happenings,
    pub(super) region: String,
    pub(super) endpoint: Option<String>,
    /// In which ways each change was made, as far as this process knows.
    ways: Mutex<BTreeMap<ChangeId, BTreeSet<String>>>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.place())
    }
}

/// One client a service.
pub(super) struct Clients {
    pub(super) rds: aws_sdk_rds::Client,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) ecs: aws_sdk_ecs::Client,
    pub(super) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) scaling: aws_sdk_autoscaling::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) shift: aws_sdk_arczonalshift::Client,
}

impl Clients {
    pub(super) fn new(config: &aws_config::SdkConfig) -> Self {
        Self {
            rds: aws_sdk_rds::Client::new(config),
            ec2: aws_sdk_ec2::Client::new(config),
            ecs: aws_sdk_ecs::Client::new(config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(config),
            scaling: aws_sdk_autoscaling::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            shift: aws_sdk_arczonalshift::Client::new(config),
        }
    }
}

impl Account {
    pub(super) fn new(
        look: Clients,
        act: Clients,
        spec: AwsSpec,
        needs: Needs,
        own: Own,
        (region, endpoint): (String, Option<String>),
    ) -> Self {
        Self {
            look,
            act,
            spec,
            needs,
            own,
            happenings: Happenings::default(),
            region,
            endpoint,
            ways: Mutex::default(),
        }
    }

    /// The change was, or may have been, made in these ways.
    pub(super) fn goes(&self, change: &ChangeId, ways: impl IntoIterator<Item = String>) {
        let mut known = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(change.clone()).or_default().extend(ways);
    }

    /// In which ways it was made; empty: that is not known.
    pub(super) fn ways_of(&self, change: &ChangeId) -> BTreeSet<String> {
        let known = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(change).cloned().unwrap_or_default()
    }

    pub(super) fn place(&self) -> Place {
        Place::Aws {
            region: self.region.clone(),
            profile: self.spec.profile.clone(),
            endpoint: self.endpoint.clone(),
        }
    }

    /// How often AWS is asked the same at the most. A stand-in on this machine throttles nobody.
    pub(super) fn pace(&self) -> Duration {
        match self.endpoint {
            None => Duration::from_secs(1),
            Some(_) => Duration::from_millis(100),
        }
    }

    /// How the AWS command line is called for this place.
    pub(super) fn command(&self, rest: &str) -> String {
        let mut command = format!("aws --region {}", self.region);
        if let Some(profile) = &self.spec.profile {
            command += &format!(" --profile {profile}");
        }
        if let Some(endpoint) = &self.endpoint {
            command += &format!(" --endpoint-url {endpoint}");
        }
        format!("{command} {rest}")
    }
}
