//! The shop: catalogue, customers, cart, orders.

mod config;
pub mod schema;

pub use config::{PasswordCost, RateLimit, ShopConfig};

use crate::process::Shutdown;
use crate::service::{Bound, ServeError, bind};

/// Serves one pod of the shop until `shutdown`; `bound` is told where it listens.
///
/// The database need not be there yet: until it takes writes, `/readyz` answers 503.
///
/// # Errors
/// When the address cannot be bound or the listener breaks.
pub async fn run(
    config: ShopConfig,
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
