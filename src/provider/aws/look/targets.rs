//! What stands behind the load balancer, as its health checks see it.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;

use super::hosts::{filter, instances};
use crate::provider::aws::account::Account;
use crate::provider::{PodView, ProviderError};

/// All targets of all groups. They are only looked at: nothing is ever done to a target itself.
pub(in crate::provider::aws) async fn look(
    account: &Account,
    balancer: &str,
) -> Result<Vec<PodView>, ProviderError> {
    let groups = (account.look.elb.describe_target_groups())
        .load_balancer_arn(balancer)
        .send()
        .await;
    let groups = account.told("list the load balancer's target groups", groups)?;
    let mut found = Vec::new();
    for group in groups.target_groups() {
        let Some(arn) = group.target_group_arn() else {
            continue;
        };
        let answer = account.look.elb.describe_target_health();
        let answer = answer.target_group_arn(arn).send().await;
        let answer = account.told("tell its targets' health", answer)?;
        let name = group.target_group_name().unwrap_or(arn).to_owned();
        let targets = answer.target_health_descriptions.unwrap_or_default();
        found.extend(targets.into_iter().map(|target| (name.clone(), target)));
    }
    let zones = zones_of(account, &found).await?;
    Ok(found
        .iter()
        .filter_map(|(group, target)| view(group, target, &zones))
        .collect())
}

/// A target that is an instance does not tell its zone.
async fn zones_of(
    account: &Account,
    found: &[(String, TargetHealthDescription)],
) -> Result<BTreeMap<String, String>, ProviderError> {
    let ids = found.iter().filter_map(|(_, target)| target.target()?.id());
    let ids: Vec<String> = ids
        .filter(|id| id.starts_with("i-"))
        .map(str::to_owned)
        .collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let known = instances(account, vec![filter("instance-id", ids)]).await?;
    let zones = known.iter().filter_map(|instance| {
        let zone = instance.placement()?.availability_zone()?;
        Some((instance.instance_id()?.to_owned(), zone.to_owned()))
    });
    Ok(zones.collect())
}

fn view(
    group: &str,
    described: &TargetHealthDescription,
    zones: &BTreeMap<String, String>,
) -> Option<PodView> {
    let target = described.target()?;
    let id = target.id()?;
    let health = described.target_health().and_then(|health| health.state());
    let ready = health.is_some_and(|state| state.as_str() == "healthy");
    let zone = target.availability_zone().map(str::to_owned);
    Some(PodView {
        name: format!("target {id} of {group}"),
        uid: format!("{group}/{id}"),
        app: format!("target-group/{group}"),
        zone: zone.or_else(|| zones.get(id).cloned()).unwrap_or_default(),
        ready,
        serving: true,
        shielded: Some("it is a target of the load balancer, and only looked at".to_owned()),
        ..PodView::default()
    })
}
