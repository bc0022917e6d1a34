//! `loadtest internal <role>`: a process of the stack, started by the tool itself.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use target_app::process::{self, Announcement, Failure, Ready, Shutdown};
use target_app::service::{Bound, ServeError, logging};
use target_app::{control, edge, mail, shop, task_runner};
use tokio::runtime::{Builder, Runtime};

/// A process of the stack. Started by the tool itself: its configuration is on stdin.
#[derive(Debug, Args)]
pub(super) struct InternalCommand {
    #[command(subcommand)]
    role: Role,
    /// What the process list calls it.
    #[arg(long, global = true)]
    name: Option<String>,
    /// The stack's folder, for people who look at the process list.
    #[arg(long, global = true)]
    root: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Role {
    /// The control plane.
    Control,
    /// The load balancer.
    Edge,
    /// A shop pod.
    Shop,
    /// A task runner pod.
    TaskRunner,
    /// What takes mail.
    MailSink,
}

impl InternalCommand {
    /// Runs until the process is asked to stop, or its parent is gone.
    #[must_use]
    pub(super) fn run(self) -> ExitCode {
        logging::install(self.name.as_deref().unwrap_or("loadtest"));
        let ended = match self.role {
            Role::Control => run_control(),
            Role::Edge => serve(Builder::new_current_thread(), edge::run),
            // A pod is small: what it needs more of, a stack has more pods for.
            Role::Shop => serve(Builder::new_current_thread(), shop::run),
            Role::TaskRunner => serve(Builder::new_current_thread(), task_runner::run),
            Role::MailSink => serve(Builder::new_current_thread(), mail::run),
        };
        match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "ended");
                process::announce(&Announcement::Failed(Failure {
                    error,
                    usage: false,
                }));
                ExitCode::FAILURE
            }
        }
    }
}

fn run_control() -> anyhow::Result<()> {
    let config = process::read_config()?;
    let runtime = runtime(Builder::new_multi_thread())?;
    // It announces by itself how it went.
    runtime.block_on(control::run(config));
    runtime.shutdown_background();
    Ok(())
}

fn serve<C, F>(
    builder: Builder,
    run: impl FnOnce(C, fn(Bound), Shutdown) -> F,
) -> anyhow::Result<()>
where
    C: serde::de::DeserializeOwned,
    F: Future<Output = Result<(), ServeError>>,
{
    let config = process::read_config()?;
    runtime(builder)?.block_on(async {
        let shutdown = process::follow_parent_and_signals()?;
        run(config, announce, shutdown).await?;
        Ok(())
    })
}

fn announce(bound: Bound) {
    tracing::info!(address = %bound.address, "listening");
    process::announce(&Announcement::Ready(Ready {
        admin: bound.admin,
        ..Ready::at(bound.address)
    }));
}

fn runtime(mut builder: Builder) -> std::io::Result<Runtime> {
    builder.enable_all().build()
}
