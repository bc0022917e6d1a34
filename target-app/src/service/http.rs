//! Serving HTTP from the first connection to the last answer.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::serve::{Listener, ListenerExt, TapIo};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::ServeError;
use super::tls::TlsListener;
use crate::process::{Shutdown, Trigger};

/// Set once the server was asked to stop: from then on it is not ready. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leaving(Arc<AtomicBool>);

impl Leaving {
    /// Whether the server was asked to stop.
    pub(crate) fn is_leaving(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long a server takes its time to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Farewell {
    /// Serve on, unready, so that load balancers notice.
    pub(crate) drain: Duration,
    /// Then finish what is in flight, at most this long.
    pub(crate) grace: Duration,
}

/// Serves until `shutdown`, then becomes unready, then accepts nothing new and finishes the rest.
/// With `tls` it serves HTTPS alone.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    shutdown: Shutdown,
    leaving: &Leaving,
    farewell: Farewell,
) -> Result<(), ServeError> {
    match tls {
        None => {
            // A failure to set the option costs latency, not correctness.
            let plain = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
            serve_on(plain, router, shutdown, leaving, farewell).await
        }
        Some(acceptor) => {
            let encrypted = TlsListener::new(listener, acceptor);
            // Tapped, though there is nothing to do: axum tells handlers the peers of these alone.
            serve_on(
                encrypted.tap_io(|_| ()),
                router,
                shutdown,
                leaving,
                farewell,
            )
            .await
        }
    }
}

async fn serve_on<L, F>(
    listener: TapIo<L, F>,
    router: Router,
    mut shutdown: Shutdown,
    leaving: &Leaving,
    farewell: Farewell,
) -> Result<(), ServeError>
where
    L: Listener<Addr = SocketAddr>,
    F: FnMut(&mut L::Io) + Send + 'static,
{
    let address = listener
        .local_addr()
        .unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
    let failed = |source| ServeError::Serve { address, source };
    let (close, mut closing) = Trigger::new();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut server = pin!(
        axum::serve(listener, service)
            .with_graceful_shutdown(async move { closing.requested().await })
            .into_future()
    );

    tokio::select! {
        ended = &mut server => return ended.map_err(failed),
        () = shutdown.requested() => leaving.0.store(true, Ordering::Relaxed),
    }
    tokio::select! {
        ended = &mut server => return ended.map_err(failed),
        () = tokio::time::sleep(farewell.drain) => {}
    }
    close.pull();
    match tokio::time::timeout(farewell.grace, server).await {
        Ok(ended) => ended.map_err(failed),
        Err(_) => {
            tracing::warn!(
                "stopped with requests in flight: they took longer than the grace period"
            );
            Ok(())
        }
    }
}
