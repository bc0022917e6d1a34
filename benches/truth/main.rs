//! Whether what is reported is what happened: a stall against its closed form, start lag, and
//! service time beside the server's own watch.
//!
//! `cargo bench --bench truth`, with `-- --write` for `docs/performance.md`.

#[path = "../common/mod.rs"]
mod common;
mod server;

use std::fmt::Write as _;

use anyhow::{Context, Result};
use clap::Parser;
use common::{SERVER, page, run::Run};
use hdrhistogram::Histogram;
use serde_json::Value;

use server::Server;

/// Compares what is reported with what is known, on loopback only.
#[derive(Debug, Parser)]
struct Arguments {
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
    let server = Server::start(SERVER)?;
    let mut text = String::new();
    stall(&server, folder.path(), &mut text)?;
    service(&server, folder.path(), &mut text)?;
    println!("{text}");
    if arguments.write {
        page::replace("truth", &text)?;
    }
    Ok(())
}

fn open_model(port: u16, path: &str, rate: u32, seconds: u32) -> String {
    format!(
        r#"
name = "truth"
seed = 1

[target]
base_url = "http://127.0.0.1:{port}"

[[load]]
journey = "get"
arrivals = {{ rate = "{rate}/s", for = "{seconds}s" }}
max_users = 4000

[[journey]]
name = "get"
steps = [{{ name = "get", get = "{path}", expect = {{ status = 200 }} }}]
"#
    )
}

/// 2,000 arrivals a second for 10 s, one stall of 1 s in the middle.
fn stall(server: &Server, folder: &std::path::Path, text: &mut String) -> Result<()> {
    let calm = Run::start(&open_model(server.port, "/", 2_000, 5), folder)?.summary()?;
    server.stall_after(10_000);
    let stalled = Run::start(&open_model(server.port, "/", 2_000, 10), folder)?.summary()?;
    let lag = |name: &str| figure(&calm, &["generator", "start_lag_us", name]);
    let _ = writeln!(
        text,
        "Start lag at 2,000 arrivals/s: p50 {:.0} µs, p99 {:.0} µs, max {:.0} µs.\n",
        lag("p50")?,
        lag("p99")?,
        lag("max")?
    );
    let dropped = figure(&stalled, &["generator", "dropped"])?;
    let count = figure(&stalled, &["requests", "total"])?;
    let _ = writeln!(
        text,
        "One stall of 1 s among 2,000 arrivals/s for 10 s: {count:.0} requests of 20,000, {dropped:.0} dropped.\n\n\
         | response time | closed form | reported | apart |\n|---|---:|---:|---:|"
    );
    // Of n = 20,000, those that arrive during the stall wait for what is left of it.
    for (name, key, expected) in [
        ("p99", "p99", 900_000.0),
        ("p99.9", "p99_9", 990_000.0),
        ("max", "max", 1_000_000.0),
    ] {
        let measured = figure(&stalled, &["requests", "response_time_us", key])?;
        row(text, name, expected, measured);
    }
    text.push('\n');
    Ok(())
}

/// Service time at three lengths of the server's work, beside what the server measured.
fn service(server: &Server, folder: &std::path::Path, text: &mut String) -> Result<()> {
    let _ = writeln!(
        text,
        "Service time, 500 requests/s for 5 s, beside the server's own watch (first byte read to last byte written):\n\n\
         | service time | server's watch | reported | apart |\n|---|---:|---:|---:|"
    );
    for wait in [0, 2_000, 10_000, 50_000] {
        server.take();
        let path = if wait == 0 {
            "/".to_owned()
        } else {
            format!("/wait/{wait}")
        };
        let summary = Run::start(&open_model(server.port, &path, 500, 5), folder)?.summary()?;
        let known: Histogram<u64> = server.take();
        for (name, key, quantile) in [("p50", "p50", 0.5), ("p99", "p99", 0.99)] {
            let expected = known.value_at_quantile(quantile) as f64;
            let measured = figure(&summary, &["requests", "service_time_us", key])?;
            row(
                text,
                &format!("{name}, work of {} ms", wait / 1_000),
                expected,
                measured,
            );
        }
    }
    text.push('\n');
    Ok(())
}

fn row(text: &mut String, name: &str, expected: f64, measured: f64) {
    let apart = measured - expected;
    let _ = writeln!(
        text,
        "| {name} | {:.3} ms | {:.3} ms | {:+.3} ms, {:+.1} % |",
        expected / 1e3,
        measured / 1e3,
        apart / 1e3,
        apart / expected * 100.0
    );
}

fn figure(summary: &Value, path: &[&str]) -> Result<f64> {
    let found = path.iter().try_fold(summary, |value, key| value.get(key));
    found
        .and_then(Value::as_f64)
        .with_context(|| format!("summary.json has no {}", path.join(".")))
}
