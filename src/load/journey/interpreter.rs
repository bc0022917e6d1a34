//! One iteration of a journey: render, send, check, capture, think.

use super::capture::capture;
use super::check::{Fault, check};
use super::document::Document;
use super::redact;
use super::request::Outgoing;
use super::trace::Trace;
use crate::load::exchange::{
    Answer, Client, Failure, Jar, MAX_REDIRECTS, Received, Redirect, Wire, redirect,
};
use crate::load::inflight::InFlight;
use crate::load::pacing::exponential;
use crate::load::record::Outcome;
use crate::load::worker::Worker;
use crate::measure::clock::Micros;
use crate::measure::interval::{ErrorSample, SlowRequest};
use crate::measure::outcome::ErrorKind;
use crate::scenario::extract::Found;
use crate::scenario::template::{Context, Template, Value};
use crate::scenario::{OnFailure, Step, StepId, Think};

/// What a user carries from iteration to iteration: connections and buffers.
#[derive(Debug)]
pub(crate) struct Traveller {
    client: Client,
    outgoing: Outgoing,
    jar: Jar,
    slots: Vec<Value>,
    /// What the step's JSON paths found in the last answer.
    found: Found,
    /// What values of the last answer were compared with.
    scratch: Vec<u8>,
}

impl Traveller {
    pub(crate) fn new(client: Client, slots: usize) -> Self {
        Self {
            client,
            outgoing: Outgoing::default(),
            jar: Jar::default(),
            slots: vec![Value::Unset; slots],
            found: Found::default(),
            scratch: Vec::new(),
        }
    }
}

/// One iteration to be run.
#[derive(Debug)]
pub(crate) struct Trip {
    /// Number of the iteration within its load.
    pub(crate) number: u64,
    /// Number of the user within its load.
    pub(crate) user: u64,
    pub(crate) journey: usize,
    /// When the first step was meant to start.
    pub(crate) intended: Micros,
    pub(crate) random: fastrand::Rng,
    /// Row of each data set.
    pub(crate) rows: Vec<usize>,
}

/// How an iteration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// Every step was tried that was to be tried.
    Done {
        /// At least one of them failed.
        failed: bool,
        /// At least one request may have reached the target.
        sent: bool,
        /// The pause before a closed user's next iteration: a think time, also after a failure,
        /// or a user that is refused at once would come back faster than any person.
        think: Micros,
    },
    /// The run ended first.
    Cut,
}

/// Runs the iteration to its end or the run's.
pub(crate) async fn travel(worker: &Worker, traveller: &mut Traveller, trip: Trip) -> Finish {
    let scenario = &*worker.scenario;
    let journey = &scenario.journeys[trip.journey];
    let rows: Vec<&[String]> = trip
        .rows
        .iter()
        .zip(&scenario.data)
        .map(|(&row, set)| set.rows.get(row).map_or(&[][..], Vec::as_slice))
        .collect();
    traveller.slots.fill(Value::Unset);
    traveller.jar.clear();
    let mut tour = Tour {
        worker,
        traveller,
        rows,
        random: trip.random,
        number: trip.number,
        user: trip.user,
    };
    let mut intended = trip.intended;
    let (mut failed, mut sent) = (false, false);
    let mut last = journey.think;
    for id in journey.steps.clone() {
        if worker.keeper.is_over() {
            return Finish::Cut;
        }
        let step = &scenario.steps[id];
        last = step.think.unwrap_or(journey.think);
        let (done_at, error) = tour.step(id, step, intended).await;
        failed |= error.is_some();
        sent |= error.is_none_or(|kind| !kind.surely_not_sent());
        if error.is_some() && journey.on_failure == OnFailure::Stop {
            break;
        }
        intended = done_at;
        if id + 1 < journey.steps.end {
            let pause = think(last, &mut tour.random);
            if pause > 0 {
                intended += pause;
                worker.keeper.sleep_until(intended).await;
            }
        }
    }
    tour.traveller.client.end_iteration();
    let think = think(last, &mut tour.random);
    Finish::Done {
        failed,
        sent,
        think,
    }
}

/// An iteration under way.
struct Tour<'t> {
    worker: &'t Worker,
    traveller: &'t mut Traveller,
    rows: Vec<&'t [String]>,
    random: fastrand::Rng,
    number: u64,
    user: u64,
}

impl Tour<'_> {
    /// Runs one step; says when it was over and why it failed, if it did.
    async fn step(
        &mut self,
        id: StepId,
        step: &Step,
        intended: Micros,
    ) -> (Micros, Option<ErrorKind>) {
        let worker = self.worker;
        let rendered = self.render(id, step).and_then(|()| self.ledger(step));
        let write = match rendered {
            Ok(write) => write,
            Err(fault) => {
                let now = worker.clock.now();
                self.conclude(id, step, intended, &unsent(now), Err(fault));
                return (now, Some(ErrorKind::Template));
            }
        };
        let mut flight = InFlight::begin(worker, id, intended, write.as_ref());
        let received = self.exchange(id, step).await;
        let result = match &received.result {
            Ok(()) => self.judge(id, step, &received),
            Err(failure) => Err(Fault::from(failure.clone())),
        };
        let status = received.result.is_ok().then(|| self.answer().status());
        let failure = received.result.as_ref().err().map(|failure| failure.kind);
        flight.land(failure, status, received.done_at);
        let error = result.as_ref().err().map(|fault| fault.kind);
        self.conclude(id, step, intended, &received, result);
        flight.finish();
        (received.done_at, error)
    }

    fn render(&mut self, id: StepId, step: &Step) -> Result<(), Fault> {
        let worker = self.worker;
        let Traveller {
            outgoing,
            jar,
            slots,
            ..
        } = &mut *self.traveller;
        let mut context = Context {
            slots,
            rows: &self.rows,
            random: &mut self.random,
            iteration: self.number,
            user: self.user,
            run: self.worker.clock.started().unix_us,
        };
        outgoing
            .render(
                &worker.program,
                &worker.program.steps[id],
                step,
                &mut context,
                cookies(worker, jar),
            )
            .map_err(|error| Fault::new(ErrorKind::Template, error.0))
    }

    /// Key and read-back of a write that the ledger follows.
    fn ledger(&mut self, step: &Step) -> Result<Option<(String, String)>, Fault> {
        let Some(rule) = &step.ledger else {
            return Ok(None);
        };
        let mut context = Context {
            slots: &mut self.traveller.slots,
            rows: &self.rows,
            random: &mut self.random,
            iteration: self.number,
            user: self.user,
            run: self.worker.clock.started().unix_us,
        };
        let mut text = |template: &Template| -> Result<String, Fault> {
            let mut out = Vec::new();
            template
                .render(&mut context, &mut out)
                .map_err(|error| Fault::new(ErrorKind::Template, error.to_string()))?;
            Ok(String::from_utf8_lossy(&out).into_owned())
        };
        Ok(Some((text(&rule.key)?, text(&rule.read_back)?)))
    }

    /// Sends the request and follows redirects where the step does.
    async fn exchange(&mut self, id: StepId, step: &Step) -> Received {
        let worker = self.worker;
        let prepared = &worker.program.steps[id];
        let mut method = prepared.method.as_str();
        let mut received = self.send(method, id, step).await;
        for hop in 0.. {
            if received.result.is_err() {
                break;
            }
            self.keep_cookies();
            let next = match self.redirected(method, step) {
                Ok(Some(next)) => next,
                Ok(None) => break,
                Err(message) => {
                    received.result = Err(Failure::new(ErrorKind::Protocol, message));
                    break;
                }
            };
            if hop == MAX_REDIRECTS {
                let message = format!("more than {MAX_REDIRECTS} redirects");
                received.result = Err(Failure::new(ErrorKind::Protocol, message));
                break;
            }
            if next.as_get {
                method = "GET";
            }
            let Traveller { outgoing, jar, .. } = &mut *self.traveller;
            outgoing.follow(&worker.program, method, &next, cookies(worker, jar));
            let there = self.send(method, id, step).await;
            received = Received {
                sent_at: received.sent_at,
                resent: received.resent || there.resent,
                ..there
            };
        }
        received
    }

    /// Sends what is rendered.
    async fn send(&mut self, method: &str, id: StepId, step: &Step) -> Received {
        let Traveller {
            client, outgoing, ..
        } = &mut *self.traveller;
        let program = &self.worker.program;
        let wire = Wire {
            bytes: outgoing.bytes(),
            to_head: method == "HEAD",
            repeatable: matches!(method, "GET" | "HEAD" | "OPTIONS"),
            compressible: program.steps[id].compressible,
            timeout: step.timeout,
        };
        let origin = outgoing.origin(program);
        client.exchange(origin, wire).await
    }

    /// Takes the cookies that the answer sets.
    fn keep_cookies(&mut self) {
        let worker = self.worker;
        let Traveller {
            client,
            outgoing,
            jar,
            ..
        } = &mut *self.traveller;
        let answer = client.answer();
        if !keeps_cookies(worker) || answer.header("set-cookie").is_none() {
            return;
        }
        let target = outgoing.target(&worker.program);
        for header in answer.headers("set-cookie") {
            jar.store(&target, header, worker.unix_seconds());
        }
    }

    /// Where the answer leads, if it redirects and the step follows.
    fn redirected(&self, method: &str, step: &Step) -> Result<Option<Redirect>, String> {
        let answer = self.answer();
        if !step.redirects || !(300..400).contains(&answer.status()) {
            return Ok(None);
        }
        let from = self.traveller.outgoing.target(&self.worker.program);
        redirect(&from, method, answer.status(), answer.header("location"))
    }

    /// Expectations, then captures.
    fn judge(&mut self, id: StepId, step: &Step, received: &Received) -> Result<(), Fault> {
        let Traveller {
            client,
            slots,
            found,
            scratch,
            ..
        } = &mut *self.traveller;
        let answer = client.answer();
        let paths = &self.worker.program.steps[id].json;
        let mut document = Document::new(answer.body(), paths, found);
        let mut context = Context {
            slots,
            rows: &self.rows,
            random: &mut self.random,
            iteration: self.number,
            user: self.user,
            run: self.worker.clock.started().unix_us,
        };
        let service_us = received.done_at.saturating_sub(received.sent_at);
        let result = check(
            &step.expect,
            &answer,
            &mut document,
            service_us,
            &mut context,
            scratch,
        )
        .and_then(|()| capture(step, &answer, &mut document, slots, &mut self.random));
        result.map_err(|fault| {
            if answer.is_cut() {
                let message = format!(
                    "{} (only the first {} of {} bytes were looked at)",
                    fault.message,
                    answer.body().len(),
                    answer.body_length()
                );
                return Fault { message, ..fault };
            }
            fault
        })
    }

    /// Records what became of the step, with a sample if that is worth showing.
    fn conclude(
        &mut self,
        id: StepId,
        step: &Step,
        intended: Micros,
        received: &Received,
        result: Result<(), Fault>,
    ) {
        let answer = received.result.is_ok().then(|| self.answer());
        let never_sent = matches!(&result, Err(fault) if fault.kind.surely_not_sent());
        let outcome = Outcome {
            step: id,
            intended,
            sent_at: received.sent_at,
            done_at: received.done_at,
            error: result.as_ref().err().map(|fault| fault.kind),
            status: answer.map(|answer| answer.status()),
            bytes_sent: if never_sent {
                0
            } else {
                self.traveller.outgoing.body_length()
            },
            bytes_received: answer.map_or(0, |answer| answer.received()),
            zone: answer.and_then(|answer| answer.header("x-zone")),
            pod: answer.and_then(|answer| answer.header("x-pod")),
        };
        let mut recorder = self.worker.recorder();
        recorder.exchanged(received.sent_at, received.first_byte_at, received.resent);
        if let Some(answer) = answer.filter(Answer::is_compressed) {
            recorder.decompressed(answer.received(), answer.body_length());
        }
        recorder.record(&outcome);
        let trace = self.traveller.outgoing.trace();
        let pod = |pod: &[u8]| String::from_utf8_lossy(pod).into_owned();
        let response_us = received.done_at.saturating_sub(intended);
        if !never_sent && recorder.slowest.wants(response_us) {
            recorder.slowest.add(SlowRequest {
                at: received.done_at,
                step: id,
                response_us,
                service_us: received.done_at.saturating_sub(received.sent_at),
                status: outcome.status,
                failed: result.is_err(),
                request: redact::request(step, self.traveller.outgoing.path()),
                pod: outcome.pod.map(pod),
                trace: trace.map(Trace::id),
            });
        }
        let Err(fault) = result else { return };
        if recorder.samples.wants(id, fault.kind, received.done_at) {
            let outgoing = &self.traveller.outgoing;
            let prepared = &self.worker.program.steps[id];
            let body = answer.map(|answer| answer.body());
            recorder.samples.add(ErrorSample {
                at: received.done_at,
                step: id,
                kind: fault.kind,
                status: outcome.status,
                message: redact::message(&fault, body, outgoing.head(), prepared.secrets),
                request: redact::request(step, outgoing.path()),
                pod: outcome.pod.map(pod),
                trace: trace.map(Trace::id),
            });
        }
    }

    fn answer(&self) -> Answer<'_> {
        self.traveller.client.answer()
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self {
            kind: failure.kind,
            message: failure.message,
        }
    }
}

fn keeps_cookies(worker: &Worker) -> bool {
    worker.scenario.http.cookies
}

/// The user's cookies and what time it is for them, Unix seconds. Most users have none, and the
/// clock is not asked for those.
fn cookies<'j>(worker: &Worker, jar: &'j Jar) -> Option<(&'j Jar, i64)> {
    (!jar.is_empty()).then(|| (jar, worker.unix_seconds()))
}

/// A step that never came to sending anything.
fn unsent(now: Micros) -> Received {
    let never = Failure::new(ErrorKind::Template, "not sent");
    Received {
        sent_at: now,
        first_byte_at: None,
        done_at: now,
        resent: false,
        result: Err(never),
    }
}

/// How long a user pauses, microseconds.
fn think(think: Think, random: &mut fastrand::Rng) -> Micros {
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    match think {
        Think::None => 0,
        Think::Constant(time) => micros(time),
        Think::Uniform(low, high) => {
            let (low, high) = (micros(low), micros(high));
            random.u64(low..=high.max(low))
        }
        Think::Exponential(mean) => {
            let times = exponential(random).min(10.0);
            micros(mean.mul_f64(times))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn think_times_follow_their_rule() {
        let mut random = fastrand::Rng::with_seed(5);
        let ms = Duration::from_millis;
        assert_eq!(think(Think::None, &mut random), 0);
        assert_eq!(think(Think::Constant(ms(3)), &mut random), 3_000);
        let uniform: Vec<u64> = (0..2_000)
            .map(|_| think(Think::Uniform(ms(100), ms(600)), &mut random))
            .collect();
        assert!(uniform.iter().all(|t| (100_000..=600_000).contains(t)));
        let exponential: Vec<u64> = (0..50_000)
            .map(|_| think(Think::Exponential(ms(800)), &mut random))
            .collect();
        let mean = exponential.iter().sum::<u64>() as f64 / 50_000.0;
        assert!((mean - 800_000.0).abs() < 20_000.0, "{mean}");
        assert!(exponential.iter().all(|&t| t <= 8_000_000));
    }
}
