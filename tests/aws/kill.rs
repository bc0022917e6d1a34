//! SIGKILL after every single call of every fault, and recovery to the starting state: from the
//! journal, and from tags alone.

use rustix::process::Signal;

use super::proxy::Deed;
use super::scenario::{well, with};
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

/// Kills at every call, of making as of undoing, until a run has no more; says how many it had.
///
/// The journal has most to bridge when it never heard of an answer, tags when the call was made: so
/// each is killed there. The longest chain of calls is killed at both moments.
fn kill_everywhere(world: &World, memory: Memory, aws: &str, fault: &str) -> usize {
    let moments: &[Moment] = match memory {
        Memory::Journal => &[Moment::Unanswered],
        Memory::Tags if fault.contains("zone-outage") => &[Moment::Answered, Moment::Unanswered],
        Memory::Tags => &[Moment::Answered],
    };
    let target = well();
    let scenario = with(&target, aws, fault, 20);
    let before = world.state();
    for call in 0.. {
        for &moment in moments {
            let reached = kill_at(world, &scenario, (call, moment, memory));
            assert_eq!(
                world.state(),
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
fn kill_at(world: &World, scenario: &str, (n, moment, memory): (usize, Moment, Memory)) -> bool {
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
    let mut undone = false;
    until(&format!("call {n}, or the undo's end"), || {
        undone = bench.said("\"event\":\"undone\"");
        let ended = run.try_wait().expect("a child").is_some();
        assert!(
            !ended || undone || world.proxy.is_frozen(),
            "it ended by itself before call {n}"
        );
        undone || world.proxy.is_frozen()
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
    assert_eq!(kill_everywhere(&world, memory, "", fault), 6);
}

fn instances(memory: Memory) {
    let world = World::new().with_instances();
    let fault = "kind = \"zone-drain\"\nzone = \"use1-az1\"\nby = \"instances\"\nfor = \"200ms\"";
    // Tag, stop, start, untag.
    assert_eq!(kill_everywhere(&world, memory, "", fault), 4);
}

fn queue(memory: Memory) {
    let world = World::new().with_queue();
    let fault = "kind = \"queue-delay\"\ndelay = \"90s\"\nfor = \"200ms\"";
    // Tag, set, set back, untag.
    let calls = kill_everywhere(&world, memory, "queue = \"jobs\"", fault);
    assert_eq!(calls, 4);
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
