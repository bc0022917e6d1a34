use super::*;
use crate::chaos::testing::{every_kind, fault, run, scenario, seen};
use crate::provider::local::double::Double;
use crate::scenario::FaultKind;

/// A scenario whose faults stand in another order than they are due.
fn three_faults() -> Scenario {
    let kinds = every_kind();
    let mut faults = vec![
        fault("drain", FaultKind::ZoneDrain { zone: "b".into() }),
        fault("failover", kinds[2].clone()),
        fault("lose a pod", kinds[0].clone()),
    ];
    faults[0].start = FaultStart::At(Duration::from_secs(70));
    faults[0].hold = Some(Duration::from_secs(15));
    faults[1].start = FaultStart::After {
        fault: 2,
        recovered_for: Duration::from_secs(5),
    };
    faults[2].start = FaultStart::At(Duration::from_secs(25));
    scenario(faults)
}

#[test]
fn on_a_running_stack_it_names_exact_targets() {
    let scenario = three_faults();
    let plan = planned(&scenario, &Double::new());
    assert!(!plan.is_refused());
    insta::assert_snapshot!(plan.describe(), @r#"
test: 3 faults (seed 42)
Each waits until the target has been healthy for 0 s and earlier faults are over, at most 60 s; then the run is given up.

1. lose a pod (pod-kill, local)
   when         25 s after the load's start
   does         kill shop-2 (zone b) at once
   targets      shop-2
   blast radius 2 of 3 pods of shop stay ready; requests in flight on the killed ones fail
   undo         nothing to undo: replacements start by themselves
   over when    as many pods of each app are ready as before
   takes        replacements serve within about a second
   calls        1. PUT /v1/changes/ID: pods killed: shop-2

2. failover (db-failover, local)
   when         when `lose a pod` has recovered for 5 s
   does         fail the database over from db-1 (zone a) to db-2 (zone b)
   targets      db-1, db-2
   blast radius no write succeeds anywhere until the standby has taken over, and there is no second standby until a new one is built
   undo         nothing to undo: failing back would be a second outage, and is never done by itself
   over when    another node takes the writes and a standby has caught up with it
   takes        writes come back within 0.1 s, or as the profile says; a new standby within seconds
   calls        1. PUT /v1/changes/ID: database failed over

3. drain (zone-drain, local)
   when         70 s after the load's start, held for 15 s
   does         empty zone b in good order and keep it empty
   targets      zone b, shop-2, db-2
   blast radius 2 of 3 zones stay; 2 of 3 pods of shop stay ready; the database loses its standby db-2; replacements start in other zones
   undo         zone b takes part again
   over when    all zones are in service, as many pods of each app are ready as before, and the database is redundant
   takes        empty within a second, back with the undo
   calls        1. PUT /v1/changes/ID: zone b drained
                   taken back by DELETE /v1/changes/ID
"#);
}

#[test]
fn without_one_it_says_what_it_can() {
    let scenario = three_faults();
    let absent = |_| Err("no stack `default` runs".to_owned());
    let plan = run(resolve(&scenario, absent, Depth::Calls));
    assert!(!plan.is_refused());
    assert_eq!(plan.hash(), None);
    insta::assert_snapshot!(plan.describe(), @r#"
test: 3 faults (seed 42)
Each waits until the target has been healthy for 0 s and earlier faults are over, at most 60 s; then the run is given up.

1. lose a pod (pod-kill, local)
   when         25 s after the load's start
   does         kill 1 pod of app `shop`
   targets      not known: no stack `default` runs

2. failover (db-failover, local)
   when         when `lose a pod` has recovered for 5 s
   does         fail the database over to its standby
   targets      not known: no stack `default` runs

3. drain (zone-drain, local)
   when         70 s after the load's start, held for 15 s
   does         empty zone `b` in good order
   targets      not known: no stack `default` runs
"#);
}

#[test]
fn a_refusal_is_told_and_counted() {
    let drain = fault("drain", FaultKind::ZoneDrain { zone: "d".into() });
    let scenario = scenario(vec![drain]);
    let plan = planned(&scenario, &Double::new());
    assert!(plan.is_refused());
    assert_eq!(plan.hash(), None);
    assert!(plan.describe().contains("REFUSED"), "{}", plan.describe());
}

#[test]
fn what_cannot_be_rehearsed_says_so() {
    let scenario = three_faults();
    let double = Double::new();
    let plan = run(resolve(
        &scenario,
        |_| Ok(double.provider()),
        Depth::Rehearsal,
    ));
    assert!(!plan.is_refused());
    let words = plan.describe();
    assert!(words.contains("[cannot be rehearsed]"), "{words}");
}

#[test]
fn the_same_plan_has_the_same_hash_and_any_other_another() {
    let double = Double::new();
    let hash = |scenario: &Scenario, double: &Double| planned(scenario, double).hash();
    let first = hash(&three_faults(), &double).expect("all targets are known");
    assert_eq!(hash(&three_faults(), &double), Some(first.clone()));

    let mut later = three_faults();
    later.faults[0].start = FaultStart::At(Duration::from_secs(71));
    let mut longer = three_faults();
    longer.faults[0].hold = Some(Duration::from_secs(16));
    let mut fewer = three_faults();
    fewer.faults.truncate(0);
    for other in [later, longer, fewer] {
        assert_ne!(hash(&other, &double), Some(first.clone()));
    }
    // Other infrastructure.
    run(async {
        let order = crate::provider::Order {
            id: crate::provider::ChangeId::new(),
            run: "another".into(),
            fault: "another".into(),
            change: crate::provider::Change::FailOverDatabase {
                mode: target_app::api::FailoverMode::Planned,
                profile: None,
                shard: 1,
            },
        };
        let ink = Arc::new(crate::provider::Slate::default());
        double.provider().apply(&order, ink).await.unwrap();
    });
    run(seen(&double));
    assert_ne!(hash(&three_faults(), &double), Some(first));
}

fn planned<'s>(scenario: &'s Scenario, double: &Double) -> Planned<'s> {
    run(resolve(scenario, |_| Ok(double.provider()), Depth::Calls))
}
