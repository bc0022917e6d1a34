//! `loadtest stack up|status|purge|down`: the bundled shop and its infrastructure on this machine.

mod purge;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use target_app::api::{FailoverProfile, Replication, StackHandle, StackSpec};
use target_app::client::Client;
use target_app::control::{self, LaunchError};
use target_app::process::Progress;
use target_app::topologies::{self, Topology};

use super::UsageError;
use super::style::Style;
use tokio::signal::unix::{SignalKind, signal};

/// Wrong usage, or something that is for the user to put right.
const EXIT_USAGE: u8 = 2;
/// Ctrl-C before it was done.
const EXIT_INTERRUPTED: u8 = 130;

const EXAMPLES: &str = "\
Examples:
  loadtest stack up                              a shop of three pods in three zones
  loadtest stack up --name big --replicas 6      another one beside it
  loadtest stack up --zones a,b --failover rds   two zones, failovers as slow as in the cloud
  loadtest stack up --topology three-zone        as a topology file says
  loadtest stack up --tls                        HTTPS, with certificates of its own
  loadtest stack status --json | jq .edge_url    where shoppers go
  loadtest stack purge /api/products             its CDN forgets the catalogue
  loadtest stack down --name big                 nothing of it is left";

/// The bundled shop and its infrastructure on this machine.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct StackCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start a stack that runs until `stack down`.
    #[command(after_help = EXAMPLES)]
    Up(Up),
    /// Describe the stacks that run.
    #[command(after_help = EXAMPLES)]
    Status(Status),
    /// Have the CDN of a stack forget what it keeps.
    #[command(after_help = EXAMPLES)]
    Purge(purge::Purge),
    /// Take a stack down and leave nothing behind.
    #[command(after_help = EXAMPLES)]
    Down(Down),
}

/// What `stack up` may be told.
#[derive(Debug, Clone, Args)]
pub(super) struct Up {
    /// Name of the stack.
    #[arg(long, default_value = "default")]
    name: String,
    /// What it consists of: a bundled topology's name or a file; options go before what it says.
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "three-zone")]
    topology: String,
    /// Shop pods, spread over the zones.
    #[arg(long, value_name = "COUNT")]
    replicas: Option<u32>,
    /// Task runners, spread over the zones.
    #[arg(long, value_name = "COUNT")]
    task_runners: Option<u32>,
    /// Availability zones, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    zones: Option<Vec<String>>,
    /// Folder that holds postgres, initdb and pg_basebackup; searched for unless told.
    #[arg(long, value_name = "DIR", env = "LOADTEST_PG_BIN")]
    pg_bin: Option<PathBuf>,
    /// Whether a commit waits for the standby.
    #[arg(long, value_enum)]
    replication: Option<ReplicationArg>,
    /// How fast a database failover is noticed and announced.
    #[arg(long, value_enum)]
    failover: Option<FailoverArg>,
    /// Products in the shop.
    #[arg(long, value_name = "COUNT")]
    products: Option<u32>,
    /// Customers of the shop.
    #[arg(long, value_name = "COUNT")]
    customers: Option<u32>,
    /// Give the shop a defect: every Nth order of a pod is acknowledged and not kept.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    mischief_drop_order: Option<u32>,
    /// Give the shop a defect: every Nth order of a pod is placed twice.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    mischief_double_order: Option<u32>,
    /// Everybody speaks TLS, with certificates that the stack makes; `status` tells whom to trust.
    #[arg(long)]
    tls: bool,
    /// Stay, and take the stack down when this command ends, however it ends.
    #[arg(long)]
    foreground: bool,
}

#[derive(Debug, Args)]
struct Status {
    /// Name of the stack; all that run unless told.
    #[arg(long)]
    name: Option<String>,
    /// As JSON, for programs: one stack as an object, all as an array.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Down {
    /// Name of the stack.
    #[arg(long, default_value = "default")]
    name: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReplicationArg {
    /// A commit is acknowledged when the standby has it.
    Synchronous,
    /// A commit is acknowledged by the primary alone: a crash may lose it.
    Asynchronous,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailoverArg {
    /// As fast as this machine can.
    Fast,
    /// With the durations of RDS.
    Rds,
}

impl Up {
    /// The stack that was asked for.
    ///
    /// # Errors
    /// There is no such topology, or it is none.
    pub(super) fn spec(&self) -> anyhow::Result<StackSpec> {
        let mut spec = topology(&self.topology)?.stack;
        spec.name.clone_from(&self.name);
        set(&mut spec.zones, self.zones.clone());
        set(&mut spec.replicas, self.replicas);
        set(&mut spec.task_runners, self.task_runners);
        set(&mut spec.replication, self.replication.map(Into::into));
        set(&mut spec.failover, self.failover.map(Into::into));
        set(&mut spec.products, self.products);
        set(&mut spec.customers, self.customers);
        let mischief = &mut spec.mischief;
        mischief.drop_order = self.mischief_drop_order.or(mischief.drop_order);
        mischief.double_order = self.mischief_double_order.or(mischief.double_order);
        spec.tls |= self.tls;
        spec.postgres_bin = self.pg_bin.clone().or(spec.postgres_bin);
        Ok(spec)
    }
}

fn set<T>(value: &mut T, told: Option<T>) {
    if let Some(told) = told {
        *value = told;
    }
}

/// A bundled topology, or what a file says.
pub(super) fn topology(named: &str) -> anyhow::Result<Topology> {
    let text = match topologies::bundled(named) {
        Some(text) => text.to_owned(),
        None if named.ends_with(".toml") => std::fs::read_to_string(named)
            .map_err(|error| UsageError(format!("{named} cannot be read: {error}")))?,
        None => {
            let known: Vec<_> = topologies::names().collect();
            let known = known.join(", ");
            let message = format!(
                "there is no topology \"{named}\"\n  known: {known}; a file's name ends in .toml"
            );
            return Err(UsageError(message).into());
        }
    };
    let read = Topology::parse(&text, |name| std::env::var(name).ok());
    read.map_err(|error| UsageError(format!("{named}: {error}")).into())
}

impl From<ReplicationArg> for Replication {
    fn from(named: ReplicationArg) -> Self {
        match named {
            ReplicationArg::Synchronous => Self::Synchronous,
            ReplicationArg::Asynchronous => Self::Asynchronous,
        }
    }
}

impl From<FailoverArg> for FailoverProfile {
    fn from(named: FailoverArg) -> Self {
        match named {
            FailoverArg::Fast => Self::Fast,
            FailoverArg::Rds => Self::Rds,
        }
    }
}

impl StackCommand {
    /// Does what was asked and answers the exit code; errors are printed.
    #[must_use]
    pub(super) fn run(self) -> ExitCode {
        match self.act() {
            Ok(code) => code,
            Err(error) => {
                eprintln!("error: {error:#}");
                let launch = error.downcast_ref::<LaunchError>();
                let usage = error.is::<UsageError>() || launch.is_some_and(LaunchError::is_usage);
                ExitCode::from(if usage { EXIT_USAGE } else { 1 })
            }
        }
    }

    fn act(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start")?;
        runtime.block_on(async {
            match self.action {
                Action::Up(up) => start(&up).await,
                Action::Status(status) => describe(&status).await,
                Action::Purge(purge) => purge::run(&purge).await,
                Action::Down(down) => stop(&down).await,
            }
        })
    }
}

async fn start(up: &Up) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stopped = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    tokio::pin!(stopped);
    let begun = Instant::now();
    if up.foreground {
        let stack = tokio::select! {
            started = control::start_attached(up.spec()?, |stage| print_stage(&stage)) => started?,
            () = &mut stopped => return Ok(ExitCode::from(EXIT_INTERRUPTED)),
        };
        greet(stack.client(), begun).await?;
        say("Ctrl-C takes it down\n");
        stopped.await;
        stack.stop().await?;
    } else {
        let handle = tokio::select! {
            started = control::start_detached(up.spec()?, |stage| print_stage(&stage)) => started?,
            // What was started goes down by itself when it loses its lifeline.
            () = stopped => return Ok(ExitCode::from(EXIT_INTERRUPTED)),
        };
        greet(&Client::new(&handle), begun).await?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn greet(client: &Client, begun: Instant) -> anyhow::Result<()> {
    let took = begun.elapsed().as_secs_f64();
    let status = client.status().await?;
    let table = table::render(&status, Style::of_stdout().is_colour());
    say(&format!(
        "stack '{}' is up after {took:.2} s\n{table}",
        status.spec.name
    ));
    Ok(())
}

fn print_stage(stage: &Progress) {
    #[allow(clippy::cast_precision_loss)]
    let seconds = stage.elapsed_ms as f64 / 1_000.0;
    say(&format!("{seconds:>6.2} s  {}\n", stage.stage));
}

/// The stack is no worse for nobody listening (`loadtest stack up | head -1`).
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

async fn describe(asked: &Status) -> anyhow::Result<ExitCode> {
    let handles = match &asked.name {
        Some(name) => control::find(name)?.into_iter().collect(),
        None => control::list()?,
    };
    let mut stacks = Vec::new();
    for handle in &handles {
        stacks.push(Client::new(handle).status().await?);
    }
    let mut out = std::io::stdout().lock();
    if asked.json {
        match (&asked.name, &*stacks) {
            (Some(_), [stack]) => serde_json::to_writer_pretty(&mut out, stack)?,
            _ => serde_json::to_writer_pretty(&mut out, &stacks)?,
        }
        writeln!(out)?;
    } else {
        for (index, stack) in stacks.iter().enumerate() {
            let gap = if index > 0 { "\n" } else { "" };
            write!(out, "{gap}")?;
            write!(
                out,
                "{}",
                table::render(stack, Style::of_stdout().is_colour())
            )?;
        }
    }
    if stacks.is_empty() {
        let name = asked.name.as_ref().map(|n| format!(" named '{n}'"));
        eprintln!("no stack{} is running", name.unwrap_or_default());
    }
    let found = asked.name.is_none() || !stacks.is_empty();
    Ok(if found {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn stop(down: &Down) -> anyhow::Result<ExitCode> {
    let Some(handle) = control::find(&down.name)? else {
        println!("no stack named '{}' is running", down.name);
        return Ok(ExitCode::SUCCESS);
    };
    let StackHandle { name, .. } = &handle;
    control::stop(&handle).await?;
    println!("stack '{name}' is down");
    Ok(ExitCode::SUCCESS)
}
