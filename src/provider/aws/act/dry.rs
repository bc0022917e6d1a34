//! EC2's `DryRun`: the call is judged with all its conditions, and not made.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};

use super::super::account::Account;
use crate::provider::{Answer, Call, Change, ProviderError};

/// What EC2 says of the call; none: it is not one that EC2 can rehearse.
pub(in crate::provider::aws) async fn run(
    account: &Account,
    change: &Change,
    call: &Call,
) -> Option<Answer> {
    let ec2 = &account.act.ec2;
    let is = |name: &str| call.what.starts_with(name);
    match change {
        Change::StopHosts { hosts } if is("ec2 StopInstances") => {
            let request = ec2.stop_instances().set_instance_ids(Some(hosts.clone()));
            judged(account, request.dry_run(true).send().await)
        }
        Change::StopHosts { hosts } if is("ec2 CreateTags") => {
            let tag = aws_sdk_ec2::types::Tag::builder()
                .key("loadtest:change")
                .value("dry-run");
            let request = ec2
                .create_tags()
                .set_resources(Some(hosts.clone()))
                .tags(tag.build());
            judged(account, request.dry_run(true).send().await)
        }
        Change::CutNetworks { .. } if is("ec2 CreateNetworkAcl") => {
            let vpc = call.on.strip_prefix("vpc ")?;
            let request = ec2.create_network_acl().vpc_id(vpc).dry_run(true);
            judged(account, request.send().await)
        }
        // Replacing an association needs the list that is not made yet.
        _ => None,
    }
}

fn judged<T, E>(
    account: &Account,
    answer: Result<T, SdkError<E, aws_sdk_ec2::config::http::HttpResponse>>,
) -> Option<Answer>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if super::code_of(&answer) == "DryRunOperation" {
        return Some(Answer::Accepted);
    }
    match account.told("rehearse the call", answer) {
        Err(ProviderError::Refused { reason, .. }) => Some(Answer::Refused(reason)),
        Err(_) | Ok(_) => None,
    }
}
