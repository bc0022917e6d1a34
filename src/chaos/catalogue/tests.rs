use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::chaos::testing::{every_kind, pods, run, seen};
use crate::provider::local::double::Double;
use crate::provider::{Ink, Role, Slate};
use crate::scenario::{Force, LinkSelector, PickCount, PodSelector};

fn healthy() -> Snapshot {
    run(seen(&Double::new()))
}

fn choice(seed: u64) -> Choice<'static> {
    Choice {
        seed,
        fault: "a fault",
        force: Force::No,
    }
}

fn kill(pods: PodSelector) -> FaultKind {
    FaultKind::PodKill {
        pods,
        grace: std::time::Duration::ZERO,
    }
}

fn refusal(kind: &FaultKind, now: &Snapshot) -> String {
    plan(kind, now, choice(1)).expect_err("it is refused").0
}

#[test]
fn every_kind_says_what_it_does_and_how_it_is_undone() {
    let now = healthy();
    let text: Vec<String> = every_kind()
        .iter()
        .map(|kind| {
            let plan = plan(kind, &now, choice(42)).expect("a healthy stack takes it");
            format!(
                "{}: {}\n  {}\n  hits {}\n  leaves {}\n  {}\n  over when {}",
                kind.name(),
                plan.words,
                serde_json::to_string(&plan.change).expect("a change is data"),
                plan.targets.join(", "),
                plan.blast_radius,
                plan.undo,
                plan.restored_when
            )
        })
        .collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
pod-kill: kill shop-3 (zone c) at once
  {"do":"kill-pods","pods":["shop-3"],"grace_ms":0}
  hits shop-3
  leaves 2 of 3 pods of shop stay ready; requests in flight on the killed ones fail
  nothing to undo: replacements start by themselves
  over when as many pods of each app are ready as before
pod-hang: freeze shop-2 (zone b), shop-3 (zone c)
  {"do":"hang-pods","pods":["shop-2","shop-3"]}
  hits shop-2, shop-3
  leaves 1 of 3 pods of shop stay ready; requests to the frozen ones wait until the health check takes them out
  the frozen pods are resumed
  over when as many pods of each app are ready as before
db-failover: fail the database over from db-1 (zone a) to db-2 (zone b)
  {"do":"fail-over-database","mode":"planned","profile":null}
  hits db-1, db-2
  leaves no write succeeds anywhere until the standby has taken over, and there is no second standby until a new one is built
  nothing to undo: failing back would be a second outage, and is never done by itself
  over when another node takes the writes and a standby has caught up with it
db-crash: kill the database's primary db-1 (zone a); db-2 (zone b) has to take over
  {"do":"fail-over-database","mode":"crash","profile":null}
  hits db-1
  leaves no write succeeds anywhere until the standby has taken over, and there is no second standby until a new one is built
  nothing to undo: failing back would be a second outage, and is never done by itself
  over when another node takes the writes and a standby has caught up with it
zone-drain: empty zone b in good order and keep it empty
  {"do":"drain-zone","zone":"b"}
  hits zone b, shop-2, db-2
  leaves 2 of 3 zones stay; 2 of 3 pods of shop stay ready; the database loses its standby db-2; replacements start in other zones
  zone b takes part again
  over when all zones are in service, as many pods of each app are ready as before, and the database is redundant
zone-outage: cut off zone a and kill what runs in it
  {"do":"outage-zone","zone":"a"}
  hits zone a, shop-1, task-runner-1, db-1
  leaves 2 of 3 zones stay; 2 of 3 pods of shop stay ready, 0 of 1 pods of task-runner stay ready; the database's primary db-1 moves; connections into the zone fall silent until health checks notice
  zone a is connected again and its members are started
  over when all zones are in service, as many pods of each app are ready as before, and the database is redundant
link-delay: delay edge->shop-1, edge->shop-2 by 50 ms (± 5 ms) each way
  {"do":"delay-links","links":["edge->shop-1","edge->shop-2"],"delay_ms":50,"jitter_ms":5}
  hits edge->shop-1, edge->shop-2
  leaves 2 of 4 links become slow
  the links pass bytes on at once again
  over when the links have no delay
pod-evict: evict shop-2 (zone b), shop-3 (zone c), for at most 60 s where a disruption budget refuses
  {"do":"evict-pods","pods":["shop-2","shop-3"],"timeout_ms":60000}
  hits shop-2, shop-3
  leaves 1 of 3 pods of shop stay ready
  nothing to undo: replacements start by themselves
  over when as many pods of each app are ready as before
rollout-restart: replace every pod of deployment/shop, a few at a time
  {"do":"restart-workload","workload":"deployment/shop"}
  hits deployment/shop
  leaves all 3 pods of deployment/shop are replaced, as fast as its strategy allows
  nothing to undo: the rollout goes on to its end
  over when every pod was replaced and is ready
deploy: deploy version 2 of deployment/shop, rolling: at most 1 pods more and 0 fewer
  {"do":"deploy","workload":"deployment/shop","version":"2","strategy":{"way":"rolling","max_surge":1,"max_unavailable":0}}
  hits deployment/shop
  leaves all 3 pods of deployment/shop are replaced
  the version before comes back, in good order as well
  over when every pod is of the version before and serves
"#);
}

#[test]
fn selectors_combine() {
    let mut now = healthy();
    for pod in &mut now.pods {
        pod.labels.insert("tier".into(), pod.zone.clone());
    }
    let targets = |selector: PodSelector| {
        plan(&kill(selector), &now, choice(1)).map(|plan| plan.targets.join(" "))
    };
    let any = PodSelector {
        app: None,
        ..pods("", PickCount::All)
    };
    let named = PodSelector {
        name: Some("shop-2".into()),
        ..any.clone()
    };
    assert_eq!(targets(named).as_deref(), Ok("shop-2"));
    let zone = PodSelector {
        zone: Some("c".into()),
        ..any.clone()
    };
    assert_eq!(targets(zone).as_deref(), Ok("shop-3"));
    let label = PodSelector {
        labels: BTreeMap::from([("tier".into(), "b".into())]),
        ..any
    };
    assert_eq!(targets(label).as_deref(), Ok("shop-2"));
    let half = plan(&kill(pods("shop", PickCount::Percent(50))), &now, choice(1));
    assert_eq!(half.expect("two of three").targets.len(), 2);
}

#[test]
fn links_are_chosen_by_wildcard_and_ends() {
    let now = healthy();
    let targets = |name: Option<&str>, from: Option<&str>, to: Option<&str>| {
        let kind = FaultKind::LinkDelay {
            links: LinkSelector {
                name: name.map(Into::into),
                from: from.map(Into::into),
                to: to.map(Into::into),
            },
            delay: std::time::Duration::from_millis(1),
            jitter: std::time::Duration::ZERO,
        };
        plan(&kind, &now, choice(1)).map_or_else(|e| e.0, |plan| plan.targets.join(" "))
    };
    assert_eq!(
        targets(Some("edge->*"), None, None),
        "edge->shop-1 edge->shop-2"
    );
    assert_eq!(targets(Some("*->d*se"), None, None), "shop-2->database");
    assert_eq!(targets(None, Some("edge"), Some("b")), "edge->shop-2");
    assert_eq!(targets(Some("db-1->db-2"), None, None), "db-1->db-2");
    assert_eq!(
        targets(Some("db-1"), None, None),
        "links `db-1`: no link matches; there are edge->shop-1, edge->shop-2, shop-2->database, \
         db-1->db-2"
    );
}

#[test]
fn an_unclear_blast_radius_is_refused() {
    let now = healthy();
    insta::assert_snapshot!(refusal(&kill(pods("cart", PickCount::Count(1))), &now), @"1 pod of app `cart`: no pod matches; there are shop-1, shop-2, shop-3, task-runner-1");
    insta::assert_snapshot!(refusal(&kill(pods("shop", PickCount::Count(4))), &now), @"4 pods of app `shop`: only shop-1, shop-2, shop-3 ready");
    insta::assert_snapshot!(refusal(&kill(pods("shop", PickCount::All)), &now), @"it would take every ready pod of `shop` (3): pick fewer, run more replicas, or set `force = true` in the fault if that is what you want to see");
    insta::assert_snapshot!(refusal(&FaultKind::ZoneDrain { zone: "d".into() }, &now), @"there is no zone `d`; there are a, b, c");
    let mut unready = now.clone();
    unready.pods.iter_mut().for_each(|pod| pod.ready = false);
    insta::assert_snapshot!(refusal(&kill(pods("shop", PickCount::Count(1))), &unready), @"1 pod of app `shop`: 3 match, but none is ready (shop-1, shop-2, shop-3)");
}

#[test]
fn force_takes_every_pod() {
    let forced = Choice {
        force: Force::Yes,
        ..choice(1)
    };
    let plan = plan(&kill(pods("shop", PickCount::All)), &healthy(), forced);
    assert_eq!(plan.expect("it was forced").targets.len(), 3);
}

#[test]
fn a_zone_that_the_others_could_not_replace_is_kept() {
    let mut now = healthy();
    now.pods.retain(|pod| pod.zone == "b" || pod.app != "shop");
    let drain = FaultKind::ZoneDrain { zone: "b".into() };
    insta::assert_snapshot!(refusal(&drain, &now), @"no pod of `shop` would be ready outside zone `b`: run more replicas, or set `force = true` in the fault if that is what you want to see");

    let mut lonely = healthy();
    lonely
        .zones
        .iter_mut()
        .for_each(|zone| zone.up = zone.name == "b");
    insta::assert_snapshot!(refusal(&drain, &lonely), @"`b` is the only zone in service (of a, b, c): nothing would be left");
    let out = FaultKind::ZoneOutage { zone: "a".into() };
    insta::assert_snapshot!(refusal(&out, &lonely), @"zone `a` is already out of service");
}

#[test]
fn a_database_without_a_caught_up_standby_is_left_alone() {
    let mut behind = healthy();
    behind.database.as_mut().expect("it has one").redundant = false;
    let failover = FaultKind::DbFailover {
        profile: None,
        shard: 1,
    };
    insta::assert_snapshot!(refusal(&failover, &behind), @"db-failover: standby db-2 has not caught up, so a failover now would lose acknowledged writes: wait until the database is redundant");
    let primary_zone = FaultKind::ZoneOutage { zone: "a".into() };
    insta::assert_snapshot!(refusal(&primary_zone, &behind), @"the zone holds the database's primary: standby db-2 has not caught up, so a failover now would lose acknowledged writes: wait until the database is redundant");

    let mut alone = healthy();
    let nodes = &mut alone.database.as_mut().expect("it has one").nodes;
    nodes.retain(|node| node.role == Role::Primary);
    insta::assert_snapshot!(refusal(&FaultKind::DbCrash { profile: None, shard: 1 }, &alone), @"db-crash: there is no standby that could take over: wait until the database is redundant");
    alone.database = None;
    insta::assert_snapshot!(refusal(&failover, &alone), @"db-failover: there is no database");
}

#[test]
fn of_several_databases_one_is_failed_over_and_a_zone_looks_at_all() {
    let mut two = healthy();
    let mut second = two.database.clone().expect("it has one");
    for node in &mut second.nodes {
        node.name = format!("shard-2-{}", node.name);
    }
    two.shards.push(second);
    let shard = |shard| FaultKind::DbFailover {
        profile: None,
        shard,
    };
    let plans = [1, 2].map(|number| plan(&shard(number), &two, choice(1)).expect("it can be done"));
    insta::assert_snapshot!(plans[0].words, @"fail the database over from db-1 (zone a) to db-2 (zone b)");
    insta::assert_snapshot!(plans[0].blast_radius, @"nobody signs in, and 1 of 2 customers cannot buy until the standby has taken over, and there is no second standby until a new one is built");
    insta::assert_snapshot!(plans[1].words, @"fail the database over from shard-2-db-1 (zone a) to shard-2-db-2 (zone b)");
    insta::assert_snapshot!(plans[1].blast_radius, @"1 of 2 customers cannot buy until the standby has taken over, and there is no second standby until a new one is built");
    insta::assert_snapshot!(refusal(&shard(3), &two), @"db-failover: there is no shard 3: orders are in 2 databases");
    insta::assert_snapshot!(refusal(&shard(2), &healthy()), @"db-failover: there is no shard 2: orders are in 1 database");

    // A failover of one says nothing of the other.
    let failed_over = |shard: usize| {
        let mut now = two.clone();
        let database = match shard {
            1 => now.database.as_mut().expect("it has one"),
            _ => &mut now.shards[0],
        };
        for node in &mut database.nodes {
            node.role = match node.role {
                Role::Primary => Role::Standby,
                Role::Standby => Role::Primary,
                Role::Other => Role::Other,
            };
        }
        database.endpoint = database.primary().map(|node| node.name.clone());
        now
    };
    for (plan, shard, other) in [(&plans[0], 1, 2), (&plans[1], 2, 1)] {
        assert_eq!(
            missing(plan, &two, &failed_over(shard)),
            Vec::<String>::new()
        );
        assert_eq!(missing(plan, &two, &failed_over(other)).len(), 1);
    }

    two.shards[0].redundant = false;
    let zone = FaultKind::ZoneOutage { zone: "a".into() };
    let why = refusal(&zone, &two);
    assert!(
        why.contains("standby shard-2-db-2 has not caught up"),
        "{why}"
    );
}

#[test]
fn what_is_missing_is_said_until_it_is_back() {
    run(async {
        for kind in every_kind() {
            let double = Double::new();
            let before = seen(&double).await;
            let plan = plan(&kind, &before, choice(1)).expect("a healthy stack takes it");
            let order = crate::provider::Order {
                id: crate::provider::ChangeId::new(),
                run: "r".into(),
                fault: "f".into(),
                change: plan.change.clone(),
            };
            let provider = double.provider();
            provider
                .apply(&order, ink())
                .await
                .expect("the double accepts");
            let during = seen(&double).await;
            if !matches!(kind, FaultKind::LinkDelay { .. }) {
                assert!(
                    !missing(&plan, &before, &during).is_empty(),
                    "{}",
                    kind.name()
                );
            }
            provider
                .undo(&order.id, &[], ink())
                .await
                .expect("the double undoes");
            for _ in 0..3 {
                seen(&double).await;
            }
            let after = seen(&double).await;
            assert_eq!(missing(&plan, &before, &after), [""; 0], "{}", kind.name());
        }
    });
}

#[test]
fn the_dead_do_not_count_as_ready() {
    let before = healthy();
    let plan = plan(&kill(pods("shop", PickCount::Count(1))), &before, choice(1)).expect("fine");
    assert_eq!(
        missing(&plan, &before, &before),
        [format!("{} has not ended yet", plan.targets[0])]
    );
}

proptest! {
    #[test]
    fn the_same_seed_hits_the_same_pods(seed: u64, count in 1u32..20, shuffle: u64) {
        let mut now = healthy();
        let template = now.pods[0].clone();
        now.pods = (0..20)
            .map(|n| crate::provider::PodView { name: format!("shop-{n}"), ..template.clone() })
            .collect();
        let kind = kill(pods("shop", PickCount::Count(count.min(19))));
        let first = plan(&kind, &now, choice(seed)).unwrap();
        fastrand::Rng::with_seed(shuffle).shuffle(&mut now.pods);
        let second = plan(&kind, &now, choice(seed)).unwrap();
        prop_assert_eq!(&first, &second);
        let different: BTreeSet<_> = first.targets.iter().collect();
        prop_assert_eq!(different.len(), count.min(19) as usize);
    }
}

#[test]
fn faults_of_one_scenario_choose_independently() {
    let now = healthy();
    let kind = kill(pods("shop", PickCount::Count(1)));
    let hit = |seed, fault| {
        let force = Force::No;
        plan(&kind, &now, Choice { seed, fault, force })
            .expect("fine")
            .targets
    };
    let seeds = 0..64;
    assert!(
        seeds
            .clone()
            .any(|seed| hit(seed, "one") != hit(seed, "two"))
    );
    let all: BTreeSet<_> = seeds.map(|seed| hit(seed, "one")).collect();
    assert_eq!(all.len(), 3, "every pod is hit by some seed");
}

fn ink() -> Arc<dyn Ink> {
    Arc::new(Slate::default())
}

#[test]
fn what_the_file_alone_forces_is_refused_and_says_so() {
    let half = Choice {
        force: Force::of(crate::scenario::ProviderKind::Kubernetes, true, false),
        ..choice(1)
    };
    let refusal = plan(&kill(pods("shop", PickCount::All)), &healthy(), half);
    let words = refusal.expect_err("nobody asked on the command line").0;
    assert!(words.contains("only together with --force"), "{words}");
}

#[test]
fn what_is_shielded_is_not_even_touched_by_force() {
    let mut now = healthy();
    now.pods[0].shielded = Some("it runs loadtest itself".into());
    let mut by_name = pods("shop", PickCount::All);
    by_name.name = Some("shop-1".into());
    let forced = Choice {
        force: Force::Yes,
        ..choice(1)
    };
    insta::assert_snapshot!(plan(&kill(by_name), &now, forced).unwrap_err().0, @"pod `shop-1` of app `shop`: shop-1 must not be touched: it runs loadtest itself");
    let all = plan(&kill(pods("shop", PickCount::All)), &now, forced).unwrap();
    assert_eq!(all.targets, ["shop-2", "shop-3"]);
}
