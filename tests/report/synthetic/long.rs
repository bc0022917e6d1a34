//! A run as long and as large as the page must bear.

use loadtest::report::Summary;

const BUCKETS: usize = 600;

/// Ten minutes of twenty steps and five faults, made of a shorter run by repeating it.
pub(crate) fn ten_minutes(run: &Summary) -> Summary {
    let mut long = run.clone();
    let timeline = &mut long.timeline;
    for column in [
        &mut timeline.requests,
        &mut timeline.scheduled,
        &mut timeline.started,
        &mut timeline.users,
    ] {
        repeat(column, BUCKETS);
    }
    for column in timeline.errors.values_mut() {
        repeat(column, BUCKETS);
    }
    for column in [
        &mut timeline.p50,
        &mut timeline.p90,
        &mut timeline.p99,
        &mut timeline.max,
    ] {
        repeat(column, BUCKETS);
    }
    repeat(&mut timeline.heat.columns, BUCKETS);
    for lane in &mut long.lanes.serving {
        repeat(&mut lane.ok, BUCKETS);
        repeat(&mut lane.failed, BUCKETS);
    }
    long.run.duration_us = BUCKETS as u64 * 1_000_000;
    repeat(&mut long.steps, 20);
    repeat(&mut long.faults, 5);
    repeat(&mut long.lanes.faults, 5);
    for (number, (fault, lane)) in long
        .faults
        .iter_mut()
        .zip(&mut long.lanes.faults)
        .enumerate()
    {
        fault.name = format!("{} {}", fault.name, number + 1);
        lane.name.clone_from(&fault.name);
    }
    long
}

fn repeat<T: Clone>(items: &mut Vec<T>, count: usize) {
    *items = items.iter().cycle().take(count).cloned().collect();
}
