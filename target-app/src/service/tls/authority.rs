//! A certificate authority of a stack's own.

use std::net::IpAddr;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};

use super::TlsError;
use crate::service::Secret;

/// Longer than anybody keeps a stack up, and short enough that nobody has to revoke anything.
const DAYS: i64 = 14;

/// Makes certificates for one stack. Its key is in memory alone and is gone with the process.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a server shows and what its clients are to trust. All of it is PEM.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The server's certificate.
    pub certificate: String,
    /// Its key.
    pub key: Secret,
    /// The certificate of the authority that has issued it.
    pub authority: String,
}

impl Authority {
    /// An authority called `name`, valid from yesterday for two weeks, that cannot make others.
    ///
    /// # Errors
    /// [`TlsError::Make`].
    pub fn new(name: &str) -> Result<Self, TlsError> {
        let mut params = lasting(CertificateParams::default(), name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self { issuer })
    }

    /// Its certificate as PEM, for those who are to trust it.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate with a new key for the server `name`, which is also reached as `localhost` and
    /// by these addresses.
    ///
    /// # Errors
    /// [`TlsError::Make`]: `name` is no host name, for one.
    pub fn issue(&self, name: &str, addresses: &[IpAddr]) -> Result<Issued, TlsError> {
        let mut known_as = vec![name.to_owned(), "localhost".to_owned()];
        known_as.extend(addresses.iter().map(ToString::to_string));
        let mut params = lasting(CertificateParams::new(known_as)?, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        Ok(Issued {
            certificate: params.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem().into(),
            authority: self.certificate(),
        })
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the issuer: it holds the key.
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

fn lasting(mut params: CertificateParams, name: &str) -> CertificateParams {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    params.distinguished_name = called;
    let midnight = |date: Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(date.year().into(), month, day)
    };
    params.not_before = midnight(today.saturating_sub(1.day()));
    params.not_after = midnight(today.saturating_add(DAYS.days()));
    params
}
