//! The mail sink of a stack: outside of all zones, as a mail provider is, and started before
//! everything that writes to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::sync::watch;

use super::root;
use crate::api;
use crate::mail::MailConfig;
use crate::process::{self, Child, Launch, Lifetime, Role, SpawnError};

/// A running sink. Dropping it ends it.
///
/// It is not started again when it dies: its books would be empty, and nobody could tell any more
/// whether a customer got a mail twice. The stack is unhealthy instead.
#[derive(Debug)]
pub(super) struct MailSink {
    child: Child,
    smtp: watch::Sender<Option<SocketAddr>>,
}

impl MailSink {
    pub(super) async fn start(root: &Path) -> Result<Self, SpawnError> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let launch = Launch {
            role: Role::MailSink,
            name: "mail-sink",
            root,
            log: root::logs(root).join("mail-sink.log"),
            lifetime: Lifetime::Bound,
        };
        let config = MailConfig {
            smtp: any,
            listen: any,
        };
        let child = process::spawn(launch, &config, |_| {}).await?;
        let (smtp, _) = watch::channel(Some(child.ready().address));
        Ok(Self { child, smtp })
    }

    /// Where it takes mail: for the links of those who send.
    pub(super) fn smtp(&self) -> watch::Receiver<Option<SocketAddr>> {
        self.smtp.subscribe()
    }

    /// Where it shows its books.
    pub(super) fn url(&self) -> String {
        let ready = self.child.ready();
        format!("http://{}", ready.admin.unwrap_or(ready.address))
    }

    pub(super) fn is_running(&self) -> bool {
        !self.child.has_exited()
    }

    /// As the control plane's API shows it.
    pub(super) fn describe(&self) -> api::Mail {
        api::Mail {
            smtp: self.child.ready().address.to_string(),
            url: self.url(),
        }
    }
}

impl Drop for MailSink {
    fn drop(&mut self) {
        self.child.kill();
    }
}
