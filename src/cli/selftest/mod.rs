//! `loadtest selftest`: does it measure rightly on this machine? A target in this process does
//! known things, the machinery of `loadtest run` measures it, and the two are laid side by side.

mod json;
mod parts;
mod rehearsal;
mod result;
mod row;
mod sabotage;
mod table;
mod target;

use anyhow::Context as _;
use clap::Args;

use super::run::{Interrupts, Wish};
use super::style::Style;
use crate::gate::ExitCode;
use parts::Part;
use rehearsal::Workshop;
use result::{Machine, PartResult};
use sabotage::{Sabotage, Sabotages};

const EXAMPLES: &str = "\
Examples:
  loadtest selftest                            everything, about 15 seconds
  loadtest selftest --only stall --only delays
  loadtest selftest --json                     for programs, and for reports of defects

Nothing outside this process is touched: the target is its own, on loopback.
Counts must be exact. Times are compared with the target's own clock; a part whose times are off is
played again, up to three times, because something else may have kept the machine busy.

Exit codes: 0 every row is within its tolerance · 1 one is not · 130 interrupted";

/// What `selftest` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SelftestArgs {
    /// Only this part (repeatable)
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// The rows as JSON
    #[arg(long)]
    json: bool,
    /// The target does one thing more than it says: the selftest must fail
    #[arg(long, hide = true, value_delimiter = ',')]
    sabotage: Vec<Sabotage>,
}

/// Plays every part, prints the table, and answers 0 when every row holds, else 1.
///
/// # Errors
/// What kept a part from being played.
pub(super) fn run(args: &SelftestArgs) -> anyhow::Result<ExitCode> {
    let mut interrupts =
        Interrupts::listen("leaving after this part (once more: at once)", "leaving")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("loadtest")
        .enable_all()
        .build()
        .context("the tool's own threads cannot be started")?;
    let sabotages: Sabotages = args.sabotage.iter().copied().collect();
    let workshop = Workshop::open()?;
    let style = Style::of_stdout();
    if !args.json {
        print!("{}", table::head(style));
    }
    let mut results = Vec::new();
    for part in Part::ALL {
        if !args.only.is_empty() && !args.only.contains(&part) {
            continue;
        }
        let attempts = attempts(part, &sabotages, &workshop, &mut interrupts);
        let Some(result) = runtime.block_on(attempts)? else {
            return Ok(ExitCode::Interrupted);
        };
        if !args.json {
            print!("{}", table::part(&result, style));
        }
        results.push(result);
    }
    if args.json {
        println!("{}", json::render(&results));
    } else {
        print!("{}", table::verdict(&results, style));
    }
    let missed = results
        .iter()
        .any(|result| result.misses().next().is_some());
    Ok(if missed {
        ExitCode::Internal
    } else {
        ExitCode::Pass
    })
}

/// Plays a part until it holds or another attempt is not worth making; none when the user stopped
/// it.
async fn attempts(
    part: Part,
    sabotages: &Sabotages,
    workshop: &Workshop,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Option<PartResult>> {
    for attempts in 1.. {
        let again = if attempts > 1 { ", once more" } else { "" };
        eprintln!("playing {}: {}{again}", part.name(), part.words());
        let played = rehearsal::play(part, sabotages, workshop, interrupts)
            .await
            .with_context(|| format!("the part `{}` could not be played", part.name()))?;
        let Some(played) = played.filter(|_| interrupts.wish() == Wish::Finish) else {
            break;
        };
        let result = PartResult {
            part,
            rows: played.rows,
            attempts,
            machine: Machine::during(&played.summary.generator, load_average()),
        };
        if !result.is_worth_another() {
            return Ok(Some(result));
        }
    }
    Ok(None)
}

/// Over the last minute; none where the system does not tell.
fn load_average() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
