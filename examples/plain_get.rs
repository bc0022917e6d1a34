//! What one generator core can do on one GET.
//!
//! `cargo run --release --example plain_get -- URL [USERS] [SECONDS] [RATE] [WORKERS]`, with the
//! target on another core, prints requests per processor second of the generator. Without a rate
//! the users loop without think time; with one (per second) iterations arrive on schedule.

use std::sync::Arc;

use anyhow::{Context, Result};
use loadtest::load::{LoadPlan, NoLedger, Stop};
use loadtest::measure::clock::RunClock;
use loadtest::scenario::{Overrides, surroundings::Machine};
use tokio::sync::mpsc::unbounded_channel;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("give the target's URL")?;
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (users, seconds, rate, workers) = (number(50)?, number(5)?, number(0)?, number(1)?);
    let load = if rate == 0 {
        format!("users = [{{ count = {users}, for = \"{seconds}s\" }}]")
    } else {
        format!("max_users = {users}\narrivals = [{{ rate = \"{rate}/s\", for = \"{seconds}s\" }}]")
    };
    let target = reqwest::Url::parse(&url).context("that is no URL")?;
    let text = format!(
        r#"
name = "plain get"
seed = 1
[target]
base_url = "{}"
[[load]]
journey = "get"
{load}
[[journey]]
name = "get"
steps = [{{ name = "get", get = "{}", expect = {{ status = 200 }} }}]
"#,
        target.origin().ascii_serialization(),
        target.path(),
    );
    let overrides = Overrides::default();
    let reading =
        loadtest::scenario::parse(&text, "plain_get.toml".as_ref(), &overrides, &Machine)?;

    let (intervals, mut measured) = unbounded_channel();
    let (pulses, _pulses) = unbounded_channel();
    let (health, _health) = unbounded_channel();
    let outcome = loadtest::load::run(LoadPlan {
        scenario: Arc::new(reading.scenario),
        base_url: target.origin().ascii_serialization(),
        clock: RunClock::start(),
        workers: usize::try_from(workers)?,
        stop: Stop::new(),
        intervals,
        pulses,
        health,
        write_log: Arc::new(NoLedger),
    })?;
    let (mut ok, mut failed) = (0, 0);
    let mut service = loadtest::measure::interval::histogram();
    let mut response = loadtest::measure::interval::histogram();
    while let Some(interval) = measured.blocking_recv() {
        for step in interval.steps {
            ok += step.ok_service_us.len();
            failed += step.failed_service_us.len();
            service.add(&step.ok_service_us)?;
            response.add(&step.ok_response_us)?;
        }
    }
    let per_second = ok as f64 / outcome.duration.as_secs_f64();
    println!(
        "{ok} ok, {failed} failed, {per_second:.0}/s, {:.2} CPU-s, {:.0} requests per CPU-second, {} arrivals dropped",
        outcome.cpu_seconds,
        ok as f64 / outcome.cpu_seconds,
        outcome.totals.arrivals_dropped,
    );
    for (name, times) in [
        ("response", &response),
        ("service", &service),
        ("start lag", &outcome.start_lag_us),
    ] {
        let at = |quantile| times.value_at_quantile(quantile);
        println!(
            "{name:>9} µs: p50 {} p99 {} p99.9 {} max {}",
            at(0.5),
            at(0.99),
            at(0.999),
            times.max()
        );
    }
    Ok(())
}
