//! The side that verifies one.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{HTTP_1_1, TlsError, read_certificates};

/// Trusts the certificates that the authorities in this file have issued, and no others: what is
/// inside a system needs no public authority.
///
/// # Errors
/// The file cannot be read, or holds nothing that can be trusted.
pub fn trusting(authorities: &Path) -> Result<ClientConfig, TlsError> {
    let unusable = |source| TlsError::Unusable {
        path: authorities.to_owned(),
        source,
    };
    let mut trusted = RootCertStore::empty();
    for authority in read_certificates(authorities)? {
        trusted.add(authority).map_err(unusable)?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    Ok(builder
        .with_root_certificates(trusted)
        .with_no_client_auth())
}

/// Connects to servers of HTTP/1.1 that these authorities vouch for.
///
/// # Errors
/// As [`trusting`].
pub(crate) fn connector(authorities: &Path) -> Result<TlsConnector, TlsError> {
    let mut config = trusting(authorities)?;
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
