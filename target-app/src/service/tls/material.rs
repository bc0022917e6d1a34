//! PEM files: what a process is given to be a server, or to trust one.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Issued, TlsError};

/// Where a server's certificate and its key are, as PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerFiles {
    /// The server's own certificate first, then those that lead to an authority.
    pub certificate: PathBuf,
    /// Its key, without a passphrase.
    pub key: PathBuf,
}

impl Issued {
    /// Writes certificate and key into `folder`, for its owner alone.
    ///
    /// # Errors
    /// [`TlsError::File`].
    pub fn write(&self, folder: &Path, name: &str) -> Result<ServerFiles, TlsError> {
        let files = ServerFiles {
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
        };
        write_private(&files.certificate, &self.certificate)?;
        write_private(&files.key, self.key.reveal())?;
        Ok(files)
    }
}

/// Writes a file that nobody else can read.
///
/// # Errors
/// [`TlsError::File`].
pub fn write_private(path: &Path, text: &str) -> Result<(), TlsError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| TlsError::File {
        doing: "write",
        path: path.to_owned(),
        source,
    })
}

/// The certificates of a PEM file, one at least.
///
/// # Errors
/// [`TlsError::File`] and [`TlsError::Pem`].
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TlsError::Pem {
            path: path.to_owned(),
            what: "certificate",
        }),
    }
}

/// The first key of a PEM file.
pub(super) fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path)?;
    // Why not is left out: the reason could hold some of the key.
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| TlsError::Pem {
        path: path.to_owned(),
        what: "private key",
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::File {
        doing: "read",
        path: path.to_owned(),
        source,
    })
}
