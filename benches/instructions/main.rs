//! Instructions per request of the hot parts, counted by callgrind: the same on a busy machine as on
//! a calm one, so that CI can hold them to limits.
//!
//! `cargo bench --bench instructions` fails when a part needs more than `limits.toml` allows;
//! `-- --update` writes new limits, for a change that is worth its price.

mod counted;
mod limits;
#[path = "../common/shop.rs"]
mod shop;
mod workload;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use limits::Limits;
use workload::Workload;

/// Counts instructions of the hot parts.
#[derive(Debug, Parser)]
struct Arguments {
    /// Write what was counted, and a tenth more, as the new limits
    #[arg(long)]
    update: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(counted::MARK) {
        return counted::work(arguments).map(|()| ExitCode::SUCCESS);
    }
    let arguments = Arguments::parse();
    let limits = Limits::read()?;
    let mut found = Vec::new();
    let mut over = false;
    println!("{:<12} {:>14} {:>10}", "part", "instructions", "limit");
    for workload in Workload::ALL {
        let count = counted::count(workload)?;
        let limit = limits.of(workload);
        let exceeds = limit.is_none_or(|limit| count > limit);
        over |= exceeds;
        println!(
            "{:<12} {count:>14} {:>10}{}",
            workload.name(),
            limit.map_or("none".into(), |limit| limit.to_string()),
            if exceeds && !arguments.update {
                "  TOO MANY"
            } else {
                ""
            }
        );
        found.push((workload, count));
    }
    if arguments.update {
        Limits::write(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    if over {
        println!(
            "\nA part of the hot path became dearer. `just micro PART` and `perf` say where; if it is worth it, \
             `cargo bench --bench instructions -- --update` writes new limits."
        );
    }
    Ok(ExitCode::from(u8::from(over)))
}
