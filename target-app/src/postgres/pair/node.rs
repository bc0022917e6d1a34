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
        let probe = async {
            if self.admin.is_closed() {
                let config = kit.admin_config(self.server.address);
                self.admin =
                    Admin::connect(&self.server.name, &config)
                        .await
                        .map_err(|source| Error::Sql {
                            node: self.server.name.clone(),
                            doing: "connect to it",
                            source,
                        })?;
            }
            self.admin.standby(standby).await
        };
        match tokio::time::timeout(PROBE_LIMIT, probe).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::Timeout {
                what: format!("database server {} to answer a probe", self.server.name),
                seconds: 0,
            }),
        }
    }
}
