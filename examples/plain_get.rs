//! What one generator core can do: closed users without think time on one GET.
//!
//! `cargo run --release --example plain_get -- URL [USERS] [SECONDS] [WORKERS]`, with the target on
//! another core, prints requests per processor second of the generator.

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
    let (users, seconds, workers) = (number(50)?, number(5)?, number(1)?);
    let target = reqwest::Url::parse(&url).context("that is no URL")?;
    let text = format!(
        r#"
name = "plain get"
seed = 1
[target]
base_url = "{}"
[[load]]
journey = "get"
users = [{{ count = {users}, for = "{seconds}s" }}]
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
    while let Some(interval) = measured.blocking_recv() {
        for step in interval.steps {
            ok += step.ok_service_us.len();
            failed += step.failed_service_us.len();
            service.add(&step.ok_service_us)?;
        }
    }
    let per_second = ok as f64 / outcome.duration.as_secs_f64();
    println!(
        "{ok} ok, {failed} failed, {per_second:.0}/s, {:.2} CPU-s, {:.0} requests per CPU-second; p50 {} µs, p99 {} µs",
        outcome.cpu_seconds,
        ok as f64 / outcome.cpu_seconds,
        service.value_at_quantile(0.5),
        service.value_at_quantile(0.99),
    );
    Ok(())
}
