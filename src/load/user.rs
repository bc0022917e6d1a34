//! A user's life: wait for work, do one iteration, account for it, and again.

use super::catch::caught;
use super::data::RanOut;
use super::journey::{Finish, Traveller, Trip, travel};
use super::record::Due;
use super::seats::Role;
use super::seed::{self, Purpose};
use super::worker::Worker;
use crate::measure::clock::Micros;
use crate::scenario::{JourneyId, Load};

/// How long a user whose iteration failed before anything could be sent waits before the next
/// one. Without it, a target that refuses connections would be asked for them as fast as a
/// processor can, and nothing else would be measured.
const BREATH_US: Micros = 100_000;

/// What a user has between iterations.
#[derive(Debug)]
struct User {
    seat: usize,
    /// When the schedules began, run time.
    origin: Micros,
    /// A closed user's next iteration starts no earlier.
    not_before: Micros,
    /// Its connections and buffers, once it had need of them.
    traveller: Option<Box<Traveller>>,
}

/// Work for one iteration.
struct Work {
    number: u64,
    /// When it was meant to start.
    intended: Micros,
    /// It is an arrival of an open load.
    arrival: Option<Due>,
}

/// Runs the iterations of the user on this seat until there is nothing left to do. The schedules
/// began at `origin`, run time.
pub(crate) async fn live(worker: &Worker, seat: usize, origin: Micros) {
    let mut user = User {
        seat,
        origin,
        not_before: 0,
        traveller: None,
    };
    while turn(worker, &mut user).await {}
}

/// One iteration; false when there is nothing left to do.
async fn turn(worker: &Worker, user: &mut User) -> bool {
    let seat = user.seat;
    let Some(work) = wait(worker, user).await else {
        return false;
    };
    let load = worker.seats[seat].load;
    let spec = &worker.scenario.loads[load];
    let mut random = seed::rng(worker.scenario.seed, Purpose::Iteration, load, work.number);
    let journey = choose(spec, &mut random);
    let rows = match worker
        .shared
        .data
        .rows(load, journey, work.number, &mut random)
    {
        Ok(rows) => rows,
        Err(ran_out) => {
            end_load(worker, seat, ran_out);
            return false;
        }
    };
    let trip = Trip {
        number: work.number,
        user: worker.seats[seat].user,
        journey,
        intended: work.intended,
        random,
        rows,
    };
    let started = worker.clock.now();
    let mut stay = Stay::begin(worker, started, work.arrival);
    let taken = user.traveller.take();
    let mut traveller = taken.unwrap_or_else(|| worker.new_traveller(seat));
    let travelled = caught(travel(worker, &mut traveller, trip)).await;
    let now = worker.clock.now();
    match travelled {
        Ok(finish) => {
            user.traveller = Some(traveller);
            stay.end(finish, now);
            user.not_before = earliest(worker, journey, work.intended, finish, now);
        }
        Err(_panic) => {
            // Its connections and buffers may be in any state: the next iteration gets new ones.
            worker.recorder().totals.panics += 1;
            let failed = Finish::Done {
                failed: true,
                sent: false,
                think: 0,
            };
            stay.end(failed, now);
            user.not_before = now + BREATH_US;
        }
    }
    true
}

/// Waits until there is something to do.
async fn wait(worker: &Worker, user: &User) -> Option<Work> {
    let keeper = &worker.keeper;
    match &worker.seats[user.seat].role {
        Role::Open { gate, place } => {
            let given = worker.gates[*gate].next(*place, keeper).await?;
            Some(Work {
                number: given.arrival.number,
                intended: given.arrival.due,
                arrival: Some(Due {
                    at: given.arrival.due,
                    awaited: given.awaited,
                }),
            })
        }
        Role::Closed(windows) => {
            let origin = user.origin;
            let now = worker.clock.now();
            let ready = now.max(user.not_before);
            let window = windows
                .iter()
                .map(|window| origin + window.start..origin + window.end)
                .find(|window| window.end > ready)?;
            let intended = ready.max(window.start);
            if intended > now {
                keeper.sleep_until(intended).await;
            } else {
                // Iterations that never wait must still let others run.
                tokio::task::consume_budget().await;
            }
            if keeper.is_over() {
                return None;
            }
            Some(Work {
                number: worker.shared.next_number(worker.seats[user.seat].load),
                intended,
                arrival: None,
            })
        }
    }
}

/// When a closed user whose iteration ended `now` may begin its next.
fn earliest(
    worker: &Worker,
    journey: JourneyId,
    intended: Micros,
    finish: Finish,
    now: Micros,
) -> Micros {
    // From the intended start, so that small delays do not add up.
    let pacing = worker.scenario.journeys[journey].pacing.unwrap_or_default();
    let paced = intended + u64::try_from(pacing.as_micros()).unwrap_or(u64::MAX / 2);
    match finish {
        Finish::Done {
            failed,
            sent,
            think,
        } => {
            let breath = if failed && !sent { BREATH_US } else { 0 };
            paced.max(now + think.max(breath))
        }
        Finish::Cut => paced,
    }
}

/// A data set ran out: its load ends. Other loads may need no rows of it.
fn end_load(worker: &Worker, seat: usize, ran_out: RanOut) {
    worker.shared.note(ran_out);
    if let Role::Open { gate, .. } = worker.seats[seat].role {
        worker.gates[gate].end();
    }
}

/// A journey by weight.
fn choose(load: &Load, random: &mut fastrand::Rng) -> JourneyId {
    let total: u64 = load
        .journeys
        .iter()
        .map(|&(_, weight)| u64::from(weight))
        .sum();
    let mut draw = random.u64(..total.max(1));
    for &(journey, weight) in &load.journeys {
        match draw.checked_sub(u64::from(weight)) {
            Some(rest) => draw = rest,
            None => return journey,
        }
    }
    load.journeys.last().map_or(0, |&(journey, _)| journey)
}

/// An iteration under way: dropped without an end, the run has cut it off.
struct Stay<'w> {
    worker: &'w Worker,
    ended: bool,
}

impl<'w> Stay<'w> {
    fn begin(worker: &'w Worker, now: Micros, due: Option<Due>) -> Self {
        worker.recorder().started(now, due);
        Self {
            worker,
            ended: false,
        }
    }

    fn end(&mut self, finish: Finish, now: Micros) {
        self.ended = true;
        let mut recorder = self.worker.recorder();
        match finish {
            Finish::Done { failed, .. } => recorder.ended(now, failed, false),
            Finish::Cut => recorder.ended(now, false, true),
        }
    }
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.end(Finish::Cut, self.worker.clock.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Shape;

    #[test]
    fn journeys_are_chosen_by_their_weights() {
        let load = Load {
            name: "mix".into(),
            journeys: vec![(0, 3), (1, 1)],
            shape: Shape::Users {
                segments: vec![],
                at_once: false,
            },
        };
        let mut random = fastrand::Rng::with_seed(9);
        let first = (0..40_000)
            .filter(|_| choose(&load, &mut random) == 0)
            .count();
        assert!((29_400..30_600).contains(&first), "{first}");
    }
}
