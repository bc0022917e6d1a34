//! Trust in the target's certificate: the system's, the scenario's, or none at all by explicit
//! choice; and what the client shows of itself.

use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{self, CryptoProvider};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    SupportedProtocolVersion, version,
};

use crate::scenario::{HttpDefaults, TlsVersion};

/// A TLS client as the scenario wants it; it offers no protocol above TLS yet.
///
/// # Errors
/// Why it cannot be set up, in words.
pub fn client_config(http: &HttpDefaults) -> Result<ClientConfig, String> {
    let in_words = |error: Error| error.to_string();
    let tls = &http.tls;
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let versions = versions(tls.min_version, tls.max_version);
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions)
        .map_err(in_words)?;
    let builder = if http.insecure {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    } else if tls.authorities.is_empty() {
        let verifier = Verifier::new_with_extra_roots(tls.also.iter().cloned(), provider);
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier.map_err(in_words)?))
    } else {
        let mut trusted = RootCertStore::empty();
        for authority in tls.authorities.iter().chain(&tls.also) {
            trusted.add(authority.clone()).map_err(in_words)?;
        }
        builder.with_root_certificates(trusted)
    };
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(own) => builder
            .with_client_auth_cert(own.chain.clone(), own.key.clone_key())
            .map_err(in_words)?,
    };
    if !tls.resumption {
        config.resumption = Resumption::disabled();
    }
    Ok(config)
}

/// From the lowest to the highest.
fn versions(lowest: TlsVersion, highest: TlsVersion) -> Vec<&'static SupportedProtocolVersion> {
    let known = [
        (TlsVersion::V1_2, &version::TLS12),
        (TlsVersion::V1_3, &version::TLS13),
    ];
    let wanted = known
        .into_iter()
        .filter(|(version, _)| (lowest..=highest).contains(version));
    wanted.map(|(_, version)| version).collect()
}

/// Accepts every certificate: what `insecure = true` in a scenario asks for.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
