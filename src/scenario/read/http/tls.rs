//! `[http.tls]`: whom the target is believed, and what the client shows of itself.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, RootCertStore};

use crate::scenario::model::{Identity, Tls, TlsVersion};
use crate::scenario::read::files::Files;
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Node, TableReader};

const VERSIONS: [(&str, TlsVersion); 2] = [("1.2", TlsVersion::V1_2), ("1.3", TlsVersion::V1_3)];

/// Reads `[http.tls]`. Certificates are read and verified here, so that a wrong one is told with
/// the line that names it.
pub(super) fn read_tls(log: &Log, node: &Node, files: &Files<'_>) -> Option<Tls> {
    let mut table = TableReader::new(log, node, "tls")?;
    let mut tls = Tls::default();
    if let Some(node) = table.node("ca") {
        for element in node.elements() {
            let read = value::text(log, element).and_then(|file| authorities(log, files, file));
            tls.authorities.extend(read.unwrap_or_default());
        }
    }
    tls.identity = read_identity(&mut table, files);
    tls.server_name = table.optional("server_name", read_server_name);
    for (key, version) in [
        ("min_version", &mut tls.min_version),
        ("max_version", &mut tls.max_version),
    ] {
        let read = table.optional(key, |log, node| value::choice(log, node, &VERSIONS));
        *version = read.unwrap_or(*version);
    }
    if tls.min_version > tls.max_version {
        let message = "`min_version` is higher than `max_version`: no version is left";
        log.error(table.key_at("min_version"), message);
    }
    tls.resumption = table
        .optional("resumption", value::flag)
        .unwrap_or(tls.resumption);
    table.finish_with(&[
        ("insecure", "it belongs into [http]"),
        ("cert", "did you mean `certificate`?"),
        ("sni", "did you mean `server_name`?"),
        ("version", "say min_version and max_version"),
    ]);
    Some(tls)
}

/// The certificates of a PEM file, each fit to be trusted.
fn authorities(
    log: &Log,
    files: &Files<'_>,
    file: Text<'_>,
) -> Option<Vec<CertificateDer<'static>>> {
    let bytes = files.read_credential(log, file)?;
    let certificates = certificates(log, file, &bytes)?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        if let Err(error) = store.add(certificate.clone()) {
            let message = format!("`{}` holds an unusable certificate: {error}", file.text);
            log.error(file.at, message);
            return None;
        }
    }
    Some(certificates)
}

fn read_identity(table: &mut TableReader<'_>, files: &Files<'_>) -> Option<Identity> {
    let log = table.log();
    let certificate = table.optional("certificate", value::text);
    let key = table.optional("key", value::text);
    let certificate = match (certificate, key) {
        (Some(certificate), _) => certificate,
        (None, Some(key)) => {
            let message = "a key alone shows nothing: add certificate = \"client.pem\"";
            log.missing(key.at, message, "");
            return None;
        }
        (None, None) => return None,
    };
    let bytes = files.read_credential(log, certificate)?;
    let chain = certificates(log, certificate, &bytes)?;
    let (at, key) = match key {
        Some(file) => (
            file,
            private_key(log, file, &files.read_credential(log, file)?)?,
        ),
        None => (certificate, private_key(log, certificate, &bytes)?),
    };
    let provider = aws_lc_rs::default_provider();
    match CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider) {
        Ok(_) => Some(Identity {
            chain,
            key: Arc::new(key),
        }),
        Err(error) => {
            let (key, certificate) = (at.text, certificate.text);
            let message = match error {
                Error::InconsistentKeys(_) => {
                    format!("`{key}` is not the key of the certificate in `{certificate}`")
                }
                error => format!("the key in `{key}` cannot be used: {error}"),
            };
            log.error(at.at, message);
            None
        }
    }
}

fn certificates(log: &Log, file: Text<'_>, bytes: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(bytes).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Some(certificates),
        Ok(_) => {
            log.error_help(
                file.at,
                format!("`{}` holds no certificate", file.text),
                "PEM is expected: a part that begins with -----BEGIN CERTIFICATE-----",
            );
            None
        }
        Err(error) => {
            log.error(file.at, format!("`{}` is not PEM: {error}", file.text));
            None
        }
    }
}

fn private_key(log: &Log, file: Text<'_>, bytes: &[u8]) -> Option<PrivateKeyDer<'static>> {
    // What is wrong with it is not told in its own words: they could hold some of it.
    let key = PrivateKeyDer::from_pem_slice(bytes).ok();
    if key.is_none() {
        log.error_help(
            file.at,
            format!("`{}` holds no private key that can be read", file.text),
            "PEM without a passphrase is expected: -----BEGIN PRIVATE KEY-----; name its file with `key`",
        );
    }
    key
}

fn read_server_name(log: &Log, node: &Node) -> Option<ServerName<'static>> {
    let found = value::text(log, node)?;
    let name = ServerName::try_from(found.text.to_owned()).ok();
    if name.is_none() {
        let message = format!("`{}` is neither a host name nor an address", found.text);
        log.error_help(
            found.at,
            message,
            "write the name alone, such as \"shop.example\"",
        );
    }
    name
}
