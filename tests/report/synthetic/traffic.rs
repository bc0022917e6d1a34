//! Requests of every second: quiet, ramping, disturbed.

use std::collections::BTreeMap;

use loadtest::measure::interval::{Interval, StepInterval, histogram};
use loadtest::measure::outcome::ErrorKind;

use super::scenario::STEPS;

fn log_normal(random: &mut fastrand::Rng, median: f64, sigma: f64) -> f64 {
    let (u, v) = (random.f64().max(1e-12), random.f64());
    let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    median * (sigma * normal).exp()
}

pub(super) fn interval(second: u64, random: &mut fastrand::Rng) -> Interval {
    let ramp = ((second as f64 + 0.5) / 10.0).min(1.0);
    let arrivals = 5.0 + 35.0 * ramp;
    let browsers = 25.0 * ramp;
    let mut start_lag_us = histogram();
    let scheduled = (arrivals + random.f64() * 8.0 - 4.0).round() as u64;
    for _ in 0..scheduled {
        start_lag_us
            .record(log_normal(random, 110.0, 0.25) as u64)
            .expect("in range");
    }
    let steps = STEPS
        .iter()
        .enumerate()
        .map(|(id, (journey, ..))| {
            let rate = if *journey == 0 {
                arrivals
            } else {
                browsers * 0.85
            };
            step(
                id,
                second,
                (rate + random.f64() * 6.0 - 3.0).max(0.0).round() as u64,
                random,
            )
        })
        .collect();
    Interval {
        second,
        steps,
        start_lag_us,
        scheduled,
        started: scheduled,
        ended: scheduled,
        users: (25.0 * ramp + arrivals * if (42..46).contains(&second) { 2.6 } else { 1.2 }) as u64,
        responders: Vec::new(),
    }
}

fn step(id: usize, second: u64, count: u64, random: &mut fastrand::Rng) -> StepInterval {
    let (_, _, method, _, typical) = STEPS[id];
    let write = method == "POST";
    let mut of = StepInterval {
        step: id,
        ok_response_us: histogram(),
        ok_service_us: histogram(),
        failed_response_us: histogram(),
        failed_service_us: histogram(),
        errors: BTreeMap::new(),
        statuses: BTreeMap::new(),
        bytes_sent: count * if write { 180 } else { 0 },
        bytes_received: count * if write { 420 } else { 2_600 },
    };
    for _ in 0..count {
        let disturbance = if (70..86).contains(&second) { 1.9 } else { 1.0 };
        let mut service = log_normal(random, typical * disturbance, 0.28);
        if random.f64() < 0.012 {
            service *= 2.0 + 3.0 * random.f64();
        }
        let mut waited = 0.0;
        let failure = match (second, write) {
            (25, _) if random.f64() < 0.14 => Some((ErrorKind::Reset, None)),
            (26, _) if random.f64() < 0.04 => Some((ErrorKind::Connect, None)),
            (42 | 43, true) if random.f64() < 0.48 => Some((ErrorKind::Status, Some(503))),
            (44, true) if random.f64() < 0.25 => Some((ErrorKind::Timeout, None)),
            (71, _) if random.f64() < 0.02 => Some((ErrorKind::Status, Some(502))),
            _ => None,
        };
        if write && (42..46).contains(&second) {
            waited = random.f64() * (46 - second) as f64 * 620_000.0;
        }
        if failure == Some((ErrorKind::Timeout, None)) {
            service = 2_000_000.0 + random.f64() * 3_000.0;
        }
        let (response_us, service_us) = ((service + waited) as u64, service as u64);
        if let Some((kind, status)) = failure {
            of.failed_response_us.record(response_us).expect("in range");
            of.failed_service_us.record(service_us).expect("in range");
            *of.errors.entry(kind).or_default() += 1;
            if let Some(status) = status {
                *of.statuses.entry(status).or_default() += 1;
            }
        } else {
            of.ok_response_us.record(response_us).expect("in range");
            of.ok_service_us.record(service_us).expect("in range");
            *of.statuses
                .entry(if id == 2 { 201 } else { 200 })
                .or_default() += 1;
        }
    }
    of
}
