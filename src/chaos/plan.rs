//! What a scenario's faults would do, in words: order, times, exact targets, blast radius, undo.

use std::fmt::Write as _;
use std::time::Duration;

use super::catalogue::{self, Choice, Healing, Plan, Refusal};
use crate::provider::{self, Snapshot};
use crate::scenario::{Fault, FaultStart, ProviderKind, Scenario};

/// What is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// For people.
    pub text: String,
    /// At least one fault would be refused.
    pub refused: bool,
}

/// The faults of a scenario in the order in which they are due, against infrastructure as it is
/// now, where that can be looked at.
///
/// Later faults are resolved against the same snapshot: a pod that an earlier fault replaces will
/// have another name by then.
#[must_use]
pub fn describe(
    scenario: &Scenario,
    snapshot: impl Fn(ProviderKind) -> Result<Snapshot, String>,
) -> Described {
    let mut refused = false;
    let mut text = format!(
        "{}: {} (seed {})\n",
        scenario.name,
        counted(scenario.faults.len()),
        scenario.seed
    );
    if !scenario.faults.is_empty() {
        let before = scenario.guard.healthy_before;
        let _ = writeln!(
            text,
            "Each waits until the target has been healthy for {} and earlier faults are over, at \
             most {}; then the run is given up.",
            seconds(before),
            seconds(scenario.guard.wait_at_most)
        );
    }
    for (number, fault) in in_order(scenario).into_iter().enumerate() {
        let choice = Choice {
            seed: scenario.seed,
            fault: &fault.name,
            force: false,
        };
        let resolved = snapshot(fault.provider)
            .map(|snapshot| catalogue::plan(&fault.kind, &snapshot, choice));
        let _ = write!(
            text,
            "\n{}. {} ({}, {})\n",
            number + 1,
            fault.name,
            fault.kind.name(),
            provider::name(fault.provider)
        );
        row(&mut text, "when", &when(scenario, fault));
        match resolved {
            Ok(Ok(plan)) => resolved_rows(&mut text, &plan),
            Ok(Err(Refusal(why))) => {
                refused = true;
                row(&mut text, "does", &catalogue::intention(fault));
                row(&mut text, "REFUSED", &why);
            }
            Err(why) => {
                row(&mut text, "does", &catalogue::intention(fault));
                row(&mut text, "targets", &format!("not known: {why}"));
            }
        }
    }
    Described { text, refused }
}

fn resolved_rows(text: &mut String, plan: &Plan) {
    row(text, "does", &plan.words);
    row(text, "targets", &plan.targets.join(", "));
    row(text, "blast radius", &plan.blast_radius);
    row(text, "undo", &plan.undo);
    row(text, "over when", &plan.restored_when);
}

fn row(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "   {name:<13}{value}");
}

/// By time; a fault that follows another comes right after it.
fn in_order(scenario: &Scenario) -> Vec<&Fault> {
    let key = |fault: &Fault| {
        let mut depth = 0;
        let mut start = fault.start;
        // A chain is at most as long as there are faults, also if it bites its own tail.
        while let FaultStart::After { fault, .. } = start
            && depth <= scenario.faults.len()
        {
            depth += 1;
            start = scenario.faults[fault].start;
        }
        let at = match start {
            FaultStart::At(at) => at,
            FaultStart::After { .. } => Duration::MAX,
        };
        (at, depth)
    };
    let mut faults: Vec<&Fault> = scenario.faults.iter().collect();
    faults.sort_by_key(|fault| key(fault));
    faults
}

fn when(scenario: &Scenario, fault: &Fault) -> String {
    let start = match fault.start {
        FaultStart::At(at) => format!("{} after the load's start", seconds(at)),
        FaultStart::After {
            fault,
            recovered_for,
        } => format!(
            "when `{}` has recovered for {}",
            scenario.faults[fault].name,
            seconds(recovered_for)
        ),
    };
    match (catalogue::healing(&fault.kind), fault.hold) {
        (Healing::ByItself, _) => start,
        (Healing::ByUndo, Some(hold)) => format!("{start}, held for {}", seconds(hold)),
        (Healing::ByUndo, None) => format!("{start}, held until the load ends"),
    }
}

fn counted(faults: usize) -> String {
    match faults {
        0 => "no faults".to_owned(),
        1 => "1 fault".to_owned(),
        _ => format!("{faults} faults"),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
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
        let now = run(seen(&Double::new()));
        let plan = describe(&three_faults(), |_| Ok(now.clone()));
        assert!(!plan.refused);
        insta::assert_snapshot!(plan.text, @r#"
test: 3 faults (seed 42)
Each waits until the target has been healthy for 0 s and earlier faults are over, at most 60 s; then the run is given up.

1. lose a pod (pod-kill, local)
   when         25 s after the load's start
   does         kill shop-2 (zone b) at once
   targets      shop-2
   blast radius 2 of 3 pods of shop stay ready; requests in flight on the killed ones fail
   undo         nothing to undo: replacements start by themselves
   over when    as many pods of each app are ready as before

2. failover (db-failover, local)
   when         when `lose a pod` has recovered for 5 s
   does         fail the database over from db-1 (zone a) to db-2 (zone b)
   targets      db-1, db-2
   blast radius no write succeeds anywhere until the standby has taken over, and there is no second standby until a new one is built
   undo         nothing to undo: failing back would be a second outage, and is never done by itself
   over when    another node takes the writes and a standby has caught up with it

3. drain (zone-drain, local)
   when         70 s after the load's start, held for 15 s
   does         empty zone b in good order and keep it empty
   targets      zone b, shop-2, db-2
   blast radius 2 of 3 zones stay; 2 of 3 pods of shop stay ready; the database loses its standby db-2; replacements start in other zones
   undo         zone b takes part again
   over when    all zones are in service, as many pods of each app are ready as before, and the database is redundant
"#);
    }

    #[test]
    fn without_one_it_says_what_it_can() {
        let plan = describe(&three_faults(), |_| Err("no stack `default` runs".into()));
        assert!(!plan.refused);
        insta::assert_snapshot!(plan.text, @r#"
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
        let mut now = run(seen(&Double::new()));
        now.zones.truncate(0);
        let drain = fault("drain", FaultKind::ZoneDrain { zone: "b".into() });
        let plan = describe(&scenario(vec![drain]), |_| Ok(now.clone()));
        assert!(plan.refused);
        assert!(plan.text.contains("REFUSED"), "{}", plan.text);
    }
}
