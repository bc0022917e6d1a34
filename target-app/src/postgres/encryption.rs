//! Servers that take encrypted connections and no others: their files, and how to come to them.
//!
//! What is special to a pair stays out of the template: a server is told by options where its files
//! are, and so is every standby that is copied from it.

use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::Error;
use super::kit::write_private;
use super::settings::{encrypted_access, quote_conninfo};
use crate::service::tls::{DatabaseTls, Issued};

/// How the servers of a pair are connected to: in clear, unless it was set up.
#[derive(Default)]
pub(super) struct Encryption {
    files: Option<Files>,
    client: DatabaseTls,
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
    access: PathBuf,
}

impl Encryption {
    /// Writes what servers need into the pair's folder, for the account that they run as.
    pub(super) fn set_up(root: &Path, issued: &Issued, account: &Account) -> Result<Self, Error> {
        let files = Files {
            certificate: root.join("server.pem"),
            key: root.join("server.key"),
            authority: root.join("ca.pem"),
            access: root.join("access.conf"),
        };
        for (path, text) in [
            (&files.certificate, issued.certificate.as_str()),
            (&files.key, issued.key.reveal()),
            (&files.authority, issued.authority.as_str()),
            (&files.access, encrypted_access().as_str()),
        ] {
            write_private(path, text, account)?;
        }
        let client = DatabaseTls::demanding(Some(&files.authority))
            .map_err(|error| Error::Invalid(error.to_string()))?;
        Ok(Self {
            files: Some(files),
            client,
        })
    }

    /// How we connect.
    pub(super) fn client(&self) -> &DatabaseTls {
        &self.client
    }

    /// Settings that a server is started with.
    pub(super) fn settings(&self) -> Vec<String> {
        let Some(files) = &self.files else {
            return Vec::new();
        };
        let set = |name, path: &Path| format!("{name}={}", path.display());
        vec![
            "ssl=on".into(),
            set("ssl_cert_file", &files.certificate),
            set("ssl_key_file", &files.key),
            set("hba_file", &files.access),
        ]
    }

    /// How a standby and `pg_basebackup` connect, in the words of libpq. Which name a certificate is
    /// for is not compared: before version 15 it knows no addresses, and the authority has issued
    /// no other certificate for a database.
    pub(super) fn in_connection_string(&self) -> String {
        match &self.files {
            None => "sslmode=disable".into(),
            Some(files) => format!(
                "sslmode=verify-ca sslrootcert={}",
                quote_conninfo(&files.authority.to_string_lossy())
            ),
        }
    }
}
