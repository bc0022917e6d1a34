//! A server of the pair with the connection that administers it.

use std::sync::Arc;
use std::time::Duration;

use super::super::admin::{Admin, StandbyRow};
use super::super::error::Error;
use super::super::kit::Kit;
use super::super::server::Server;
use crate::links::Link;

/// Three of these plus the pauses between them are the two seconds after which a hung primary is
/// given up; a busy machine answers well within one.
const PROBE_LIMIT: Duration = Duration::from_millis(600);

pub(super) struct Node {
    pub(super) server: Server,
    pub(super) admin: Admin,
    /// What a standby reaches its primary through.
    pub(super) link: Option<Arc<Link>>,
}

impl Node {
    pub(super) fn name(&self) -> &str {
        &self.server.name
    }

    pub(super) fn zone(&self) -> &str {
        &self.server.zone
    }

    /// One probe of a primary, which at the same time looks at its standby.
    pub(super) async fn probe(
        &mut self,
        kit: &Kit,
        standby: &str,
    ) -> Result<Option<StandbyRow>, Error> {
        let name = self.name().to_owned();
        let probe = async {
            if self.admin.is_closed() {
                self.admin = self.connect(kit).await?;
            }
            self.admin.standby(standby).await
        };
        within_limit(&name, probe).await
    }

    /// Whether it takes new connections. What is connected may go on for a moment when the server
    /// itself has been killed; a new connection is made by nobody else.
    pub(super) async fn accepts(&self, kit: &Kit) -> Result<(), Error> {
        within_limit(self.name(), self.connect(kit)).await.map(drop)
    }

    async fn connect(&self, kit: &Kit) -> Result<Admin, Error> {
        let config = kit.admin_config(self.server.address);
        let connected = Admin::connect(self.name(), config, kit.encryption.client()).await;
        connected.map_err(|source| Error::Sql {
            node: self.name().to_owned(),
            doing: "connect to it",
            source,
        })
    }
}

async fn within_limit<T>(
    name: &str,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answer = tokio::time::timeout(PROBE_LIMIT, answer).await;
    answer.unwrap_or_else(|_| {
        Err(Error::Timeout {
            what: format!("database server {name} to answer a probe"),
            seconds: 0,
        })
    })
}
