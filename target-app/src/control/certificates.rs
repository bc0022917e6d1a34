//! The certificates of a stack: made when it starts, gone with its folder.

use std::fs::DirBuilder;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::process::SpawnError;
use crate::service::tls::{Authority, Issued, ServerFiles, TlsError, write_private};

/// Whom everything else in a stack is believed by.
#[derive(Debug)]
pub(super) struct Certificates {
    authority: Authority,
    folder: PathBuf,
    /// Every address that a server of the stack can be reached by.
    addresses: Vec<IpAddr>,
}

impl Certificates {
    /// Makes an authority for the stack `name`, whose certificate is put into the stack's folder
    /// `root`. Its key stays in this process.
    pub(super) fn make(
        root: &Path,
        name: &str,
        zones: impl IntoIterator<Item = IpAddr>,
    ) -> Result<Self, TlsError> {
        let folder = root.join("tls");
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|source| TlsError::File {
            doing: "create",
            path: folder.clone(),
            source,
        })?;
        // Links have their near ends here.
        let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST)];
        addresses.extend(zones);
        addresses.dedup();
        let made = Self {
            authority: Authority::new(&format!("loadtest stack {name}"))?,
            folder,
            addresses,
        };
        write_private(&made.ca(), &made.authority.certificate())?;
        Ok(made)
    }

    /// Where the authority's certificate is.
    pub(super) fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The same as PEM.
    pub(super) fn authority(&self) -> String {
        self.authority.certificate()
    }

    /// What the server `name` shows.
    pub(super) fn issue(&self, name: &str) -> Result<Issued, TlsError> {
        self.authority.issue(name, &self.addresses)
    }

    /// The same in files, for a process that is about to start; none, where the stack does without.
    pub(super) fn shown_by(
        name: &str,
        certificates: Option<&Arc<Self>>,
    ) -> Result<Option<ServerFiles>, SpawnError> {
        let write = |made: &Arc<Self>| made.issue(name)?.write(&made.folder, name);
        let written = certificates.map(write).transpose();
        written.map_err(|error| SpawnError::Io {
            name: name.to_owned(),
            source: io::Error::other(error),
        })
    }
}
