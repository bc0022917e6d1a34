//! Names to addresses, asked again once a connection was lost: a failover moves names.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::origin::Origin;

/// Remembers the addresses of each host until a connection to it is lost.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    hosts: Mutex<HashMap<Origin, Arc<Host>>>,
}

/// One host. The lock makes users who ask at the same time share one look-up.
#[derive(Debug, Default)]
struct Host {
    /// Losses seen so far.
    losses: AtomicU64,
    known: tokio::sync::Mutex<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    addresses: Arc<[SocketAddr]>,
    /// Losses seen when it was asked for.
    losses: u64,
}

/// Where a host is.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// IPv6 and IPv4 as the system orders them; at least one.
    pub(crate) addresses: Arc<[SocketAddr]>,
    /// The system was asked, not the memory.
    pub(crate) asked: bool,
}

impl Resolver {
    /// Its addresses.
    ///
    /// # Errors
    /// The system's answer, or `NotFound` when the name has no address.
    pub(crate) async fn resolve(&self, origin: &Origin) -> io::Result<Resolved> {
        if let Ok(address) = origin.host.parse::<IpAddr>() {
            return Ok(Resolved {
                addresses: Arc::from([SocketAddr::new(address, origin.port)]),
                asked: false,
            });
        }
        let host = self.host(origin);
        let mut known = host.known.lock().await;
        let losses = host.losses.load(Ordering::Relaxed);
        if let Some(known) = known.as_ref().filter(|known| known.losses == losses) {
            return Ok(Resolved {
                addresses: known.addresses.clone(),
                asked: false,
            });
        }
        let addresses: Arc<[SocketAddr]> =
            tokio::net::lookup_host((origin.host.as_str(), origin.port))
                .await?
                .collect();
        if addresses.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the name has no address",
            ));
        }
        *known = Some(Known {
            addresses: addresses.clone(),
            losses,
        });
        Ok(Resolved {
            addresses,
            asked: true,
        })
    }

    /// A connection to it broke or could not be made: the next look-up asks the system again.
    pub(crate) fn lost(&self, origin: &Origin) {
        if origin.host.parse::<IpAddr>().is_err() {
            self.host(origin).losses.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn host(&self, origin: &Origin) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(origin) {
            return host.clone();
        }
        let host = Arc::<Host>::default();
        hosts.insert(origin.clone(), host.clone());
        host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(host: &str) -> Origin {
        Origin {
            secure: false,
            host: host.to_owned(),
            port: 80,
            socket: None,
        }
    }

    #[tokio::test]
    async fn a_name_is_asked_for_again_only_after_a_loss() {
        let resolver = Resolver::default();
        let name = origin("localhost");
        let first = resolver.resolve(&name).await.unwrap();
        let again = resolver.resolve(&name).await.unwrap();
        assert!(first.asked && !again.asked);
        assert!(Arc::ptr_eq(&first.addresses, &again.addresses));
        resolver.lost(&name);
        assert!(resolver.resolve(&name).await.unwrap().asked);
    }

    #[tokio::test]
    async fn addresses_need_no_look_up() {
        let found = Resolver::default().resolve(&origin("::1")).await.unwrap();
        assert_eq!(&*found.addresses, ["[::1]:80".parse().unwrap()]);
        assert!(!found.asked);
    }
}
