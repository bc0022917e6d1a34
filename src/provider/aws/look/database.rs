//! The database: an RDS instance with a standby in another zone, a Multi-AZ cluster, or Aurora.

use aws_sdk_rds::types::{DbCluster, DbInstance, Tag};

use crate::provider::aws::account::Account;
use crate::provider::aws::error::code_of;
use crate::provider::aws::tags;
use crate::provider::{DatabaseView, NodeView, ProviderError, Role};

/// As RDS describes it.
#[derive(Debug, Clone)]
pub(in crate::provider::aws) enum Described {
    /// One endpoint, and perhaps a standby that nobody can talk to.
    Instance(Box<DbInstance>),
    /// A writer and readers, with the instances that are its members.
    Cluster(Box<DbCluster>, Vec<DbInstance>),
}

/// The database of the scenario.
#[derive(Debug, Clone)]
pub(in crate::provider::aws) enum Chosen {
    This(Described),
    /// Which one cannot be said, and why.
    Unclear(String),
    None,
}

/// The database as faults see it; none: there is none.
pub(super) async fn look(account: &Account) -> Result<Option<DatabaseView>, ProviderError> {
    Ok(match choose(account).await? {
        Chosen::This(described) => Some(described.view(&account.spec.allow)),
        Chosen::Unclear(why) => Some(DatabaseView {
            shielded: Some(why),
            ..DatabaseView::default()
        }),
        Chosen::None => None,
    })
}

/// The one that the scenario names, or the only one that opted in.
pub(in crate::provider::aws) async fn choose(account: &Account) -> Result<Chosen, ProviderError> {
    let (clusters, instances) = if let Some(name) = &account.spec.database {
        let cluster = clusters(account, Some(name)).await?;
        let instances = match cluster.is_empty() {
            true => instances(account, Some(name)).await?,
            false => instances(account, None).await?,
        };
        (cluster, instances)
    } else {
        (
            clusters(account, None).await?,
            instances(account, None).await?,
        )
    };
    Ok(only(clusters, instances, &account.spec))
}

/// Of all that are there, the one that is meant. Pure.
fn only(
    clusters: Vec<DbCluster>,
    instances: Vec<DbInstance>,
    spec: &crate::scenario::AwsSpec,
) -> Chosen {
    let opted = |tags: &[Tag]| opt_in(tags, &spec.allow).is_some_and(tags::allows);
    let named = spec.database.is_some();
    let members = |cluster: &DbCluster| {
        let belongs = |instance: &&DbInstance| {
            instance.db_cluster_identifier() == cluster.db_cluster_identifier()
        };
        instances.iter().filter(belongs).cloned().collect()
    };
    let mut found: Vec<Described> = (clusters.iter())
        .filter(|cluster| named || opted(cluster.tag_list()))
        .map(|cluster| Described::Cluster(Box::new(cluster.clone()), members(cluster)))
        .collect();
    let is_named = |instance: &DbInstance| {
        spec.database.is_none() || instance.db_instance_identifier() == spec.database.as_deref()
    };
    found.extend(
        (instances.iter())
            .filter(|instance| instance.db_cluster_identifier().is_none() && is_named(instance))
            .filter(|instance| named || opted(instance.tag_list()))
            .map(|instance| Described::Instance(Box::new(instance.clone()))),
    );
    match (found.len(), &spec.database) {
        (1, _) => found.pop().map_or(Chosen::None, Chosen::This),
        (0, Some(name)) => Chosen::Unclear(format!(
            "there is no database instance or cluster `{name}` in this region"
        )),
        (0, None) => Chosen::None,
        (count, _) => {
            let names: Vec<&str> = found.iter().map(Described::name).collect();
            Chosen::Unclear(format!(
                "{count} databases have the tag {} ({}): name one by database = \"…\" in [aws]",
                spec.allow,
                names.join(", ")
            ))
        }
    }
}

async fn clusters(account: &Account, name: Option<&str>) -> Result<Vec<DbCluster>, ProviderError> {
    let mut pages = (account.look.rds.describe_db_clusters())
        .set_db_cluster_identifier(name.map(str::to_owned))
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        if code_of(&page).starts_with("DBClusterNotFound") {
            break;
        }
        let page = account.told("describe its database clusters", page)?;
        found.extend(page.db_clusters.unwrap_or_default());
    }
    Ok(found)
}

async fn instances(
    account: &Account,
    name: Option<&str>,
) -> Result<Vec<DbInstance>, ProviderError> {
    let mut pages = (account.look.rds.describe_db_instances())
        .set_db_instance_identifier(name.map(str::to_owned))
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        if code_of(&page).starts_with("DBInstanceNotFound") {
            break;
        }
        let page = account.told("describe its database instances", page)?;
        found.extend(page.db_instances.unwrap_or_default());
    }
    Ok(found)
}

fn opt_in<'t>(tags: &'t [Tag], allow: &str) -> Option<&'t str> {
    let mut tags = tags.iter();
    tags.find(|tag| tag.key() == Some(allow))
        .map(|tag| tag.value().unwrap_or_default())
}

impl Described {
    /// Its identifier.
    pub(in crate::provider::aws) fn name(&self) -> &str {
        match self {
            Self::Instance(instance) => instance.db_instance_identifier(),
            Self::Cluster(cluster, _) => cluster.db_cluster_identifier(),
        }
        .unwrap_or_default()
    }

    /// As RDS says it: `available`, `rebooting` …
    pub(in crate::provider::aws) fn status(&self) -> &str {
        match self {
            Self::Instance(instance) => instance.db_instance_status(),
            Self::Cluster(cluster, _) => cluster.status(),
        }
        .unwrap_or("unknown")
    }

    /// Where clients connect: host and port.
    pub(in crate::provider::aws) fn endpoint(&self) -> Option<(String, u16)> {
        let (host, port) = match self {
            Self::Instance(instance) => {
                let endpoint = instance.endpoint()?;
                (endpoint.address()?, endpoint.port())
            }
            Self::Cluster(cluster, _) => (cluster.endpoint()?, cluster.port()),
        };
        Some((
            host.to_owned(),
            port.and_then(|port| port.try_into().ok()).unwrap_or(0),
        ))
    }

    /// As faults see it.
    pub(in crate::provider::aws) fn view(&self, allow: &str) -> DatabaseView {
        let (nodes, tags) = match self {
            Self::Instance(instance) => (pair(instance), instance.tag_list()),
            Self::Cluster(cluster, members) => (of_cluster(cluster, members), cluster.tag_list()),
        };
        let primary = nodes.iter().find(|node| node.role == Role::Primary);
        let available = self.status() == "available";
        let elsewhere = |node: &NodeView| {
            node.role == Role::Standby && primary.is_some_and(|primary| primary.zone != node.zone)
        };
        let opted = opt_in(tags, allow);
        DatabaseView {
            redundant: available && nodes.iter().any(elsewhere),
            endpoint: primary.filter(|_| available).map(|node| node.name.clone()),
            shielded: (!opted.is_some_and(tags::allows))
                .then(|| tags::no_opt_in(&format!("database {}", self.name()), allow, opted)),
            nodes,
        }
    }
}

/// The two sides of a Multi-AZ instance have one identifier: they are told apart by their zones.
fn pair(instance: &DbInstance) -> Vec<NodeView> {
    let id = instance.db_instance_identifier().unwrap_or_default();
    let node = |zone: Option<&str>, role| {
        zone.map(|zone| NodeView {
            name: format!("{id} in {zone}"),
            zone: zone.to_owned(),
            role,
        })
    };
    let standby = instance.secondary_availability_zone();
    let standby = standby.filter(|_| instance.multi_az() == Some(true));
    node(instance.availability_zone(), Role::Primary)
        .into_iter()
        .chain(node(standby, Role::Standby))
        .collect()
}

fn of_cluster(cluster: &DbCluster, members: &[DbInstance]) -> Vec<NodeView> {
    let node = |member: &aws_sdk_rds::types::DbClusterMember| {
        let name = member.db_instance_identifier()?;
        let instance = members
            .iter()
            .find(|of| of.db_instance_identifier() == Some(name));
        let status = instance.and_then(|of| of.db_instance_status());
        let zone = instance.and_then(|of| of.availability_zone());
        let role = match (member.is_cluster_writer(), status) {
            (Some(true), _) => Role::Primary,
            (_, Some("available") | None) => Role::Standby,
            _ => Role::Other,
        };
        Some(NodeView {
            name: name.to_owned(),
            zone: zone.unwrap_or_default().to_owned(),
            role,
        })
    };
    cluster
        .db_cluster_members()
        .iter()
        .filter_map(node)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::AwsSpec;

    fn tag() -> Tag {
        Tag::builder().key("loadtest/allow").value("true").build()
    }

    fn instance(id: &str) -> DbInstance {
        DbInstance::builder()
            .db_instance_identifier(id)
            .db_instance_status("available")
            .multi_az(true)
            .availability_zone("eu-west-1a")
            .secondary_availability_zone("eu-west-1b")
            .tag_list(tag())
            .build()
    }

    #[test]
    fn a_multi_az_instance_is_a_pair_told_apart_by_zone() {
        let view = Described::Instance(Box::new(instance("shop"))).view("loadtest/allow");
        let names: Vec<_> = view.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["shop in eu-west-1a", "shop in eu-west-1b"]);
        assert!(view.redundant && view.shielded.is_none());
        assert_eq!(view.endpoint.as_deref(), Some("shop in eu-west-1a"));
    }

    #[test]
    fn without_a_standby_zone_or_while_busy_it_is_not_redundant() {
        let mut single = instance("shop");
        single.secondary_availability_zone = None;
        let mut busy = instance("shop");
        busy.db_instance_status = Some("modifying".into());
        for one in [single, busy] {
            assert!(
                !Described::Instance(Box::new(one))
                    .view("loadtest/allow")
                    .redundant
            );
        }
    }

    #[test]
    fn two_that_opted_in_are_unclear_until_one_is_named() {
        let both = || vec![instance("shop"), instance("billing")];
        let any = AwsSpec::default();
        assert!(
            matches!(only(vec![], both(), &any), Chosen::Unclear(why) if why.contains("billing"))
        );
        let named = AwsSpec {
            database: Some("shop".into()),
            ..AwsSpec::default()
        };
        let Chosen::This(chosen) = only(vec![], both(), &named) else {
            panic!("it is named")
        };
        assert_eq!(chosen.name(), "shop");
    }

    #[test]
    fn one_that_is_named_still_needs_the_tag() {
        let mut bare = instance("shop");
        bare.tag_list = None;
        let view = Described::Instance(Box::new(bare)).view("loadtest/allow");
        assert!(
            view.shielded
                .is_some_and(|why| why.contains("loadtest/allow"))
        );
    }
}
