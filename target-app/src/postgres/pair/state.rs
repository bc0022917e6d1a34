//! The pair as others see it.

use std::sync::Arc;

use super::node::Node;
use crate::api::{Database, DatabaseNode, DatabaseRole};
use crate::links::Link;

/// Published after every step.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) database: Database,
    pub(super) link: Option<Arc<Link>>,
    pub(super) trouble: Option<String>,
}

/// A node in a role.
pub(super) fn entry(node: &Node, role: DatabaseRole) -> DatabaseNode {
    DatabaseNode {
        name: node.name().to_owned(),
        zone: node.zone().to_owned(),
        role,
        pid: node.server.pid(),
        address: node.server.address.to_string(),
    }
}

/// A standby that is still being copied: it has no process and no address yet.
pub(super) fn rebuilding(name: &str, zone: &str) -> DatabaseNode {
    DatabaseNode {
        name: name.to_owned(),
        zone: zone.to_owned(),
        role: DatabaseRole::Rebuilding,
        pid: None,
        address: String::new(),
    }
}
