//! Starting and stopping a stack, from the tool's side.

use std::time::{Duration, Instant};

use super::handle::{self, Files, HandleError};
use super::root::{self, RootError};
use super::{ControlConfig, find};
use crate::api::{StackHandle, StackSpec};
use crate::client::{Client, ClientError};
use crate::process::{self, Child, Launch, Lifetime, Progress, Role, SpawnError};

/// How long a stack may take to go down before that is an error.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Why a stack did not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// Its files.
    #[error(transparent)]
    Handle(#[from] HandleError),
    /// Its folder.
    #[error(transparent)]
    Root(#[from] RootError),
    /// Its control plane did not start.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// Its control plane did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It started and was gone before it could be asked.
    #[error("stack '{0}' ended as soon as it had started")]
    Vanished(String),
    /// It did not go down.
    #[error(
        "stack '{name}' (control plane {pid}) did not go down within {limit:?}: look at its log, or end it by `kill -9 {pid}`; the next command sweeps up"
    )]
    Stuck {
        /// The stack.
        name: String,
        /// Its control plane.
        pid: u32,
        /// How long we waited.
        limit: Duration,
    },
}

impl LaunchError {
    /// Whether it is for the user to put right: a missing program, a wrong option.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Handle(HandleError::Name(_) | HandleError::Running(_)) => true,
            Self::Spawn(SpawnError::Failed { failure, .. }) => failure.usage,
            _ => false,
        }
    }
}

/// A stack that lives as long as this process, and is taken down with it however it ends.
#[derive(Debug)]
pub struct RunningStack {
    client: Client,
    child: Child,
}

impl RunningStack {
    /// A client of it.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Takes it down and waits until nothing is left.
    ///
    /// # Errors
    /// [`LaunchError`] when it does not go down in time.
    pub async fn stop(self) -> Result<(), LaunchError> {
        self.child.term();
        wait_gone(self.client.handle()).await
    }
}

/// Starts a stack as a child of this process and waits until it is healthy. `progress` hears of
/// each stage. Dropping the future takes down what was started.
///
/// # Errors
/// [`LaunchError`]: no PostgreSQL, a stack of this name, no room.
pub async fn start_attached(
    spec: StackSpec,
    progress: impl FnMut(Progress),
) -> Result<RunningStack, LaunchError> {
    let (child, handle) = start(spec, Lifetime::Follows, progress).await?;
    Ok(RunningStack {
        client: Client::new(&handle),
        child,
    })
}

/// Starts a stack that outlives this process and waits until it is healthy.
///
/// # Errors
/// As [`start_attached`].
pub async fn start_detached(
    spec: StackSpec,
    progress: impl FnMut(Progress),
) -> Result<StackHandle, LaunchError> {
    let (_child, handle) = start(spec, Lifetime::Detached, progress).await?;
    Ok(handle)
}

/// Takes a stack down and waits until nothing is left of it.
///
/// # Errors
/// [`LaunchError`] when it gives no answer or does not go down in time.
pub async fn stop(handle: &StackHandle) -> Result<(), LaunchError> {
    Client::new(handle).stop().await?;
    wait_gone(handle).await
}

async fn start(
    spec: StackSpec,
    lifetime: Lifetime,
    progress: impl FnMut(Progress),
) -> Result<(Child, StackHandle), LaunchError> {
    let name = spec.name.clone();
    if find(&name)?.is_some() {
        return Err(HandleError::Running(name).into());
    }
    let root = root::choose(&name)?;
    let title = format!("control of {name}");
    let launch = Launch {
        role: Role::Control,
        name: &title,
        root: &root,
        log: Files::of(&name)?.log().to_owned(),
        lifetime,
    };
    let config = ControlConfig {
        spec,
        root: root.clone(),
        attached: lifetime == Lifetime::Follows,
    };
    let child = process::spawn(launch, &config, progress).await?;
    let handle = find(&name)?.ok_or(LaunchError::Vanished(name))?;
    Ok((child, handle))
}

/// Waits until the control plane has ended and nothing is left of the stack.
async fn wait_gone(handle: &StackHandle) -> Result<(), LaunchError> {
    let since = Instant::now();
    while !handle::is_gone(&handle.name)? {
        if since.elapsed() > STOP_LIMIT {
            return Err(LaunchError::Stuck {
                name: handle.name.clone(),
                pid: handle.pid,
                limit: STOP_LIMIT,
            });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
