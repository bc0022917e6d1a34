//! Availability zones, and the three ways to call one.

use crate::provider::aws::account::Account;
use crate::provider::{ProviderError, ZoneView};

/// All zones of the region that this account may use.
pub(in crate::provider::aws) async fn look(
    account: &Account,
) -> Result<Vec<ZoneView>, ProviderError> {
    let answer = account.look.ec2.describe_availability_zones().send().await;
    let answer = account.told("list its zones", answer)?;
    let zones = answer.availability_zones().iter().filter_map(|zone| {
        let name = zone.zone_name()?;
        let state = zone.state().map_or("available", |state| state.as_str());
        Some(view(
            &account.region,
            name,
            zone.zone_id(),
            state == "available",
        ))
    });
    Ok(zones.collect())
}

/// The zone's id, as zonal shifts name it: `use1-az2`.
pub(in crate::provider::aws) fn id(zone: &ZoneView) -> Option<&str> {
    let mut aliases = zone.aliases.iter();
    aliases
        .find(|alias| alias.contains("-az"))
        .map(String::as_str)
}

/// `us-east-1b` is also called `use1-az2` and `b`.
fn view(region: &str, name: &str, id: Option<&str>, up: bool) -> ZoneView {
    let short = name.strip_prefix(region).filter(|short| !short.is_empty());
    ZoneView {
        name: name.to_owned(),
        aliases: id.into_iter().chain(short).map(str::to_owned).collect(),
        up,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Snapshot;

    #[test]
    fn a_zone_is_found_by_name_by_id_and_in_short() {
        let zones = vec![
            view("us-east-1", "us-east-1a", Some("use1-az6"), true),
            view("us-east-1", "us-east-1b", Some("use1-az1"), true),
        ];
        let snapshot = Snapshot {
            zones,
            ..Snapshot::default()
        };
        let name = |called| snapshot.zone(called).map(|zone| zone.name.as_str());
        for called in ["us-east-1b", "use1-az1", "b"] {
            assert_eq!(name(called), Some("us-east-1b"), "{called}");
        }
        assert_eq!(name("c"), None);
        assert_eq!(snapshot.zone("a").and_then(id), Some("use1-az6"));
    }
}
