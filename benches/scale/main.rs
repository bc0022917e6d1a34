//! How much one core carries: many users, many arrivals, how fast they start, what they weigh, and
//! whether memory stays flat.
//!
//! `cargo bench --bench scale`, with `-- --write` for `docs/performance.md`;
//! `-- --soak 30` for a soak of 30 minutes with its chart.

mod chart;
#[path = "../common/mod.rs"]
mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::Value;

use common::nginx::{Nginx, PLAIN};
use common::run::{self, Run};
use common::{GENERATOR, SERVER, measure, page};

/// Loads nginx on loopback with many users.
#[derive(Debug, Parser)]
struct Arguments {
    /// Run for so many minutes and draw the memory used, instead of everything else
    #[arg(long)]
    soak: Option<u64>,
    /// Put the result into docs/performance.md
    #[arg(long)]
    write: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let mut nginx = Nginx::start(SERVER, folder.path())?;
    if let Some(minutes) = arguments.soak {
        return soak(minutes, folder.path(), arguments.write);
    }
    let mut text = String::from(
        "| load on one core | all connected after | requests/s | CPU | start lag p50, p99 | dropped | memory | verdict |\n\
         |---|---:|---:|---:|---:|---:|---:|---|\n",
    );
    let idle = weigh(&users(10, "1s", 8), 10, &mut nginx, folder.path())?;
    let many = weigh(&users(10_000, "1s", 15), 10_000, &mut nginx, folder.path())?;
    row(&mut text, "10,000 users, 1 s think time", &many)?;
    let open = weigh(&arrivals(20_000, 15), u64::MAX, &mut nginx, folder.path())?;
    row(&mut text, "20,000 arrivals/s", &open)?;
    let each = (many.memory as f64 - idle.memory as f64) / 9_990.0;
    let _ = writeln!(
        text,
        "\nA user with its connection weighs {:.1} KB (10,000 users beside 10).",
        each / 1e3
    );
    text += &workers(&mut nginx, folder.path())?;
    println!("{text}");
    if arguments.write {
        page::replace("scale", &text)?;
    }
    Ok(())
}

fn scenario(load: &str, think: &str) -> String {
    format!(
        r#"
name = "scale"
seed = 1

[target]
base_url = "http://127.0.0.1:{PLAIN}"

[[load]]
journey = "get"
{load}

[[journey]]
name = "get"
{think}
steps = [{{ name = "get", get = "/api/products", expect = {{ status = 200 }} }}]
"#
    )
}

/// Closed model: so many users with a think time.
fn users(count: usize, think: &str, seconds: u64) -> String {
    scenario(
        &format!("users = [{{ count = {count}, for = \"{seconds}s\" }}]"),
        &format!("pacing = \"{think}\""),
    )
}

/// Open model.
fn arrivals(rate: u64, seconds: u64) -> String {
    scenario(
        &format!("arrivals = {{ rate = \"{rate}/s\", for = \"{seconds}s\" }}\nmax_users = 10000"),
        "",
    )
}

/// A finished run and the most memory it was seen with.
struct Weighed {
    summary: Value,
    memory: u64,
    /// From the start of its process until the last of its users was connected.
    ready: Option<Duration>,
}

/// Runs a scenario in which so many users connect.
fn weigh(text: &str, users: u64, nginx: &mut Nginx, folder: &Path) -> Result<Weighed> {
    let mut run = Run::start(text, folder)?;
    let mut memory = 0;
    let mut ready = None;
    while let Some(resident) = run.resident()? {
        memory = memory.max(resident);
        if ready.is_none() && nginx.connected()? > users {
            ready = Some(run.elapsed());
        }
        std::thread::sleep(Duration::from_millis(if ready.is_some() {
            200
        } else {
            20
        }));
    }
    Ok(Weighed {
        summary: run.summary()?,
        memory,
        ready,
    })
}

fn row(text: &mut String, name: &str, weighed: &Weighed) -> Result<()> {
    let figure = |path: &[&str]| {
        let found = path
            .iter()
            .try_fold(&weighed.summary, |value, key| value.get(key));
        found
            .and_then(Value::as_f64)
            .with_context(|| format!("summary.json has no {}", path.join(".")))
    };
    let verdict = weighed.summary["verdict"].as_str().unwrap_or("?");
    // Closed users start when they are ready: only an open model has a lag.
    let lag = |key| figure(&["generator", "start_lag_us", key]).map(|us| us / 1e3);
    let lag = match (lag("p50"), lag("p99")) {
        (Ok(p50), Ok(p99)) => format!("{p50:.2} ms, {p99:.2} ms"),
        _ => "–".to_owned(),
    };
    let ready = match weighed.ready {
        Some(ready) => format!("{:.2} s", ready.as_secs_f64()),
        None => "–".to_owned(),
    };
    let _ = writeln!(
        text,
        "| {name} | {ready} | {:.0} | {:.0} % | {lag} | {:.0} | {:.0} MB | {verdict} |",
        figure(&["requests", "rate"])?,
        figure(&["generator", "cpu_share"])? * 100.0,
        figure(&["generator", "dropped"]).unwrap_or(0.0),
        weighed.memory as f64 / 1e6
    );
    Ok(())
}

/// One worker on one core beside two on two. With no core to spare for the server, rates would
/// tell of nginx; what a request costs the generator tells what a second core would bring. The
/// second worker shares its core, and its caches, with nginx: so does a single one, for comparison.
fn workers(nginx: &mut Nginx, folder: &Path) -> Result<String> {
    let text = scenario("users = [{ count = 100, for = \"6s\" }]", "");
    let mut worth = |cores: &[usize]| -> Result<f64> {
        let (command, _) = run::command(cores.len(), &text, folder)?;
        let before = nginx.requests()?;
        // On a full core a run calls itself invalid.
        let log = folder.join("workers.log");
        let usage = measure::run(cores, &command, &[0, 4], Duration::from_secs(60), &log)?;
        let requests = nginx.requests()? - before - 1;
        Ok(requests as f64 / usage.cpu())
    };
    let (mut two, mut sharing, mut parallel) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..5 {
        let alone = worth(&[GENERATOR])?;
        let both = worth(&[GENERATOR, SERVER])?;
        let shared = worth(&[SERVER])?;
        two.push(both / alone);
        sharing.push(shared / alone);
        // Processor time adds up: two that do not hinder each other cost the mean of the costs.
        parallel.push(both * (1.0 / alone + 1.0 / shared) / 2.0);
    }
    let middle = |ratios: &mut Vec<f64>| {
        ratios.sort_by(f64::total_cmp);
        format!("{:.2} ({:.2} … {:.2})", ratios[2], ratios[0], ratios[4])
    };
    Ok(format!(
        "| requests per CPU-second | × one worker on a core of its own |\n|---|---:|\n\
         | two workers on two cores, one of them nginx's | {} |\n\
         | one worker on nginx's core | {} |\n\n\
         Two workers do {} × what the two do alone, where 1 means that they do not hinder each other.\n",
        middle(&mut two),
        middle(&mut sharing),
        middle(&mut parallel),
    ))
}

/// 500 users: what counts is that memory does not grow with time.
fn soak(minutes: u64, folder: &Path, write: bool) -> Result<()> {
    let mut run = Run::start(&users(500, "1s", minutes * 60), folder)?;
    let mut seen: Vec<(f64, u64)> = Vec::new();
    while let Some(resident) = run.resident()? {
        seen.push((run.elapsed().as_secs_f64(), resident));
        std::thread::sleep(Duration::from_secs(1));
    }
    let summary = run.summary()?;
    let total = summary["requests"]["total"].as_u64().unwrap_or(0);
    let at = |share: f64| seen[((seen.len() - 1) as f64 * share) as usize].1 as f64 / 1e6;
    let text = format!(
        "{minutes} minutes, 500 users, {total} requests: {:.1} MB after a tenth of the time, {:.1} MB after half, {:.1} MB after nine tenths.\n\n\
         ![Resident memory over the soak](images/soak.svg)\n",
        at(0.1),
        at(0.5),
        at(0.9)
    );
    println!("{text}");
    if write {
        chart::draw(&seen, &page::docs().join("images/soak.svg"))?;
        page::replace("soak", &text)?;
    }
    Ok(())
}
