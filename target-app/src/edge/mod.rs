//! The edge: the load balancer in front of the shop.
//!
//! It shares requests out among healthy targets, takes failing ones out of rotation, lets leaving
//! ones finish, and keeps count of all. What it does to a request that fails is decided by one
//! rule: nothing that may have reached a target is ever sent again. A request with `x-prefer-zone: b`
//! is given to a target of that zone as long as one is in rotation, and to any other then. Where
//! targets are in regions, `x-region: west` does the same for a user of that region, and whoever is
//! served by another one pays for the way. Where it is told to, it also is the content delivery
//! network: see [`cdn`].

mod admin;
pub mod admin_api;
mod backend;
mod balance;
mod body;
mod call;
mod cdn;
mod config;
mod dial;
mod error;
mod events;
mod forward;
mod headers;
mod health;
mod inject;
mod listener;
mod metrics;
mod near;
mod rotation;
mod upstream;

use std::sync::Arc;
use std::time::Duration;

pub use config::{CdnConfig, EdgeConfig, HealthCheck, Policy, Regions};

use self::rotation::Edge;
use crate::process::{Shutdown, Trigger};
use crate::service::http::{Farewell, Leaving, serve};
use crate::service::tls::{acceptor, connector};
use crate::service::{Bound, ServeError, bind};

/// Balances until `shutdown`, then finishes what is in flight; `bound` is told both addresses. One
/// current-thread runtime is enough: a request costs about 20 µs of CPU.
///
/// # Errors
/// When an address cannot be bound, the admin address is not loopback, a certificate cannot be read,
/// or a listener breaks.
pub async fn run(
    config: EdgeConfig,
    bound: impl FnOnce(Bound),
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    if !config.admin.ip().is_loopback() {
        return Err(ServeError::Config(format!(
            "edge.admin = {} is not loopback: the admin API must not be reachable from outside",
            config.admin
        )));
    }
    let (listener, address) = bind(config.listen).await?;
    let (admin_listener, admin) = bind(config.admin).await?;
    let grace = Duration::from_millis(config.grace_ms);
    let shown = config.tls.as_ref().map(acceptor).transpose()?;
    let trusted = config.target_ca.as_deref().map(connector).transpose()?;
    let edge = Arc::new(Edge::new(config, trusted));
    bound(Bound {
        address,
        admin: Some(admin),
    });

    // The admin API outlives the shoppers, so that their end can be watched.
    let (stop_admin, admin_shutdown) = Trigger::new();
    let admin_router = admin::router(Arc::clone(&edge));
    let farewell = Farewell {
        drain: Duration::ZERO,
        grace: Duration::from_millis(200),
    };
    let leaving = Leaving::default();
    let (served, ()) = tokio::join!(
        serve(
            admin_listener,
            None,
            admin_router,
            admin_shutdown,
            &leaving,
            farewell
        ),
        async {
            listener::accept((listener, shown), edge, shutdown, grace).await;
            stop_admin.pull();
        },
    );
    served
}
