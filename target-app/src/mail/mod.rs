//! The mail sink: stands for the service that delivers an application's e-mail, and keeps books.
//!
//! It takes messages by SMTP and delivers each one to nobody, once: a message whose `Message-ID` was
//! delivered before is taken and suppressed, as a mailbox provider does. A sender that dies between
//! this acceptance and its own commit sends again, and the books tell that nobody got two.

mod books;
mod dialogue;
mod message;
mod metrics;
mod page;
mod session;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

pub use books::{MailBooks, OrderMails};
pub(crate) use message::X_ORDER;

use self::page::Sink;
use crate::process::Shutdown;
use crate::service::http::{Farewell, Leaving, serve};
use crate::service::{Bound, ServeError, bind};

/// Configuration of a mail sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// Where it takes mail by SMTP; port 0 chooses a free one.
    pub smtp: SocketAddr,
    /// Where it shows its books and metrics by HTTP; port 0 chooses a free one.
    pub listen: SocketAddr,
}

/// Takes mail until `shutdown`; `bound` is told where: SMTP is its service, HTTP its administration.
///
/// # Errors
/// When an address cannot be bound or the HTTP listener breaks.
pub async fn run(
    config: MailConfig,
    bound: impl FnOnce(Bound),
    mut shutdown: Shutdown,
) -> Result<(), ServeError> {
    let (smtp, address) = bind(config.smtp).await?;
    let (listener, admin) = bind(config.listen).await?;
    let sink = Arc::new(Sink::default());
    bound(Bound {
        address,
        admin: Some(admin),
    });
    let farewell = Farewell {
        drain: Duration::ZERO,
        grace: Duration::from_millis(200),
    };
    let leaving = Leaving::default();
    let router = page::router(Arc::clone(&sink));
    let served = serve(listener, None, router, shutdown.clone(), &leaving, farewell);
    let taking = async {
        // Dropped, and its sessions with it, when it is time to stop: a sender that was not told
        // "accepted" sends again.
        let mut sessions = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.requested() => break,
                accepted = smtp.accept() => match accepted {
                    Ok((stream, _)) => {
                        sessions.spawn(session::serve(stream, Arc::clone(&sink)));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "accepting a connection failed");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = sessions.join_next() => {}
            }
        }
    };
    let (served, ()) = tokio::join!(served, taking);
    served
}
