//! The edge: the load balancer in front of the shop.

pub mod admin_api;
mod config;

pub use config::{EdgeConfig, HealthCheck, Policy};

use crate::process::Shutdown;
use crate::service::{Bound, ServeError, bind};

/// Balances until `shutdown`; `bound` is told both addresses.
///
/// # Errors
/// When an address cannot be bound, the admin address is not loopback, or a listener breaks.
pub async fn run(
    config: EdgeConfig,
    bound: impl FnOnce(Bound),
    mut shutdown: Shutdown,
) -> Result<(), ServeError> {
    if !config.admin.ip().is_loopback() {
        return Err(ServeError::Config(format!(
            "edge.admin = {} is not loopback: the admin API must not be reachable from outside",
            config.admin
        )));
    }
    let (_listener, address) = bind(config.listen).await?;
    let (_admin_listener, admin) = bind(config.admin).await?;
    bound(Bound {
        address,
        admin: Some(admin),
    });
    shutdown.requested().await;
    Ok(())
}
