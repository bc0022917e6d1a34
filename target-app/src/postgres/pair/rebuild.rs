//! A new standby, copied afresh from the primary.
//!
//! Never the old primary started again: `pg_stat_replication` has called such a one `streaming`
//! and `sync` while its replay was stuck, and the next failover lost acknowledged commits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::super::admin::Admin;
use super::super::data::DataFolder;
use super::super::error::Error;
use super::super::kit::{Kit, write_private};
use super::super::place::private_folder;
use super::super::server::Server;
use super::super::settings::{connection_string, standby_settings};
use super::node::Node;
use crate::links::Link;

/// For the whole of it: thirty megabytes, unless someone slows the link down.
const LIMIT: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(5);

/// What a rebuild knows of the primary it copies.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) address: SocketAddr,
    pub(super) admin: Admin,
}

impl Source {
    pub(super) fn of(primary: &Node) -> Self {
        Self {
            name: primary.name().to_owned(),
            zone: primary.zone().to_owned(),
            address: primary.server.address,
            admin: primary.admin.clone(),
        }
    }
}

/// The crossing from a standby to its primary: `db-2->db-1`.
pub(super) fn replication_link(
    kit: &Kit,
    name: &str,
    zone: &str,
    source: &Source,
) -> Result<Arc<Link>, Error> {
    // A standby follows one primary all its life: the target never moves.
    let (_, target) = watch::channel(Some(source.address));
    let ip = kit.zone(zone)?.address;
    Link::start(
        format!("{name}->{}", source.name),
        zone,
        source.zone.as_str(),
        ip,
        target,
    )
    .map(Arc::new)
    .map_err(|error| Error::Invalid(format!("cannot listen on {ip}: {error}")))
}

/// Copies the primary through `link`, starts the copy as a standby and returns when it has
/// replayed a marker written after it started. Dropping the future leaves nothing behind.
pub(super) async fn rebuild(
    kit: Arc<Kit>,
    source: Source,
    name: String,
    zone: String,
    link: Arc<Link>,
) -> Result<Node, Error> {
    let built = tokio::time::timeout(LIMIT, build(&kit, &source, &name, &zone, link)).await;
    built.unwrap_or_else(|_| {
        Err(Error::Timeout {
            what: format!("standby {name} to be rebuilt from {}", source.name),
            seconds: LIMIT.as_secs(),
        })
    })
}

async fn build(
    kit: &Kit,
    source: &Source,
    name: &str,
    zone: &str,
    link: Arc<Link>,
) -> Result<Node, Error> {
    // A primary promoted a moment ago has not written its new timeline to its control file yet.
    source.admin.checkpoint().await?;
    let data = DataFolder::own(kit.data_of(name));
    private_folder(data.path(), &kit.account)?;
    let mut copy = kit.program("pg_basebackup");
    // The copier works in the folder it fills, so that it is found there like a server.
    copy.current_dir(data.path()).args(["-D", "."]);
    copy.args(["-c", "fast", "-N", "-X", "stream", "--no-manifest"]);
    let passwords = kit.password_file();
    let encryption = kit.encryption.in_connection_string();
    let primary_of = |name: &str| connection_string(link.address(), name, &passwords, &encryption);
    let copier = primary_of(&format!("{name}-copy"));
    copy.args(["-d", &copier]);
    kit.run("pg_basebackup", copy, name, None).await?;
    // The copied settings are the primary's: a standby must not wait for standbys of its own when
    // it is promoted.
    let settings = standby_settings(&primary_of(name));
    let settings_file = data.path().join("postgresql.auto.conf");
    write_private(&settings_file, &settings, &kit.account)?;
    write_private(&data.path().join("standby.signal"), "", &kit.account)?;
    let (server, admin) = Server::start(kit, name, zone, data).await?;
    catch_up(&source.admin, &admin, name).await?;
    Ok(Node {
        server,
        admin,
        link: Some(link),
    })
}

/// Returns when the standby streams and has replayed what is written now.
pub(super) async fn catch_up(primary: &Admin, standby: &Admin, name: &str) -> Result<(), Error> {
    let deadline = Instant::now() + LIMIT;
    let marker = primary.write_marker().await?;
    while Instant::now() < deadline {
        let row = primary.standby(name).await?;
        if row.is_some_and(|row| row.streaming) && standby.has_replayed(marker).await? {
            return Ok(());
        }
        tokio::time::sleep(GLANCE).await;
    }
    Err(Error::Timeout {
        what: format!("standby {name} to replay a marker"),
        seconds: LIMIT.as_secs(),
    })
}
