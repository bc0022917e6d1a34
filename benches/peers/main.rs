//! Requests per processor second of generators, ours and others, measured in the same run.
//!
//! `cargo bench --bench peers` installs what is missing, starts nginx on one core, runs everybody
//! in turn on another, several rounds, and prints each one's ratio to wrk of the same round.
//! `cargo bench --bench peers -- --write` puts the table and the chart into `docs/performance.md`.

mod chart;
#[path = "../common/mod.rs"]
mod common;
mod contest;
mod machine;
mod page;
mod scenario;
mod stock_goose;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

use common::{GENERATOR, SERVER, measure, nginx::Nginx};
use contest::{Contestant, Exchange, Setting, contestants};
use table::{Measurement, Table};

/// Compares load generators on this machine, on loopback only.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only these: plain, journey, tls, http2
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How often everybody is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Length of one measurement
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Connections, one per user
    #[arg(long, default_value_t = 50)]
    users: usize,
    /// Only contestants whose name contains one of these
    #[arg(long, value_delimiter = ',')]
    names: Vec<String>,
    /// Put the result into docs/performance.md
    #[arg(long)]
    write: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--as-goose") {
        return stock_goose::run(arguments);
    }
    let arguments = Arguments::parse();
    let peers = cache_folder()?;
    install(&peers)?;
    let scratch = tempfile::tempdir()?;
    let mut nginx = Nginx::start(SERVER, scratch.path())?;
    let setting = Setting {
        users: arguments.users,
        seconds: arguments.seconds,
        peers: &peers,
        scratch: scratch.path(),
    };
    let mut tables = Vec::new();
    for exchange in Exchange::ALL {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|id| id == exchange.id()) {
            continue;
        }
        let mut entrants = contestants(exchange, &setting)?;
        let named = |name: &str| {
            arguments
                .names
                .iter()
                .any(|part| name.contains(part.as_str()))
        };
        entrants.retain(|entrant| arguments.names.is_empty() || named(entrant.name));
        let mut table = Table::new(exchange.title(), &entrants);
        for round in 0..arguments.rounds {
            // Everybody is first once, so that nobody always follows the same neighbour.
            entrants.rotate_left(usize::from(round > 0));
            for entrant in &entrants {
                match turn(entrant, &setting, &mut nginx) {
                    Ok(measured) => table.add(entrant.name, measured),
                    Err(error) => eprintln!("{}: {error:#}", entrant.name),
                }
            }
            eprintln!(
                "{}: round {} of {}",
                exchange.id(),
                round + 1,
                arguments.rounds
            );
        }
        println!("{}", table.text());
        tables.push((exchange, table));
    }
    if arguments.write {
        page::write(
            &tables,
            &machine::describe(&peers),
            &arguments_in_words(&arguments),
        )?;
    }
    Ok(())
}

/// One contestant's turn, by the server's own count of requests.
fn turn(entrant: &Contestant, setting: &Setting<'_>, nginx: &mut Nginx) -> Result<Measurement> {
    let at_most = Duration::from_secs(if entrant.endless {
        setting.seconds + 2
    } else {
        setting.seconds * 3 + 30
    });
    let log = setting.scratch.join("contestant.log");
    let before = nginx.requests()?;
    let usage = measure::run(
        &[GENERATOR],
        &entrant.command,
        entrant.ends_well_with,
        at_most,
        &log,
    )?;
    // This question is a request, too.
    let requests = nginx.requests()? - before - 1;
    if requests == 0 {
        bail!(
            "sent nothing:\n{}",
            std::fs::read_to_string(&log).unwrap_or_default()
        );
    }
    Ok(Measurement { requests, usage })
}

fn arguments_in_words(arguments: &Arguments) -> String {
    format!(
        "{} rounds of {} s each, {} keep-alive connections",
        arguments.rounds, arguments.seconds, arguments.users
    )
}

fn cache_folder() -> Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(cache
        .context("neither XDG_CACHE_HOME nor HOME is set")?
        .join("loadtest-bench"))
}

fn install(peers: &Path) -> Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/install");
    let status = Command::new(script)
        .arg(peers)
        .status()
        .context("cannot run benches/peers/install")?;
    if !status.success() {
        bail!("benches/peers/install failed");
    }
    Ok(())
}
