//! A Multi-AZ instance's failover against recorded answers of RDS: moto swaps no zones, has no
//! `SecondaryAvailabilityZone`, and tells no events.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::proxy::{Asked, Deed};
use super::scenario::{well, with};
use super::world::World;
use crate::support::Bench;

fn xml(body: String) -> Deed {
    Deed::Reply(200, "text/xml", body)
}

/// As RDS describes a Multi-AZ instance whose primary is in the first of the zones.
fn instance(status: &str, zones: [&str; 2]) -> Deed {
    let [primary, standby] = zones;
    xml(format!(
        "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>\
         <DBInstanceIdentifier>shop</DBInstanceIdentifier><DBInstanceStatus>{status}</DBInstanceStatus>\
         <MultiAZ>true</MultiAZ><AvailabilityZone>{primary}</AvailabilityZone>\
         <SecondaryAvailabilityZone>{standby}</SecondaryAvailabilityZone>\
         <Endpoint><Address>shop.invalid</Address><Port>5432</Port></Endpoint>\
         <TagList><Tag><Key>loadtest/allow</Key><Value>true</Value></Tag></TagList>\
         </DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>"
    ))
}

fn no_clusters() -> Deed {
    xml(
        "<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters/>\
         </DescribeDBClustersResult></DescribeDBClustersResponse>"
            .to_owned(),
    )
}

fn events(messages: &[&str]) -> Deed {
    let events: String = messages
        .iter()
        .map(|message| {
            format!(
                "<Event><SourceIdentifier>shop</SourceIdentifier><SourceType>db-instance</SourceType>\
                 <Message>{message}</Message><Date>2026-11-21T10:00:00.000Z</Date></Event>"
            )
        })
        .collect();
    xml(format!(
        "<DescribeEventsResponse><DescribeEventsResult><Events>{events}</Events>\
         </DescribeEventsResult></DescribeEventsResponse>"
    ))
}

fn rebooted() -> Deed {
    xml(
        "<RebootDBInstanceResponse><RebootDBInstanceResult><DBInstance>\
         <DBInstanceIdentifier>shop</DBInstanceIdentifier></DBInstance></RebootDBInstanceResult>\
         </RebootDBInstanceResponse>"
            .to_owned(),
    )
}

const BEFORE: [&str; 2] = ["us-east-1a", "us-east-1b"];
const AFTER: [&str; 2] = ["us-east-1b", "us-east-1a"];
const OLD: &str = "Multi-AZ instance failover completed";

/// What RDS says after the reboot was asked for: what it describes by the number of the look, and
/// what it tells.
struct Recorded {
    described: fn(usize) -> Deed,
    told: &'static [&'static str],
}

fn rds(recorded: &Recorded, looks: &AtomicUsize, asked: &Asked) -> Deed {
    let rebooted_before = looks.load(Ordering::Relaxed) > 0;
    match asked.action.as_str() {
        "RebootDBInstance" => {
            looks.store(1, Ordering::Relaxed);
            rebooted()
        }
        "DescribeDBClusters" => no_clusters(),
        "DescribeDBInstances" if !rebooted_before => instance("available", BEFORE),
        "DescribeDBInstances" => (recorded.described)(looks.fetch_add(1, Ordering::Relaxed)),
        // An event of an earlier drill is there from the start.
        "DescribeEvents" if !rebooted_before => events(&[OLD]),
        "DescribeEvents" => events(&[&[OLD], recorded.told].concat()),
        _ => Deed::Pass,
    }
}

fn run(recorded: Recorded, code: i32) -> (World, Bench) {
    let world = World::new();
    let looks = Arc::new(AtomicUsize::new(0));
    world.proxy.rule(move |asked| rds(&recorded, &looks, asked));
    let bench = Bench::new();
    bench.file("it.toml", &with(&well(), "", "kind = \"db-failover\"", 6));
    world
        .loadtest(&bench, ["run", "it.toml", "--quiet"])
        .exits(code);
    (world, bench)
}

#[test]
fn a_multi_az_instance_fails_over_by_all_clocks_against_recorded_answers() {
    let recorded = Recorded {
        described: |look| match look {
            0..4 => instance("rebooting", BEFORE),
            4..8 => instance("rebooting", AFTER),
            _ => instance("available", AFTER),
        },
        told: &[
            "Multi-AZ instance failover started.",
            "DB instance restarted",
        ],
    };
    let (world, bench) = run(recorded, 0);
    let reboot = world
        .proxy
        .asked()
        .into_iter()
        .find(|asked| asked.action == "RebootDBInstance");
    let body = reboot.expect("a reboot").body;
    assert!(body.contains("ForceFailover=true"), "{body}");
    let fault = &bench.summary()["faults"][0];
    assert!(fault["redundancy_restored_us"].is_u64(), "{fault}");
    let events = fault["events"].to_string();
    for word in [
        "RDS-EVENT-0013",
        "database-promoted",
        "shop in us-east-1b",
        "rebooting instead of available",
        "database-standby-caught-up",
    ] {
        assert!(events.contains(word), "{word} in {events}");
    }
    assert!(
        !events.contains("RDS-EVENT-0049"),
        "an old event is none of this drill: {events}"
    );
}

#[test]
fn event_0034_makes_the_run_invalid_against_recorded_answers() {
    let recorded = Recorded {
        described: |_| instance("available", BEFORE),
        told: &[
            "Abandoning user requested failover since a failover recently occurred on the database instance.",
        ],
    };
    let (_, bench) = run(recorded, 4);
    let summary = bench.summary();
    assert_eq!(summary["verdict"], "invalid");
    let causes = summary["invalid_causes"].to_string();
    assert!(causes.contains("RDS-EVENT-0034"), "{causes}");
}
