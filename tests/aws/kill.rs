//! SIGKILL after every single call of every fault, and recovery to the starting state: from the
//! journal, and from tags alone.

use rustix::process::Signal;

use super::ecs::Ecs;
use super::proxy::Deed;
use super::scenario::{well, with};
use super::shift::{Arc, balanced};
use super::world::World;
use crate::support::{Bench, signal, until};

/// Where in a call the tool dies.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Answered,
    /// AWS did it, the tool never heard.
    Unanswered,
}

/// What recovery has to go by.
#[derive(Debug, Clone, Copy)]
enum Memory {
    Journal,
    Tags,
}

/// A fault under test.
struct Case<'a> {
    world: &'a World,
    /// Keys of `[aws]`.
    aws: &'a str,
    fault: &'a str,
    /// What the run tells when it has no more calls to make.
    last: &'a str,
}

/// A fault that is undone.
fn undone<'a>(world: &'a World, aws: &'a str, fault: &'a str) -> Case<'a> {
    let last = "\"event\":\"undone\"";
    Case {
        world,
        aws,
        fault,
        last,
    }
}

/// A fault that nothing undoes: infrastructure heals by itself.
fn healing<'a>(world: &'a World, fault: &'a str) -> Case<'a> {
    let last = "\"event\":\"accepted\"";
    Case {
        world,
        aws: "",
        fault,
        last,
    }
}

/// Kills at every call, of making as of undoing, until a run has no more; says how many it had.
///
/// The journal has most to bridge when it never heard of an answer, tags when the call was made: so
/// each is killed there. The longest chain of calls is killed at both moments.
fn kill_everywhere(case: &Case<'_>, memory: Memory) -> usize {
    let moments: &[Moment] = match memory {
        Memory::Journal => &[Moment::Unanswered],
        Memory::Tags if case.fault.contains("zone-outage") => {
            &[Moment::Answered, Moment::Unanswered]
        }
        Memory::Tags => &[Moment::Answered],
    };
    let target = well();
    let scenario = with(&target, case.aws, case.fault, 20);
    let before = case.world.state();
    for call in 0.. {
        for &moment in moments {
            let reached = kill_at(case, &scenario, (call, moment, memory));
            assert_eq!(
                case.world.state(),
                before,
                "killed at call {call}, {moment:?}, recovered from {memory:?}"
            );
            if !reached {
                return call;
            }
        }
    }
    unreachable!("no run has so many calls")
}

/// Whether the run came to that call.
fn kill_at(case: &Case<'_>, scenario: &str, (n, moment, memory): (usize, Moment, Memory)) -> bool {
    let world = case.world;
    let bench = Bench::new();
    bench.file("it.toml", scenario);
    let made = std::sync::atomic::AtomicUsize::new(0);
    world.proxy.rule(move |asked| {
        if !asked.acts() || made.fetch_add(1, std::sync::atomic::Ordering::Relaxed) != n {
            return Deed::Pass;
        }
        match moment {
            Moment::Answered => Deed::PassThenFreeze,
            Moment::Unanswered => Deed::DoThenFreeze,
        }
    });
    let mut run = world
        .loadtest(&bench, ["run", "it.toml", "--quiet"])
        .spawn();
    let mut done = false;
    until(&format!("call {n}, or all calls' end"), || {
        done = bench.said(case.last);
        let ended = run.try_wait().expect("a child").is_some();
        assert!(
            !ended || done || world.proxy.is_frozen(),
            "it ended by itself before call {n}"
        );
        done || world.proxy.is_frozen()
    });
    signal(run.id(), Signal::KILL);
    run.wait().expect("it ends");
    // After the last call's answer nothing keeps the tool from telling that all is undone.
    let reached = world.proxy.is_frozen();
    world.proxy.pass();
    match memory {
        Memory::Journal => {
            world
                .loadtest(&bench, ["chaos", "recover", "--yes"])
                .exits(0);
        }
        Memory::Tags => {
            std::fs::remove_dir_all(bench.path().join("reports")).expect("the run folder");
            let args = ["chaos", "recover", "--yes", "--scenario", "it.toml"];
            world.loadtest(&bench, args).exits(0);
        }
    }
    // Whatever was found: a second time finds nothing to do.
    let again = world
        .loadtest(&bench, ["chaos", "recover", "--scenario", "it.toml"])
        .exits(0);
    assert!(
        again.out().contains("nothing to recover"),
        "{}",
        again.out()
    );
    reached
}

fn network_acls(memory: Memory) {
    let world = World::new().with_subnets();
    world.add_subnet("us-east-1b", "172.31.240.0/24");
    let fault = "kind = \"zone-outage\"\nzone = \"b\"\nfor = \"200ms\"";
    // Create, two swaps, two swaps back, delete.
    assert_eq!(kill_everywhere(&undone(&world, "", fault), memory), 6);
}

fn instances(memory: Memory) {
    let world = World::new().with_instances();
    let fault = "kind = \"zone-drain\"\nzone = \"use1-az1\"\nby = \"instances\"\nfor = \"200ms\"";
    // Tag, stop, start, untag.
    assert_eq!(kill_everywhere(&undone(&world, "", fault), memory), 4);
}

fn queue(memory: Memory) {
    let world = World::new().with_queue();
    let fault = "kind = \"queue-delay\"\ndelay = \"90s\"\nfor = \"200ms\"";
    // Tag, set, set back, untag.
    let case = undone(&world, "queue = \"jobs\"", fault);
    assert_eq!(kill_everywhere(&case, memory), 4);
}

fn zonal_shift(memory: Memory) {
    let world = World::new();
    let arc = Arc::of(&world);
    let fault = "kind = \"zone-drain\"\nzone = \"b\"\nfor = \"200ms\"";
    // Start, cancel.
    let aws = balanced();
    assert_eq!(kill_everywhere(&undone(&world, &aws, fault), memory), 2);
    assert!(!arc.in_force());
}

/// A killed failover has happened, or has not: nothing is left open, and nobody fails back.
fn database_failover(memory: Memory) {
    let world = World::new().with_cluster();
    let writer = world.writer();
    let case = healing(&world, "kind = \"db-failover\"");
    assert_eq!(kill_everywhere(&case, memory), 1);
    // Once by the run that was killed at its only call, once by the run that came through.
    assert_eq!(world.writer(), writer);
}

fn database_reboot(memory: Memory) {
    let world = World::new().with_single_database();
    let case = healing(&world, "kind = \"db-reboot\"");
    assert_eq!(kill_everywhere(&case, memory), 1);
}

fn tasks(memory: Memory) {
    let world = World::new();
    let ecs = Ecs::of(&world, 4);
    let case = healing(
        &world,
        "kind = \"ecs-task-stop\"\ntasks = { service = \"shop\", pick = 1 }",
    );
    assert_eq!(kill_everywhere(&case, memory), 1);
    let stopped = ecs.stopped();
    assert_eq!(stopped.len(), 2, "one by each run: {stopped:?}");
    for reason in stopped {
        assert!(reason.starts_with("loadtest run "), "{reason}");
    }
}

#[test]
fn network_acls_are_swapped_back_from_the_journal() {
    network_acls(Memory::Journal);
}

#[test]
fn network_acls_are_swapped_back_from_tags_alone() {
    network_acls(Memory::Tags);
}

#[test]
fn instances_are_started_from_the_journal() {
    instances(Memory::Journal);
}

#[test]
fn instances_are_started_from_tags_alone() {
    instances(Memory::Tags);
}

#[test]
fn a_queue_gets_its_delay_back_from_the_journal() {
    queue(Memory::Journal);
}

#[test]
fn a_queue_gets_its_delay_back_from_tags_alone() {
    queue(Memory::Tags);
}

#[test]
fn a_zonal_shift_is_cancelled_from_the_journal_against_a_double_of_arc() {
    zonal_shift(Memory::Journal);
}

#[test]
fn a_zonal_shift_is_cancelled_from_its_comment_alone_against_a_double_of_arc() {
    zonal_shift(Memory::Tags);
}

#[test]
fn a_failover_leaves_nothing_open_in_the_journal() {
    database_failover(Memory::Journal);
}

#[test]
fn a_failover_leaves_nothing_open_on_the_cluster() {
    database_failover(Memory::Tags);
}

#[test]
fn a_reboot_leaves_nothing_open_in_the_journal() {
    database_reboot(Memory::Journal);
}

#[test]
fn stopped_tasks_leave_nothing_open_in_the_journal_against_a_double_of_ecs() {
    tasks(Memory::Journal);
}

#[test]
fn stopped_tasks_leave_nothing_open_in_their_cluster_against_a_double_of_ecs() {
    tasks(Memory::Tags);
}
