//! Failover and reboot of RDS. Neither has an undo: failing back is a second outage.

use super::{WAY, inked, nothing};
use crate::provider::aws::account::Account;
use crate::provider::aws::look::database::{Chosen, Described, choose};
use crate::provider::{Call, Ink, ProviderError};

pub(super) const NAME: &str = "database";

/// What is asked of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider::aws) enum Ask {
    FailOver,
    Reboot,
}

/// The one call, if the database is fit for it.
pub(super) async fn calls(account: &Account, ask: Ask) -> Result<Vec<Call>, ProviderError> {
    let database = fit(account, ask).await?;
    Ok(vec![call(&database, ask)])
}

fn call(database: &Described, ask: Ask) -> Call {
    let name = database.name();
    let what = match (database, ask) {
        (Described::Instance(_), Ask::FailOver) => {
            format!("rds RebootDBInstance {name} ForceFailover=true")
        }
        (Described::Cluster(..), Ask::FailOver) => format!("rds FailoverDBCluster {name}"),
        (Described::Instance(_), Ask::Reboot) => {
            format!("rds RebootDBInstance {name} ForceFailover=false")
        }
        (Described::Cluster(..), Ask::Reboot) => {
            format!("rds RebootDBInstance {}", writer(database))
        }
    };
    Call::new(what, format!("database {name}")).knowing(WAY, NAME)
}

/// The member of a cluster that takes writes, or the instance itself.
fn writer(database: &Described) -> String {
    let view = database.view("");
    match database {
        Described::Instance(_) => database.name().to_owned(),
        Described::Cluster(..) => view
            .primary()
            .map_or_else(String::new, |node| node.name.clone()),
    }
}

pub(super) async fn apply(account: &Account, ask: Ask, ink: &dyn Ink) -> Result<(), ProviderError> {
    let database = fit(account, ask).await?;
    let call = call(&database, ask);
    inked(ink, call, order(account, &database, ask), nothing).await
}

async fn order(account: &Account, database: &Described, ask: Ask) -> Result<(), ProviderError> {
    let rds = &account.act.rds;
    match (database, ask) {
        (Described::Cluster(..), Ask::FailOver) => {
            let answer = rds
                .failover_db_cluster()
                .db_cluster_identifier(database.name());
            account
                .told("fail the cluster over", answer.send().await)
                .map(drop)
        }
        _ => {
            let answer = (rds.reboot_db_instance())
                .db_instance_identifier(writer(database))
                .force_failover(ask == Ask::FailOver)
                .send()
                .await;
            account.told("restart the database", answer).map(drop)
        }
    }
}

/// Looked at again right before the call: what was true when it was planned may not be now.
async fn fit(account: &Account, ask: Ask) -> Result<Described, ProviderError> {
    let what = match ask {
        Ask::FailOver => "fail the database over",
        Ask::Reboot => "restart the database",
    };
    let database = match choose(account).await? {
        Chosen::This(database) => database,
        Chosen::Unclear(why) => return Err(account.refused(what, why)),
        Chosen::None => {
            let allow = &account.spec.allow;
            return Err(account.refused(what, format!("no database has the tag {allow}")));
        }
    };
    match unfit(&database, ask, &account.spec.allow) {
        Some(why) => Err(account.refused(what, why)),
        None => Ok(database),
    }
}

/// Why it must not be asked for. Pure.
fn unfit(database: &Described, ask: Ask, allow: &str) -> Option<String> {
    let name = database.name();
    let view = database.view(allow);
    if let Some(why) = view.shielded {
        return Some(why);
    }
    if database.status() != "available" {
        let status = database.status();
        return Some(format!("{name} is {status}: wait until it is available"));
    }
    match (database, ask) {
        (_, Ask::Reboot) => None,
        (Described::Instance(instance), Ask::FailOver) if instance.multi_az() != Some(true) => {
            Some(format!(
                "{name} is not Multi-AZ: it has no standby to fail over to"
            ))
        }
        (Described::Instance(_), Ask::FailOver) if !view.redundant => Some(format!(
            "{name} names no zone of its standby: wait until its standby is built"
        )),
        (Described::Cluster(..), Ask::FailOver) if !view.redundant => Some(format!(
            "{name} has no available reader in another zone than its writer"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_rds::types::{DbInstance, Tag};

    fn instance() -> aws_sdk_rds::types::builders::DbInstanceBuilder {
        DbInstance::builder()
            .db_instance_identifier("shop")
            .db_instance_status("available")
            .multi_az(true)
            .availability_zone("eu-west-1a")
            .secondary_availability_zone("eu-west-1b")
            .tag_list(Tag::builder().key("allow").value("yes").build())
    }

    fn why(instance: aws_sdk_rds::types::builders::DbInstanceBuilder, ask: Ask) -> Option<String> {
        unfit(
            &Described::Instance(Box::new(instance.build())),
            ask,
            "allow",
        )
    }

    #[test]
    fn a_failover_needs_a_standby_that_is_built_and_an_instance_that_is_idle() {
        assert_eq!(why(instance(), Ask::FailOver), None);
        let single = why(instance().multi_az(false), Ask::FailOver).expect("refused");
        assert!(single.contains("not Multi-AZ"), "{single}");
        let unbuilt = instance().set_secondary_availability_zone(None);
        let unbuilt = why(unbuilt, Ask::FailOver).expect("refused");
        assert!(unbuilt.contains("no zone of its standby"), "{unbuilt}");
        let busy = why(instance().db_instance_status("backing-up"), Ask::FailOver);
        assert!(busy.is_some_and(|why| why.contains("backing-up")));
    }

    #[test]
    fn a_reboot_needs_no_standby_but_the_tag() {
        assert_eq!(why(instance().multi_az(false), Ask::Reboot), None);
        assert!(why(instance().set_tag_list(None), Ask::Reboot).is_some());
    }
}
