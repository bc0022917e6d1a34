//! The side that shows a certificate.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

use super::material::read_key;
use super::{HTTP_1_1, ServerFiles, TlsError, read_certificates};

/// Whoever does not finish its greeting by then is not served: it would keep a connection for nothing.
pub(crate) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

/// Greets clients of HTTP/1.1 with this certificate.
///
/// # Errors
/// A file cannot be read, or certificate and key do not belong together.
pub(crate) fn acceptor(files: &ServerFiles) -> Result<TlsAcceptor, TlsError> {
    let chain = read_certificates(&files.certificate)?;
    let key = read_key(&files.key)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|source| TlsError::Unusable {
        path: files.certificate.clone(),
        source,
    })?;
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
